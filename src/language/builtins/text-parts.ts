// Taking strings apart and replacing parts of them (SPEC 9.3).
import { display } from '../runtime/display.ts';
import { TextBuilder } from '../runtime/text-builder.ts';
import { RegexValue, type Value } from '../runtime/value.ts';
import { type Given, integerArgument, isFunction, isMissing, textArgument } from './arguments.ts';
import { type Builtin, type BuiltinContext, countPart } from './builtin.ts';
import { replaceMatches, splitByMatches } from './regex-replace.ts';

export const textParts: readonly Builtin[] = [
  {
    name: 'split',
    methodOf: ['string'],
    parameters: ['text', 'separator', 'limit'],
    summary:
      'The parts between separators, which a text or a regex describes; "" splits into UTF-16 units.',
    example: '"a,b,c".split(",") // ["a", "b", "c"]',
    run: (context, given, separator, limit) => {
      const text = textArgument('split', 1, given);
      const most = integerArgument('split', 3, limit, Number.POSITIVE_INFINITY);
      if (isMissing(separator)) return [text];
      if (separator instanceof RegexValue) return splitByMatches(context, text, separator, most);
      return splitText(context, text, textArgument('split', 2, separator), most);
    },
  },
  {
    name: 'lines',
    methodOf: ['string'],
    free: false,
    parameters: ['text'],
    summary: 'The lines of a string without their ends.',
    example: '"a\\nb\\n".lines() // ["a", "b"]',
    run: (context, given) => splitLines(context, textArgument('lines', 1, given)),
  },
  {
    name: 'replace',
    aliases: ['replaceAll'],
    methodOf: ['string'],
    parameters: ['text', 'old', 'new'],
    summary:
      'The string with all occurrences of a text replaced, or the first match of a regex, all with flag g; by a text, or by what a function makes of each.',
    example: '"a-b-c".replace("-", "+") // a+b+c',
    run: (context, given, old, replacement) => {
      const text = textArgument('replace', 1, given);
      if (old instanceof RegexValue) return replaceMatches(context, text, old, replacement);
      return replaceText(context, text, textArgument('replace', 2, old), replacement);
    },
  },
];

function splitText(
  context: BuiltinContext,
  text: string,
  separator: string,
  most: number,
): Value[] {
  const parts: Value[] = [];
  if (separator === '') {
    const count = Math.min(text.length, most);
    context.allocate(count * 8);
    context.step(count);
    for (let i = 0; i < count; i++) parts.push(text.charAt(i));
    return parts;
  }
  let from = 0;
  while (parts.length < most) {
    const at = text.indexOf(separator, from);
    countPart(context, parts);
    if (at === -1) {
      parts.push(text.slice(from));
      break;
    }
    parts.push(text.slice(from, at));
    from = at + separator.length;
  }
  return parts;
}

function splitLines(context: BuiltinContext, text: string): Value[] {
  const lines: Value[] = [];
  const lineEnd = /\r\n|\n|\r/g;
  let from = 0;
  for (let found = lineEnd.exec(text); found !== null; found = lineEnd.exec(text)) {
    countPart(context, lines);
    lines.push(text.slice(from, found.index));
    from = lineEnd.lastIndex;
  }
  if (from < text.length) lines.push(text.slice(from));
  return lines;
}

function replaceText(
  context: BuiltinContext,
  text: string,
  old: string,
  replacement: Given,
): string {
  const byFunction = isFunction(replacement);
  if (!byFunction && typeof replacement !== 'string') textArgument('replace', 3, replacement);
  const made = new TextBuilder(context);
  let from = 0;
  for (let at = text.indexOf(old); at !== -1; ) {
    context.step(1);
    made.append(text.slice(from, at));
    made.append(
      byFunction
        ? display(context.call(replacement, 'replacement', old), context)
        : (replacement as string),
    );
    from = at + old.length;
    // An empty text occurs once before every unit, and once at the end.
    const next = old === '' ? at + 1 : from;
    at = next > text.length ? -1 : text.indexOf(old, next);
  }
  made.append(text.slice(from));
  return made.toString();
}
