// Escapes and classes of patterns: what stands for one character or a set of them. Without flag u an escape that means
// nothing is the character itself, and octal numbers are characters, as in ECMAScript's annex B.
import {
  digits,
  foldedWordCharacters,
  isProperty,
  spaces,
  wordCharacters,
} from './character-classes.ts';
import { PatternCursor } from './pattern-cursor.ts';
import type { ClassItem } from './pattern-syntax.ts';

export class EscapeParser extends PatternCursor {
  /** A named group stands somewhere in the pattern, so `\k` is a reference everywhere. */
  protected hasGroupNames = false;
  protected ignoreCase = false;

  /** After the `[`, up to the `]`. */
  protected classItems(): ClassItem[] {
    const start = this.at - 1;
    const items: ClassItem[] = [];
    while (!this.take(']')) {
      if (this.ended) this.fail('Unterminated character class', start);
      const itemStart = this.at;
      const from = this.#classAtom();
      if (this.next !== '-' || this.text.charAt(this.at + 1) === ']') {
        items.push(from);
        continue;
      }
      this.at++;
      if (this.ended) this.fail('Unterminated character class', start);
      const to = this.#classAtom();
      if (from.type === 'range' && to.type === 'range') {
        if (from.from > to.from) this.fail('Range out of order in character class', itemStart);
        items.push({ type: 'range', from: from.from, to: to.from });
      } else {
        if (this.unicode) this.fail('Invalid character class', itemStart);
        items.push(from, characterItem(minus), to);
      }
    }
    return items;
  }

  #classAtom(): ClassItem {
    if (this.next !== '\\') return characterItem(this.character());
    const start = this.at++;
    if (this.take('b')) return characterItem(8);
    if (this.unicode && this.take('-')) return characterItem(minus);
    if (!this.unicode) {
      const control = this.takeMatch(/c([0-9_])/y);
      if (control) return characterItem(control[1]!.charCodeAt(0) % 32);
    }
    return this.classEscape(start) ?? characterItem(this.characterEscape(start));
  }

  /** `\d`, `\p{…}` and their relatives, after the backslash. */
  protected classEscape(start: number): ClassItem | null {
    const letter = this.next;
    if ('dDsSwW'.includes(letter) && letter !== '') {
      this.at++;
      const lower = letter.toLowerCase();
      const word = this.unicode && this.ignoreCase ? foldedWordCharacters : wordCharacters;
      const set = lower === 'd' ? digits : lower === 's' ? spaces : word;
      return { type: 'set', set, negated: letter !== lower };
    }
    if (!this.unicode || (letter !== 'p' && letter !== 'P')) return null;
    const name = this.takeMatch(/[pP]\{([^{}]*)\}/y)?.[1] ?? '';
    if (!isProperty(name)) this.fail('Invalid property name', start);
    return { type: 'property', name, negated: letter === 'P' };
  }

  /** An escape for one character, after the backslash. */
  protected characterEscape(start: number): number {
    if (this.ended) this.fail('\\ at end of pattern', start);
    const simple = simpleEscapes.get(this.next);
    if (simple !== undefined) {
      this.at++;
      return simple;
    }
    switch (this.next) {
      case 'c':
        return this.#controlEscape(start);
      case 'x':
        return this.#hexEscape(start);
      case 'u':
        return this.#unicodeEscape(start);
      case '0':
        if (/^0(?!\d)/.test(this.text.slice(this.at, this.at + 2))) {
          this.at++;
          return 0;
        }
        break;
    }
    return this.unicode ? this.#syntaxCharacter(start) : this.#forgivingEscape(start);
  }

  #controlEscape(start: number): number {
    const letter = this.takeMatch(/c([a-zA-Z])/y)?.[1];
    if (letter !== undefined) return letter.charCodeAt(0) % 32;
    if (this.unicode) this.fail('Invalid Unicode escape', start);
    // The backslash stands for itself; the `c` is read next.
    return backslash;
  }

  #hexEscape(start: number): number {
    const hex = this.takeMatch(/x([0-9a-fA-F]{2})/y)?.[1];
    if (hex !== undefined) return Number.parseInt(hex, 16);
    if (this.unicode) this.fail('Invalid escape', start);
    return this.character();
  }

  #unicodeEscape(start: number): number {
    const escaped = this.unicodeEscapeValue(this.unicode);
    if (escaped !== null) return escaped;
    if (this.unicode) this.fail('Invalid Unicode escape', start);
    return this.character();
  }

  /** `uHHHH`, and by code points a pair of them or `u{H…}`; null if it is none. */
  protected unicodeEscapeValue(byCodePoints: boolean): number | null {
    if (byCodePoints) {
      const pair = this.takeMatch(/u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/y);
      if (pair) {
        const [high, low] = [Number.parseInt(pair[1]!, 16), Number.parseInt(pair[2]!, 16)];
        return ((high - 0xd800) << 10) + (low - 0xdc00) + 0x10000;
      }
      const inBraces = this.takeMatch(/u\{0*([0-9a-fA-F]{1,6})\}/y)?.[1];
      if (inBraces !== undefined) {
        const value = Number.parseInt(inBraces, 16);
        return value > 0x10ffff ? null : value;
      }
    }
    const hex = this.takeMatch(/u([0-9a-fA-F]{4})/y)?.[1];
    return hex === undefined ? null : Number.parseInt(hex, 16);
  }

  #syntaxCharacter(start: number): number {
    if (!/[\^$\\.*+?()[\]{}|/]/.test(this.next)) this.fail('Invalid escape', start);
    return this.character();
  }

  #forgivingEscape(start: number): number {
    if (this.next === 'k' && this.hasGroupNames) this.fail('Invalid escape', start);
    const octal = this.takeMatch(/[0-3][0-7]{0,2}|[4-7][0-7]?/y)?.[0];
    return octal === undefined ? this.character() : Number.parseInt(octal, 8);
  }
}

export function characterItem(character: number): ClassItem {
  return { type: 'range', from: character, to: character };
}

const backslash = 92;
const minus = 45;
const simpleEscapes: ReadonlyMap<string, number> = new Map([
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
]);
