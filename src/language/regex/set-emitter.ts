// Code for parts that match one character, or several in a row: no choices, so nothing is put on the stack.
import { Analysis, type First } from './analysis.ts';
import type { CharacterSet } from './character-set.ts';
import { fail, type MatcherCode } from './matcher-code.ts';
import type { MatcherNode } from './matcher-syntax.ts';

/** Texts up to this length are compared unit by unit in the code itself. */
const comparedUnitsMax = 8;

export class SetEmitter {
  protected readonly code: MatcherCode;
  protected readonly analysis: Analysis;
  protected readonly unicode: boolean;
  /** In a look-behind texts are read from their ends: `i` goes down. */
  protected backward = false;

  constructor(unicode: boolean, code: MatcherCode) {
    this.unicode = unicode;
    this.code = code;
    this.analysis = new Analysis(unicode);
  }

  /** Reads one character; fails if it is not in the set. */
  protected set(set: CharacterSet): void {
    const wide = this.analysis.isWide(set);
    this.code.write(`if(${this.ended})${fail}c=${wide ? this.characterAhead : this.unitAhead};`);
    this.code.write(`if(!${this.code.test(set)})${fail}${this.advance(wide)}`);
  }

  /** Reads a text, given as its units in the order of the text. */
  protected text(text: string): void {
    const { length } = text;
    const start = this.backward ? `i-${length}` : 'i';
    const room = this.backward ? `i<${length}` : `i+${length}>n`;
    const checks =
      length > comparedUnitsMax
        ? [`!s.startsWith(${this.code.constant(text)},${start})`]
        : [...text]
            .flatMap((character) => unitsOf(character))
            .map((unit, offset) => `s.charCodeAt(${start}+${offset})!==${unit}`);
    this.code.write(
      `if(${[room, ...checks].join('||')})${fail}i${this.backward ? '-' : '+'}=${length};`,
    );
  }

  /** The units that a part always is; null if it may be other ones. */
  protected textOf(node: MatcherNode): string | null {
    if (node.type !== 'set') return null;
    const character = node.set.single;
    if (character === null) return null;
    // Half of a pair must not match where the whole pair stands.
    if (this.unicode && character >= 0xd800 && character <= 0xdfff) return null;
    return String.fromCodePoint(character);
  }

  /** An expression: whether the next character lets a part begin. Null where that cannot be told. */
  protected peek(first: First): string | null {
    if (first.open || first.atEnd) return null;
    if (this.backward && this.analysis.isWide(first.set)) return null;
    const more = this.backward ? 'i>0' : 'i<n';
    return `(${more}&&(c=${this.unitAhead},${this.code.testUnit(first.set)}))`;
  }

  protected get ended(): string {
    return this.backward ? 'i<=0' : 'i>=n';
  }

  protected get unitAhead(): string {
    return this.backward ? 's.charCodeAt(i-1)' : 's.charCodeAt(i)';
  }

  protected get characterAhead(): string {
    return this.backward ? 'before(s,i)' : 'ahead(s,i)';
  }

  protected advance(wide: boolean): string {
    if (!wide) return this.backward ? 'i--;' : 'i++;';
    return this.backward ? 'i-=c>65535?2:1;' : 'i+=c>65535?2:1;';
  }

  /** The start of a part's text or its end, whichever the walk has passed: `i` less `width`. */
  protected passed(width: number): string {
    return this.backward ? `i+${width}` : `i-${width}`;
  }
}

function unitsOf(character: string): number[] {
  return Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
}
