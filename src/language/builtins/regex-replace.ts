// Replacing and splitting by matches (SPEC 9.3), as ECMAScript does.
import { display } from '../runtime/display.ts';
import { TextBuilder } from '../runtime/text-builder.ts';
import type { RegexValue, Value } from '../runtime/value.ts';
import { type Given, isFunction, textArgument } from './arguments.ts';
import { type BuiltinContext, countPart } from './builtin.ts';
import {
  captured,
  eachMatch,
  matcherOf,
  matchValue,
  nextMatch,
  nextPosition,
} from './regex-search.ts';

/** Replaces all matches with flag g, otherwise the first one, by a template or by what a function makes of each. */
export function replaceMatches(
  context: BuiltinContext,
  text: string,
  regex: RegexValue,
  replacement: Given,
): string {
  const byFunction = isFunction(replacement);
  const template = byFunction ? '' : textArgument('replace', 3, replacement);
  const parts = byFunction ? [] : templateParts(template, regex);
  const made = new TextBuilder(context);
  let copied = 0;
  const replace = (captures: Int32Array): void => {
    const start = captures[0]!;
    const end = captures[1]!;
    made.append(text.slice(copied, start));
    copied = end;
    if (byFunction) {
      const groups = matchValue(text, captures);
      made.append(display(context.call(replacement, 'replacement', ...groups), context));
      return;
    }
    for (const part of parts) made.append(typeof part === 'string' ? part : part(text, captures));
  };
  if (regex.flags.includes('g')) {
    regex.lastIndex = 0;
    eachMatch(context, regex, text, replace);
  } else {
    const captures = nextMatch(context, regex, text);
    if (captures !== null) replace(captures);
  }
  made.append(text.slice(copied));
  return made.toString();
}

/** The parts between matches, and what groups matched there. */
export function splitByMatches(
  context: BuiltinContext,
  text: string,
  regex: RegexValue,
  most: number,
): Value[] {
  const { captures, search, unicode } = matcherOf(regex);
  if (most <= 0) return [];
  if (text === '') return search(text, 0, 0, context) ? [] : [text];
  const parts: Value[] = [];
  let from = 0;
  for (let at = 0; search(text, at, text.length - 1, context); ) {
    const end = captures[1]!;
    if (end === from) {
      // An empty match directly behind the last one separates nothing.
      at = nextPosition(text, end, unicode);
      continue;
    }
    countPart(context, parts);
    parts.push(text.slice(from, captures[0]!));
    for (let i = 1; 2 * i < captures.length && parts.length < most; i++) {
      parts.push(captured(text, captures, i));
    }
    if (parts.length >= most) return parts;
    from = end;
    at = end;
  }
  parts.push(text.slice(from));
  return parts;
}

type TemplatePart = string | ((text: string, captures: Int32Array) => string);

/** `$1`, `$&`, `$$` and their relatives (ECMAScript 22.1.3.19.1); what is none of them stays as it is. */
function templateParts(template: string, regex: RegexValue): TemplatePart[] {
  const { groupCount, groupNames } = matcherOf(regex);
  const parts: TemplatePart[] = [];
  let copied = 0;
  for (const found of template.matchAll(/\$(?:[$&`']|\d{1,2}|<([^>]*)>)/g)) {
    const [sign] = found;
    let length = sign.length;
    let part: TemplatePart | null = null;
    if (sign.startsWith('$<')) {
      const indices = groupNames.size === 0 ? null : (groupNames.get(found[1]!) ?? []);
      part = indices && ((text, captures) => firstOf(indices, text, captures));
    } else if (/\d/.test(sign)) {
      let index = Number(sign.slice(1));
      if (index > groupCount && length === 3) {
        index = Math.floor(index / 10);
        length = 2;
      }
      if (index > 0 && index <= groupCount) part = (...match) => captured(...match, index) ?? '';
    } else part = fixedParts[sign] ?? null;
    if (part === null) continue;
    parts.push(template.slice(copied, found.index), part);
    copied = found.index + length;
  }
  parts.push(template.slice(copied));
  return parts.filter((part) => part !== '');
}

const fixedParts: Readonly<Record<string, TemplatePart>> = {
  $$: '$',
  '$&': (text, captures) => text.slice(captures[0]!, captures[1]!),
  '$`': (text, captures) => text.slice(0, captures[0]!),
  "$'": (text, captures) => text.slice(captures[1]!),
};

/** At most one of several groups of the same name has matched. */
function firstOf(indices: readonly number[], text: string, captures: Int32Array): string {
  for (const index of indices) {
    const found = captured(text, captures, index);
    if (found !== null) return found;
  }
  return '';
}
