// The parser's place in the token list, and how it complains. Knows no grammar. One failure unwinds to the nearest list
// of items by throwing SyntaxFailure, which never leaves `parse`.
import type { Diagnostic } from '../diagnostic.ts';
import type { Span } from '../span.ts';
import type { Token } from '../token.ts';
import { hintAmong, hintBefore, hintBeforeBracket } from './keyword-hints.ts';

/** Brackets, blocks, prefixes and right-hand sides that may stand inside one another. Protects the stack of the parser. */
export const nestingMax = 300;
/** Arguments of a call, and parameters of a function. V8 refuses more than 65534; a table belongs into an array. */
export const argumentsMax = 1000;
/** Errors reported for one source; the rest would mostly follow from these. */
export const errorsMax = 10;

export class SyntaxFailure extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
  }
}

export class Cursor {
  readonly diagnostics: Diagnostic[] = [];
  protected readonly source: string;
  protected readonly tokens: readonly Token[];
  protected position = 0;
  /** The token to be read next. */
  protected token: Token;
  protected nesting = 0;
  readonly #end: Token;
  #errorCount = 0;

  /** `tokens` ends with the `end` token. */
  constructor(source: string, tokens: readonly Token[]) {
    const end = tokens.at(-1);
    if (end?.kind !== 'end') throw new Error('the token list has no end');
    this.source = source;
    this.tokens = tokens;
    this.#end = end;
    this.token = tokens[0] ?? end;
  }

  protected get errorCount(): number {
    return this.#errorCount;
  }

  protected get atEnd(): boolean {
    return this.token.kind === 'end';
  }

  /** Where the last token read ends. */
  protected get previousEnd(): number {
    return this.tokens[this.position - 1]?.end ?? 0;
  }

  protected peek(offset = 1): Token {
    return this.tokens[this.position + offset] ?? this.#end;
  }

  /** Punctuation, keywords and marks by their canonical text; names never compare equal to one of these. */
  protected at(text: string): boolean {
    return this.token.text === text;
  }

  /** A contextual keyword. */
  protected atWord(word: string): boolean {
    return this.token.kind === 'name' && this.token.text === word;
  }

  protected advance(): Token {
    const token = this.token;
    if (token.kind !== 'end') {
      this.position++;
      this.token = this.tokens[this.position] ?? this.#end;
    }
    return token;
  }

  protected moveTo(position: number): void {
    this.position = Math.min(position, this.tokens.length - 1);
    this.token = this.tokens[this.position] ?? this.#end;
  }

  /** Reads nothing more. */
  protected giveUp(): void {
    this.moveTo(this.tokens.length - 1);
  }

  protected take(text: string): boolean {
    if (this.token.text !== text) return false;
    this.advance();
    return true;
  }

  protected expect(text: string): Token {
    if (this.token.text === text) return this.advance();
    return this.expected(`'${text}'`);
  }

  /** Ends a statement (SPEC 1.5). */
  protected endOfStatement(): void {
    if (this.take(';') || this.atEnd || this.at('}') || this.token.lineBreakBefore) return;
    if (this.at('else') || this.tokens[this.position - 1]?.text === '}') return;
    if (this.token.kind === 'unknown' || this.at(')') || this.at(']')) this.unexpected();
    const hint = hintBefore(this.source, this.tokens, this.position);
    this.fail("Expected ';' or a new line", this.token, hint);
  }

  protected spanFrom(start: number): Span {
    return { start, end: Math.max(start, this.previousEnd) };
  }

  protected enter(): void {
    if (++this.nesting <= nestingMax) return;
    const { token } = this;
    this.giveUp();
    this.fail('Nesting is too deep', token);
  }

  protected leave(): void {
    this.nesting--;
  }

  /** Fails with "Expected X but found Y" at the token to be read next. */
  protected expected(what: string): never {
    if (this.atEnd || this.token.kind === 'unknown') this.unexpected();
    const { token } = this;
    const hint = this.at(';')
      ? hintBeforeBracket(this.source, this.tokens, this.position)
      : hintAmong(token, what);
    return this.fail(`Expected ${what} but found ${this.#written(token)}`, token, hint);
  }

  protected unexpected(token: Token = this.token): never {
    if (token.kind === 'end') return this.fail('Unexpected end of input', token);
    const hint = token.kind === 'unknown' ? (hints.get(token.text) ?? '') : '';
    return this.fail(`Unexpected token ${this.#written(token)}${hint}`, token);
  }

  protected fail(message: string, place: Span, hint?: string | null): never {
    const error = this.#error(message, place);
    throw new SyntaxFailure(hint ? { ...error, hint } : error);
  }

  /** Reports an error that leaves the tree intact, and goes on. */
  protected error(message: string, place: Span): void {
    this.report(this.#error(message, place));
  }

  protected warn(message: string, { start, end }: Span): void {
    this.report({ severity: 'warning', type: 'Warning', message, span: { start, end } });
  }

  protected report(diagnostic: Diagnostic): void {
    if (diagnostic.severity === 'error') {
      // After an error, reaching the end early says nothing new.
      if (diagnostic.incomplete && this.#errorCount > 0) return;
      if (this.#errorCount === errorsMax) return;
      this.#errorCount++;
    }
    this.diagnostics.push(diagnostic);
  }

  #error(message: string, { start, end }: Span): Diagnostic {
    const incomplete = start === this.#end.start ? ({ incomplete: true } as const) : {};
    return {
      severity: 'error',
      type: 'SyntaxError',
      message,
      span: { start, end },
      ...incomplete,
    };
  }

  #written(token: Token): string {
    const text = this.source.slice(token.start, token.end);
    return `'${text.length > writtenLengthMax ? `${text.slice(0, writtenLengthMax)}…` : text}'`;
  }
}

const writtenLengthMax = 30;
const hints: ReadonlyMap<string, string> = new Map([
  ...['&', '|', '^', '~'].map((operator) => [operator, ' (use && / ||)'] as const),
  ...['`', '“', '”', '‘', '’'].map(
    (quote) => [quote, ' (strings are written with " or \')'] as const,
  ),
]);
