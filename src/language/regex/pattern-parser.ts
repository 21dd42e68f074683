// Pattern text → tree, by the grammar of ECMAScript: strict with flag u, forgiving without. The text is only read; no part
// of it ever becomes source or reaches the host's own expressions.
import { lineEnds } from './character-classes.ts';
import { EscapeParser } from './escape-parser.ts';
import { GroupNames } from './group-names.ts';
import { PatternFailure } from './pattern-cursor.ts';
import type { Pattern, PatternNode, PatternProblem } from './pattern-syntax.ts';

/** Groups that may stand inside one another: every pass over the tree recurses. */
export const groupNestingMax = 200;
export const patternLengthMax = 100_000;
/** Parts that are no plain characters: groups, classes, quantifiers, alternatives. */
const partsMax = 20_000;
/** No text is as long, so a larger count is no other. */
const countMax = 2 ** 31 - 1;

export type ParsedPattern =
  | { readonly pattern: Pattern; readonly problem: null }
  | { readonly pattern: null; readonly problem: PatternProblem };

/** Whether these are flags of the language, each at most once. */
export function areFlags(flags: string): boolean {
  return /^[gimsuy]*$/.test(flags) && new Set(flags).size === flags.length;
}

/** Reads a pattern; the flags must be valid. Linear in its length. */
export function parsePattern(text: string, flags: string): ParsedPattern {
  try {
    return { pattern: new PatternParser(text, flags).pattern(), problem: null };
  } catch (failure) {
    if (failure instanceof PatternFailure) return { pattern: null, problem: failure.problem };
    throw failure;
  }
}

class PatternParser extends EscapeParser {
  readonly #sticky: boolean;
  readonly #names: GroupNames;
  #multiline: boolean;
  #dotAll: boolean;
  #groupsOpened = 0;
  #depth = 0;
  #parts = 0;

  constructor(text: string, flags: string) {
    super(text, flags.includes('u'));
    this.ignoreCase = flags.includes('i');
    this.#multiline = flags.includes('m');
    this.#dotAll = flags.includes('s');
    this.#sticky = flags.includes('y');
    this.#names = new GroupNames(text);
    this.hasGroupNames = this.#names.indices.size > 0;
  }

  pattern(): Pattern {
    if (this.text.length > patternLengthMax) this.fail('Regular expression too large', 0);
    const node = this.#disjunction();
    if (!this.ended) this.fail("Unmatched ')'");
    const { groupCount, indices } = this.#names;
    const { unicode } = this;
    return { node, unicode, sticky: this.#sticky, groupCount, groupNames: indices };
  }

  #disjunction(): PatternNode {
    if (++this.#depth > groupNestingMax) this.fail('Regular expression too large');
    this.#names.disjunction();
    const alternatives = [this.#alternative()];
    while (this.take('|')) {
      this.#count();
      this.#names.alternative();
      alternatives.push(this.#alternative());
    }
    this.#names.disjunctionEnd();
    this.#depth--;
    return alternatives.length === 1 ? alternatives[0]! : { type: 'alternation', alternatives };
  }

  #alternative(): PatternNode {
    const parts: PatternNode[] = [];
    while (!this.ended && this.next !== '|' && this.next !== ')') parts.push(this.#term());
    if (parts.length === 1) return parts[0]!;
    return parts.length === 0 ? { type: 'empty' } : { type: 'sequence', parts };
  }

  #term(): PatternNode {
    const start = this.at;
    if ('^$(.[\\'.includes(this.next)) this.#count();
    switch (this.next) {
      case '^':
        this.at++;
        return { type: 'lineStart', multiline: this.#multiline };
      case '$':
        this.at++;
        return { type: 'lineEnd', multiline: this.#multiline };
      case '(':
        return this.#group();
      case '*':
      case '+':
      case '?':
        return this.fail('Nothing to repeat');
      case '{':
        if (this.unicode || this.takeMatch(countPattern)) this.fail('Nothing to repeat', start);
        break;
      case '}':
      case ']':
        if (this.unicode) this.fail('Lone quantifier brackets');
        break;
      case '.':
        this.at++;
        return this.#repeated(this.#class(this.#dotAll ? [] : [lineEnd], true));
      case '[': {
        this.at++;
        const negated = this.take('^');
        return this.#repeated(this.#class(this.classItems(), negated));
      }
      case '\\':
        return this.#escape();
    }
    return this.#repeated(this.#character(this.character()));
  }

  #count(): void {
    if (++this.#parts > partsMax) this.fail('Regular expression too large');
  }

  #escape(): PatternNode {
    const start = this.at++;
    if (this.take('b')) return this.#boundary(false);
    if (this.take('B')) return this.#boundary(true);
    const reference = this.#numberedReference(start) ?? this.#namedReference(start);
    if (reference !== null) return this.#repeated(reference);
    const item = this.classEscape(start);
    const node = item ? this.#class([item], false) : this.#character(this.characterEscape(start));
    return this.#repeated(node);
  }

  #numberedReference(start: number): PatternNode | null {
    const number = this.takeMatch(/[1-9]\d*/y)?.[0];
    if (number === undefined) return null;
    const index = Number(number);
    if (index <= this.#names.groupCount) return this.#reference([index]);
    if (this.unicode) this.fail('Invalid escape', start);
    this.at = start + 1;
    return null;
  }

  #namedReference(start: number): PatternNode | null {
    if (this.next !== 'k' || !(this.unicode || this.hasGroupNames)) return null;
    this.at++;
    const name = this.take('<') ? this.#groupName() : null;
    if (name === null) return this.fail('Invalid named reference', start);
    const indices = this.#names.indices.get(name);
    return indices
      ? this.#reference(indices)
      : this.fail('Invalid named capture referenced', start);
  }

  #group(): PatternNode {
    const start = this.at++;
    let node: PatternNode;
    if (this.take('?')) {
      if (this.take('=')) return this.#look(start, { behind: false, negated: false });
      if (this.take('!')) return this.#look(start, { behind: false, negated: true });
      if (this.take('<=')) return this.#look(start, { behind: true, negated: false });
      if (this.take('<!')) return this.#look(start, { behind: true, negated: true });
      if (this.take('<')) node = this.#capture(start, this.#groupName());
      else node = this.#withModifiers(start);
    } else node = this.#capture(start, null);
    return this.#repeated(node);
  }

  #capture(start: number, name: string | null): PatternNode {
    const index = ++this.#groupsOpened;
    if (name === null && this.text.startsWith('(?', start)) {
      this.fail('Invalid capture group name', start);
    }
    if (name !== null && !this.#names.declare(name)) {
      this.fail('Duplicate capture group name', start);
    }
    return { type: 'group', index, body: this.#inParentheses(start) };
  }

  #inParentheses(start: number): PatternNode {
    const body = this.#disjunction();
    if (!this.take(')')) this.fail('Unterminated group', start);
    return body;
  }

  #look(start: number, kind: { behind: boolean; negated: boolean }): PatternNode {
    const node: PatternNode = { type: 'look', ...kind, body: this.#inParentheses(start) };
    return this.unicode || kind.behind ? node : this.#repeated(node);
  }

  /** `(?:…)`, `(?i:…)`, `(?i-ms:…)`, after the question mark. */
  #withModifiers(start: number): PatternNode {
    const [, on = '', minus, off = ''] = this.takeMatch(/([ims]*)(?:(-)([ims]*))?:/y) ?? [];
    if (this.text.charAt(this.at - 1) !== ':') this.fail('Invalid group', start);
    if (minus && on + off === '') this.fail('Invalid flag group', start);
    if (new Set(on + off).size < on.length + off.length) {
      this.fail('Repeated flag in flag group', start);
    }
    const before = [this.ignoreCase, this.#multiline, this.#dotAll] as const;
    const changed = (letter: string, value: boolean): boolean =>
      (value || on.includes(letter)) && !off.includes(letter);
    this.ignoreCase = changed('i', this.ignoreCase);
    this.#multiline = changed('m', this.#multiline);
    this.#dotAll = changed('s', this.#dotAll);
    const body = this.#inParentheses(start);
    [this.ignoreCase, this.#multiline, this.#dotAll] = before;
    return body;
  }

  /** The name of a group up to its `>`; null if it is none. */
  #groupName(): string | null {
    let name = '';
    while (!this.ended && !this.take('>')) {
      const escaped = this.take('\\');
      const character = escaped ? this.unicodeEscapeValue(true) : this.text.codePointAt(this.at)!;
      if (character === null) return null;
      if (!escaped) this.at += character > 0xffff ? 2 : 1;
      name += String.fromCodePoint(character);
    }
    const closed = this.text.charAt(this.at - 1) === '>';
    return closed && /^[\p{IDS}$_][\p{IDC}$\u200c\u200d]*$/u.test(name) ? name : null;
  }

  /** What stands before a quantifier, with it. */
  #repeated(body: PatternNode): PatternNode {
    if (this.ended || !'*+?{'.includes(this.next)) return body;
    const start = this.at;
    const sign = this.takeMatch(/[*+?]/y)?.[0];
    let min = sign === '+' ? 1 : 0;
    let max = sign === '?' ? 1 : Number.POSITIVE_INFINITY;
    if (sign === undefined) {
      const counts = this.takeMatch(countPattern);
      if (counts === null) {
        if (this.unicode && this.next === '{') this.fail('Incomplete quantifier');
        return body;
      }
      const [, from = '', comma, to = ''] = counts;
      min = Math.min(Number(from), countMax);
      if (to !== '') max = Math.min(Number(to), countMax);
      else if (!comma) max = min;
      if (Number(from) > (to === '' ? Number.POSITIVE_INFINITY : Number(to))) {
        this.fail('numbers out of order in {} quantifier', start);
      }
    }
    this.#count();
    return { type: 'repeat', min, max, greedy: !this.take('?'), body };
  }

  #character(character: number): PatternNode {
    return { type: 'character', character, ignoreCase: this.ignoreCase };
  }

  #class(items: (PatternNode & { type: 'class' })['items'], negated: boolean): PatternNode {
    return { type: 'class', items, negated, ignoreCase: this.ignoreCase };
  }

  #reference(indices: readonly number[]): PatternNode {
    return { type: 'reference', indices, ignoreCase: this.ignoreCase };
  }

  #boundary(negated: boolean): PatternNode {
    return { type: 'boundary', negated, ignoreCase: this.ignoreCase };
  }
}

const lineEnd = { type: 'set', set: lineEnds, negated: false } as const;
const countPattern = /\{(\d+)(?:(,)(\d*))?\}/y;
