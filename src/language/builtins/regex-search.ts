// What all functions that take a regex share: its matcher, walking over matches, matches as values.
import { compileRegex, type Matcher } from '../regex/compile-regex.ts';
import { after } from '../regex/matcher-support.ts';
import { areFlags } from '../regex/pattern-parser.ts';
import { raise } from '../runtime/raised.ts';
import { RegexValue, type Value } from '../runtime/value.ts';
import { type Given, wrongArgument } from './arguments.ts';
import type { BuiltinContext } from './builtin.ts';

/** A regex from a program's texts. ParseError if it is malformed. */
export function createRegex(context: BuiltinContext, pattern: string, flags: string): RegexValue {
  context.step(pattern.length);
  if (!areFlags(flags)) {
    throw raise('ParseError', `Invalid regular expression flags '${flags}'`);
  }
  const regex = new RegexValue(literalBody(pattern), flags);
  // What is wrong is to be known here, not where it is first used.
  matcherOf(regex);
  return regex;
}

/** A regex, or a text that is the pattern of one. */
export function regexArgument(
  context: BuiltinContext,
  name: string,
  position: number,
  given: Given,
): RegexValue {
  if (given instanceof RegexValue) return given;
  if (typeof given === 'string') return createRegex(context, given, '');
  throw wrongArgument(name, 'regex', position, given);
}

export function matcherOf(regex: RegexValue): Matcher {
  const { matcher, problem } = compileRegex(regex.pattern, regex.flags);
  if (problem) throw raise('ParseError', `Invalid regular expression: ${problem.message}`);
  return matcher;
}

/** Whether it matches, from the start of the text on; with flag y, there only. */
export function matchesAnywhere(context: BuiltinContext, regex: RegexValue, text: string): boolean {
  return matcherOf(regex).search(text, 0, regex.flags.includes('y') ? 0 : text.length, context);
}

/**
 * Visits the matches of a text, one behind the other; with flag y, those only that follow one another without a gap. What the
 * captures of the matcher hold is valid until the visitor calls anything of the program.
 */
export function eachMatch(
  context: BuiltinContext,
  regex: RegexValue,
  text: string,
  visit: (captures: Int32Array) => void,
): void {
  const { captures, search, unicode } = matcherOf(regex);
  const sticky = regex.flags.includes('y');
  for (let at = 0; at <= text.length; ) {
    if (!search(text, at, sticky ? at : text.length, context)) return;
    const start = captures[0]!;
    const end = captures[1]!;
    visit(captures);
    at = end > start ? end : nextPosition(text, end, unicode);
  }
}

/**
 * The next match as `exec` finds it: with flags g and y from `lastIndex` on, which is set behind it, or to 0 if there is none.
 * Null, or the captures as positions.
 */
export function nextMatch(
  context: BuiltinContext,
  regex: RegexValue,
  text: string,
): Int32Array | null {
  const { captures, search, unicode } = matcherOf(regex);
  const sticky = regex.flags.includes('y');
  const goesOn = sticky || regex.flags.includes('g');
  let from = goesOn ? regex.lastIndex : 0;
  // No match begins between the halves of a pair.
  if (unicode && from > 0 && from < text.length && after(text, from - 1) > from) from--;
  const found = from <= text.length && search(text, from, sticky ? from : text.length, context);
  if (goesOn) regex.lastIndex = found ? captures[1]! : 0;
  return found ? captures : null;
}

/** `[whole, group 1, …]`; null for groups that did not match. */
export function matchValue(text: string, captures: Int32Array): Value[] {
  const values: Value[] = [];
  for (let i = 0; i < captures.length; i += 2) values.push(captured(text, captures, i >> 1));
  return values;
}

/** The text of one group, 0 being the whole match; null if it did not match. */
export function captured(text: string, captures: Int32Array, index: number): string | null {
  const start = captures[2 * index]!;
  return start < 0 ? null : text.slice(start, captures[2 * index + 1]!);
}

/** The position behind a character: with flag u, behind both halves of a pair. */
export function nextPosition(text: string, at: number, unicode: boolean): number {
  return unicode && at < text.length ? after(text, at) : at + 1;
}

/** The pattern as it stands between the slashes of a literal. */
function literalBody(pattern: string): string {
  if (pattern === '') return '(?:)';
  if (!/[/\n\r]/.test(pattern)) return pattern;
  let inClass = false;
  let body = '';
  for (let i = 0; i < pattern.length; i++) {
    const unit = pattern.charAt(i);
    const escaped = unit === '\\' ? pattern.charAt(++i) : unit;
    if (escaped === '\n') body += '\\n';
    else if (escaped === '\r') body += '\\r';
    else if (unit === '\\') body += unit + escaped;
    else body += unit === '/' && !inClass ? '\\/' : unit;
    if (unit === '[') inClass = true;
    else if (unit === ']') inClass = false;
  }
  return body;
}
