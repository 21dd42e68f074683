// Numbers, strings and regular expressions as they stand in a source text (SPEC 1.4). Every reader starts at the
// literal's first character, always moves forward, and says what is wrong instead of throwing.
import { areFlags, parsePattern } from './regex/pattern-parser.ts';
import type { Span } from './span.ts';
import type { RegexText } from './token.ts';

export type Literal<Value> = {
  readonly value: Value;
  readonly end: number;
  readonly problem: { readonly message: string; readonly span: Span } | null;
};

/** `42`, `3.14`, `.5`, `1e3`, `0xFF`; wrong when a letter, or a point without digits, follows directly. */
export function readNumber(source: string, start: number): Literal<number> {
  numberPattern.lastIndex = start;
  const text = numberPattern.exec(source)?.[0] ?? '';
  numberTail.lastIndex = start + text.length;
  const tail = numberTail.exec(source)?.[0] ?? '';
  const pointWithoutDigits = source[start + text.length] === '.' && /^\d+$/.test(text);
  const end = start + text.length + (pointWithoutDigits ? 1 : tail.length);
  if (tail === '' && !pointWithoutDigits) return { value: Number(text), end, problem: null };
  return { value: Number.NaN, end, problem: { message: 'Malformed number', span: { start, end } } };
}

/** A quoted string up to its closing quote; an unterminated one ends with its line. */
export function readString(source: string, start: number): Literal<string> {
  const quote = source.charCodeAt(start);
  let problem: Literal<string>['problem'] = null;
  let value = '';
  let copied = start + 1;
  let i = copied;
  for (; ; i++) {
    const unit = source.charCodeAt(i);
    if (unit === quote) break;
    if (Number.isNaN(unit) || isLineEnd(unit)) {
      problem = { message: 'Unterminated string', span: { start, end: start + 1 } };
      return { value: value + source.slice(copied, i), end: i, problem };
    }
    if (unit !== backslash) continue;
    const sequence = readEscape(source, i);
    if (sequence.end > i + 1) {
      value += source.slice(copied, i) + sequence.value;
      copied = sequence.end;
      i = sequence.end - 1;
    }
    problem ??= sequence.problem;
  }
  return { value: value + source.slice(copied, i), end: i + 1, problem };
}

/** `/body/flags`; `/` inside `[...]` and `\/` do not close it. */
export function readRegex(source: string, start: number): Literal<RegexText> {
  let inClass = false;
  let i = start + 1;
  for (; ; i++) {
    const unit = source[i];
    if (unit === undefined || isLineEnd(unit.charCodeAt(0))) {
      const problem = {
        message: 'Unterminated regular expression',
        span: { start, end: start + 1 },
      };
      return { value: { pattern: source.slice(start + 1, i), flags: '' }, end: i, problem };
    }
    if (unit === '\\' && !isLineEnd(source.charCodeAt(i + 1)) && i + 1 < source.length) i++;
    else if (unit === '[') inClass = true;
    else if (unit === ']') inClass = false;
    else if (unit === '/' && !inClass) break;
  }
  const pattern = source.slice(start + 1, i);
  flagsPattern.lastIndex = i + 1;
  const flags = flagsPattern.exec(source)?.[0] ?? '';
  const end = i + 1 + flags.length;
  return { value: { pattern, flags }, end, problem: regexProblem(pattern, flags, { start, end }) };
}

function regexProblem(pattern: string, flags: string, span: Span): Literal<RegexText>['problem'] {
  if (!areFlags(flags)) return { message: `Invalid regular expression flags '${flags}'`, span };
  const { problem } = parsePattern(pattern, flags);
  return problem && { message: `Invalid regular expression: ${problem.message}`, span };
}

/** Reads the escape at a backslash. An unknown one keeps both characters; `end` is then just past the backslash. */
function readEscape(source: string, start: number): Literal<string> {
  const letter = source[start + 1] ?? '';
  const simple = simpleEscapes.get(letter);
  if (simple !== undefined) return { value: simple, end: start + 2, problem: null };
  if (letter !== 'x' && letter !== 'u') return { value: '\\', end: start + 1, problem: null };
  const pattern = letter === 'x' ? hexEscape : unicodeEscape;
  pattern.lastIndex = start + 2;
  const match = pattern.exec(source);
  const code = match ? Number.parseInt(match[1] ?? match[2] ?? '', 16) : Number.NaN;
  if (match && code <= 0x10ffff) {
    return { value: String.fromCodePoint(code), end: start + 2 + match[0].length, problem: null };
  }
  const span = { start, end: start + 2 };
  return { value: '', end: start + 2, problem: { message: 'Malformed escape sequence', span } };
}

function isLineEnd(unit: number): boolean {
  return unit === 10 || unit === 13;
}

const backslash = 92;
const numberPattern = /0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y;
/** Letters glued to a number. Marker letters are tokens of their own. */
const numberTail = /(?![ισξβλƒφε])[\p{L}_$][\p{L}\p{M}\p{Nd}_$]*/uy;
const flagsPattern = /[\p{L}\p{Nd}_$]*/uy;
const hexEscape = /([0-9a-fA-F]{2})/y;
const unicodeEscape = /([0-9a-fA-F]{4})|\{([0-9a-fA-F]+)\}/y;
const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
  ['0', '\0'],
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
  ['/', '/'],
]);
