// Where a parser of patterns stands in its text, and how it fails.
import type { PatternProblem } from './pattern-syntax.ts';

/** Thrown inside the parser only. */
export class PatternFailure extends Error {
  readonly problem: PatternProblem;
  constructor(message: string, offset: number) {
    super(message);
    this.problem = { message, offset };
  }
}

export class PatternCursor {
  protected readonly text: string;
  /** Flag u: the text is read by code points, and nothing is forgiven. */
  protected readonly unicode: boolean;
  protected at = 0;

  constructor(text: string, unicode: boolean) {
    this.text = text;
    this.unicode = unicode;
  }

  protected get ended(): boolean {
    return this.at >= this.text.length;
  }

  /** The unit ahead; empty at the end. */
  protected get next(): string {
    return this.text.charAt(this.at);
  }

  protected looksAt(expected: string): boolean {
    return this.text.startsWith(expected, this.at);
  }

  protected take(expected: string): boolean {
    if (!this.looksAt(expected)) return false;
    this.at += expected.length;
    return true;
  }

  /** What a sticky expression matches here, which is then taken. */
  protected takeMatch(expected: RegExp): RegExpExecArray | null {
    expected.lastIndex = this.at;
    const match = expected.exec(this.text);
    if (match !== null) this.at += match[0].length;
    return match;
  }

  /** Takes one character: a code point with flag u, otherwise a unit. */
  protected character(): number {
    const character = this.unicode
      ? this.text.codePointAt(this.at)!
      : this.text.charCodeAt(this.at);
    this.at += character > 0xffff ? 2 : 1;
    return character;
  }

  protected fail(message: string, offset = this.at): never {
    throw new PatternFailure(message, offset);
  }
}
