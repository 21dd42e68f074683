// Text → tokens, in one pass (SPEC 1). Decides everything that depends on characters alone, and whether a `/` begins a
// regular expression. Never throws: what is no token becomes one of kind `unknown`, a malformed literal a diagnostic.
import { BracketMatcher } from './brackets.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type Literal, readNumber, readRegex, readString } from './literals.ts';
import type { Span } from './span.ts';
import { functionSymbols, librarySymbols, spellings, unavailableSymbols } from './symbols.ts';
import { keywords, markerLetters, type Token, type TokenKind } from './token.ts';

export type Lexed = {
  /** The last one is always the `end` token. */
  readonly tokens: readonly Token[];
  readonly comments: readonly Span[];
  /** Errors only, in the order of the source. */
  readonly diagnostics: readonly Diagnostic[];
};

/** Cuts a source text into tokens. Linear in its length. */
export function lex(source: string): Lexed {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  readonly #comments: Span[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  readonly #brackets = new BracketMatcher(this.#tokens);
  #at = 0;
  #lineBreak = false;

  constructor(source: string) {
    this.#source = source;
    if (source.charCodeAt(0) === byteOrderMark) this.#at = 1;
  }

  run(): Lexed {
    for (;;) {
      this.#skipBlanks();
      if (this.#at >= this.#source.length) break;
      this.#token();
    }
    this.#push('end', '', this.#source.length);
    return { tokens: this.#tokens, comments: this.#comments, diagnostics: this.#diagnostics };
  }

  #skipBlanks(): void {
    const source = this.#source;
    while (this.#at < source.length) {
      const unit = source.charCodeAt(this.#at);
      if (unit === 10 || unit === 13) {
        this.#lineBreak = true;
        this.#at++;
      } else if (unit === 32 || unit === 9 || unit === 12) this.#at++;
      else if (unit === 35 && !this.#hashIsToken()) this.#lineComment();
      else if (unit === 47 && source.charCodeAt(this.#at + 1) === 47) this.#lineComment();
      else if (unit === 47 && source.charCodeAt(this.#at + 1) === 42) this.#blockComment();
      else if (unit >= 0xa0 && spaceSeparator.test(source.charAt(this.#at))) this.#at++;
      else return;
    }
  }

  /** `#(` and `#f(` are hash functions, `#[if(` and `#[feature=` begin an attribute; else `#` begins a comment (SPEC 1.2). */
  #hashIsToken(): boolean {
    hashToken.lastIndex = this.#at;
    return hashToken.test(this.#source);
  }

  #lineComment(): void {
    const start = this.#at;
    lineEnd.lastIndex = start;
    this.#at = lineEnd.exec(this.#source)?.index ?? this.#source.length;
    this.#comments.push({ start, end: this.#at });
  }

  #blockComment(): void {
    const start = this.#at;
    const close = this.#source.indexOf('*/', start + 2);
    this.#at = close < 0 ? this.#source.length : close + 2;
    if (close < 0) {
      const span = { start, end: start + 2 };
      this.#report({ message: 'Unterminated block comment', span }, { incomplete: true });
    }
    // A comment over several lines separates statements as its line ends would.
    if (/[\n\r]/.test(this.#source.slice(start, this.#at))) this.#lineBreak = true;
    this.#comments.push({ start, end: this.#at });
  }

  #token(): Token {
    const source = this.#source;
    const start = this.#at;
    const unit = source.charCodeAt(start);
    if (isDigit(unit) || (unit === 46 && isDigit(source.charCodeAt(start + 1)))) {
      return this.#literal('number', readNumber(source, start));
    }
    if (unit === 34 || unit === 39) return this.#literal('string', readString(source, start));
    if (unit === 47 && this.#brackets.operandExpected(this.#lineBreak)) {
      return this.#literal('regex', readRegex(source, start));
    }
    if (isAsciiNameStart(unit)) return this.#name() ?? this.#unknown();
    if (unit < 128) return this.#asciiPunctuation();
    return this.#symbol() ?? this.#name() ?? this.#unknown();
  }

  #name(): Token | undefined {
    const text = nameAt(this.#source, this.#at);
    if (text === '') return undefined;
    return this.#push(keywords.has(text) ? 'keyword' : 'name', text, this.#at + text.length);
  }

  #unknown(): Token {
    const character = characterAt(this.#source, this.#at);
    return this.#push('unknown', character, this.#at + character.length);
  }

  #asciiPunctuation(): Token {
    const source = this.#source;
    const start = this.#at;
    if (source[start] === '#') {
      if (source[start + 1] === '(') return this.#push('symbol', 'hash', start + 1);
      if (source[start + 1] === 'f') return this.#push('symbol', 'hash_file', start + 2);
      return this.#push('punctuation', '#[', start + 2);
    }
    // The web socket symbol; alone it would be a bit operator, which the language does not have.
    if (source.startsWith('~(', start)) return this.#push('symbol', '~', start + 1);
    punctuation.lastIndex = start;
    const text = punctuation.exec(source)?.[0];
    return text ? this.#push('punctuation', text, start + text.length) : this.#unknown();
  }

  /** A symbol of SPEC 2, with the emoji variation selector that may follow it. */
  #symbol(): Token | undefined {
    let text = characterAt(this.#source, this.#at);
    if (text === '🔓' || text === '📁') text += nameAt(this.#source, this.#at + text.length);
    let end = this.#at + text.length;
    if (this.#source.charCodeAt(end) === variationSelector) end++;
    const name = functionSymbols.get(text);
    if (name !== undefined) return this.#push('symbol', name, end);
    if (markerLetters.has(text)) return this.#push('mark', text, end);
    if (syntaxTokens.has(text)) return this.#push('punctuation', text, end);
    if (librarySymbols.has(text) || unavailableSymbols.has(text)) {
      return this.#push('symbol', text, end);
    }
    const spelling = spellings.get(text);
    if (spelling === undefined) return undefined;
    return this.#push(keywords.has(spelling) ? 'keyword' : 'punctuation', spelling, end);
  }

  #literal(
    kind: 'number' | 'string' | 'regex',
    literal: Literal<NonNullable<Token['literal']>>,
  ): Token {
    if (literal.problem) this.#report(literal.problem);
    return this.#push(kind, '', literal.end, literal.value);
  }

  #push(kind: TokenKind, text: string, end: number, literal: Token['literal'] = null): Token {
    const token: Token = {
      kind,
      text,
      start: this.#at,
      end,
      lineBreakBefore: this.#lineBreak,
      literal,
      partner: -1,
    };
    this.#tokens.push(token);
    this.#brackets.seen(this.#source.charAt(this.#at));
    this.#at = end;
    this.#lineBreak = false;
    return token;
  }

  #report(problem: { message: string; span: Span }, more: { incomplete?: true } = {}): void {
    this.#diagnostics.push({ severity: 'error', type: 'SyntaxError', ...problem, ...more });
  }
}

/** The identifier at `start`; empty if there is none. */
function nameAt(source: string, start: number): string {
  namePattern.lastIndex = start;
  return namePattern.exec(source)?.[0] ?? '';
}

function characterAt(source: string, start: number): string {
  return String.fromCodePoint(source.codePointAt(start) ?? 0);
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

function isAsciiNameStart(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || unit === 95 || unit === 36;
}

const byteOrderMark = 0xfeff;
const variationSelector = 0xfe0f;
const spaceSeparator = /\p{Zs}/u;
const lineEnd = /[\n\r]/g;
const hashToken = /#(?:\(|f\(|\[(?:if\(|feature=))/y;
/** `ℳ` is a letter to Unicode, but a symbol here. */
const namePattern = /[[\p{L}_$]--[ℳ]][[\p{L}\p{M}\p{Nd}_$]--[ℳ]]*/vy;
const punctuation =
  /===|!==|\*\*|=>|==|!=|<=|>=|&&|\|\||\+\+|--|\+=|-=|\*=|\/=|%=|::|[{}()[\];,.?:@+\-*/%<>=!]/y;
const syntaxTokens: ReadonlySet<string> = new Set([
  ...['⟨', '⟩', '⟼', '∞', '÷', '⚠', '←', '∅', '⊢', '⟑', '⇪', '🎤', 'ℳ'],
]);
