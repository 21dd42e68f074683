// What is known of a loop that is emitted over locals (see numeric-loops.ts): which cells it reads and sets.
import type { Code } from './code.ts';

// A control character, which `literal` escapes: it cannot come from a program.
/** Stands for setting the cells until it is known which. */
export const storeHere = '\u0003';

/** The second form of one loop while it is emitted. */
export class NumericLoop {
  /** Something in the loop is not surely a number, or not surely a calculation. */
  failed = false;
  /** Cells that it reads and those that it sets, with the locals they are in. */
  readonly #locals = new Map<string, string>();
  readonly #assigned = new Set<string>();
  readonly #declared: Set<string>;

  /** `declared` takes the names of the locals. */
  constructor(declared: Set<string>) {
    this.#declared = declared;
  }

  read(cell: string): string {
    const local = `w${cell}`;
    this.#locals.set(cell, local);
    this.#declared.add(local);
    return local;
  }

  write(cell: string, value: Code): string {
    if (value.kind !== 'number') this.failed = true;
    this.#assigned.add(cell);
    return `(${this.read(cell)}=${value.text})`;
  }

  /** State 1 is a variable that may be set; nothing in the loop changes it. */
  get guard(): string {
    const numbers = [...this.#locals.keys()].map((cell) => `typeof ${cell}.value==='number'`);
    const variables = [...this.#assigned].map((cell) => `${cell}.state===1`);
    return [...numbers, ...variables].join('&&');
  }

  /** `+` tells V8 that the locals never hold anything else. */
  get load(): string {
    return [...this.#locals].map(([cell, local]) => `${local}=+${cell}.value;`).join('');
  }

  get store(): string {
    return [...this.#assigned].map((cell) => `${cell}.value=w${cell};`).join('');
  }
}
