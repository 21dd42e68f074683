// What the lexer hands to the parser. A token knows one spelling only: `≠` has the text `!=`, `⌽` the text `print`.

export type TokenKind =
  | 'name'
  /** A symbol of SPEC 2.2: a name whose text is its ASCII form. */
  | 'symbol'
  /** One of the marker letters `ι σ ξ β λ ƒ φ ε` (SPEC 1.3). */
  | 'mark'
  | 'keyword'
  | 'number'
  | 'string'
  | 'regex'
  | 'punctuation'
  /** A character that belongs to no token; the parser says so where it meets it. */
  | 'unknown'
  | 'end';

export type Token = {
  readonly kind: TokenKind;
  /** Canonical spelling; empty for literals and the end, so that comparing texts never confuses kinds. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** A line end lies between the previous token and this one. */
  readonly lineBreakBefore: boolean;
  readonly literal: number | string | RegexText | null;
  /** Of a bracket: index of the token that closes or opens it; -1 if there is none. Set by the lexer. */
  partner: number;
};

export type RegexText = { readonly pattern: string; readonly flags: string };

/** Words that are never variable names (SPEC 1.3). */
export const keywords: ReadonlySet<string> = new Set(
  (
    'if else for while return try catch finally throw break continue function let const var ' +
    'true false null undefined typeof new this'
  ).split(' '),
);

/** Words kept for later: not variable names either, and the message says why (SPEC 1.3). */
export const reservedWords: ReadonlySet<string> = new Set(
  'switch case default do class extends super yield with enum interface'.split(' '),
);

/** Letters that are a token of their own at the start of a token (SPEC 1.3). */
export const markerLetters: ReadonlySet<string> = new Set('ισξβλƒφε');

const identifier = /^[\p{L}_$][\p{L}\p{N}\p{M}_$]*$/u;

/** Whether a text is one token that can name a variable. */
export function isIdentifier(text: string): boolean {
  const [first = ''] = text;
  const isWord = keywords.has(text) || reservedWords.has(text);
  return identifier.test(text) && !isWord && !markerLetters.has(first);
}
