// Writes the text of a matcher: states of one big `switch`, jumps between them, and tests of one character.
//
// SECURITY: what is written is fixed text and numbers. Texts of a pattern travel as constants beside the code.
import { leadUnits } from './analysis.ts';
import { CharacterSet, unitMax } from './character-set.ts';

/** Uint8Array: by Latin-1 character. Uint32Array: one bit per unit. Uint16Array: states by Latin-1 character. */
export type MatcherConstant = string | Uint8Array | Uint16Array | Uint32Array | CharacterSet;

/** Constants that take kilobytes each. */
const bitSetsMax = 64;
const latinCount = 256;
/** Ranges that are compared one after another; a table is faster for more. */
const comparedRangesMax = 3;

export class MatcherCode {
  readonly constants: MatcherConstant[] = [];
  readonly #lines: string[] = [];
  readonly #deferred: (() => void)[] = [];
  readonly #tests = new Map<string, string>();
  /** Variables are elements of one array: V8 is slow with very many variables. */
  readonly #registersInArray: boolean;
  #labels = 0;
  #registers = 0;
  #bitSets = 0;

  constructor(registersInArray: boolean) {
    this.#registersInArray = registersInArray;
  }

  /** The code so far, with what was put off. */
  finish(): string {
    for (let write = this.#deferred.shift(); write; write = this.#deferred.shift()) write();
    return this.#lines.join('\n');
  }

  /** A number for a state; `case` begins it. */
  label(): number {
    return this.#labels++;
  }

  /** A variable of the matcher; it begins as -1. */
  register(): string {
    return this.nameOf(this.#registers++);
  }

  nameOf(register: number): string {
    return this.#registersInArray ? `r[${register}]` : `r${register}`;
  }

  get declarations(): string {
    if (this.#registers === 0) return '';
    if (this.#registersInArray) return `const r=new Int32Array(${this.#registers}).fill(-1);`;
    return `let ${Array.from({ length: this.#registers }, (_, i) => `r${i}=-1`).join()};`;
  }

  write(line: string): void {
    this.#lines.push(line);
  }

  begin(label: number): void {
    this.write(`case ${label}:`);
  }

  /** Code for a state that is only reached by backtracking; written at the end. */
  later(write: () => void): void {
    this.#deferred.push(write);
  }

  /** Puts values on the backtracking stack; the last one is the state that takes them back. */
  push(...values: (string | number)[]): void {
    const stores = values.map((value, i) => `b[sp+${i}]=${value};`).join('');
    this.write(`if(sp+${values.length}>z){b=grow(b,m);z=b.length}${stores}sp+=${values.length};`);
  }

  constant(value: MatcherConstant): string {
    this.constants.push(value);
    return `k${this.constants.length - 1}`;
  }

  /** An expression: whether `c`, a unit or a code point, is in the set. */
  test(set: CharacterSet): string {
    const key = set.ranges.join();
    let test = this.#tests.get(key);
    if (test === undefined) {
      test = this.#test(set);
      this.#tests.set(key, test);
    }
    return test;
  }

  /** The same for a unit that may be the first half of a member. */
  testUnit(set: CharacterSet): string {
    return this.test(leadUnits(set));
  }

  #test(set: CharacterSet): string {
    const { ranges } = set;
    if (ranges.length <= 2 * comparedRangesMax) return compared(ranges);
    const inverse = set.inverted(Math.max(set.last, unitMax)).ranges;
    if (inverse.length <= 2 * comparedRangesMax && set.last >= unitMax) {
      return `(!${compared(inverse)}${set.last > unitMax ? `&&c<=${set.last}` : ''})`;
    }
    const table = new Uint8Array(latinCount);
    for (const character of charactersBelow(latinCount, set)) table[character] = 1;
    const high = set.intersection(CharacterSet.of(latinCount, set.last));
    return `(c<${latinCount}?${this.constant(table)}[c]===1:${this.#testHigh(high)})`;
  }

  #testHigh(set: CharacterSet): string {
    if (set.ranges.length <= 2 * comparedRangesMax) return compared(set.ranges);
    const search = `${this.constant(set)}.has(c)`;
    if (this.#bitSets === bitSetsMax) return search;
    this.#bitSets++;
    const bits = new Uint32Array((unitMax + 1) / 32);
    for (const unit of charactersBelow(unitMax + 1, set)) bits[unit >> 5]! |= 1 << (unit & 31);
    return `(c<=${unitMax}?(${this.constant(bits)}[c>>5]>>(c&31)&1)===1:${search})`;
  }
}

export function goTo(label: number): string {
  return `{p=${label};continue l}`;
}

/** Ends a state: what was put on the stack last is tried next. */
export const fail = 'break x;';

/** Members below a limit. */
export function charactersBelow(limit: number, set: CharacterSet): CharacterSet {
  return set.intersection(CharacterSet.of(0, limit - 1));
}

function compared(ranges: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    const [from, to] = [ranges[i]!, ranges[i + 1]!];
    if (from === to) parts.push(`c===${from}`);
    else if (from === 0) parts.push(`c<=${to}`);
    else parts.push(`c>=${from}&&c<=${to}`);
  }
  return parts.length === 0 ? 'false' : `(${parts.join('||')})`;
}
