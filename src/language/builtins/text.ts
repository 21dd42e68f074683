// Operations on strings only (SPEC 9.3); those shared with arrays are in sequence.ts.
import { raise } from '../runtime/raised.ts';
import type { Value } from '../runtime/value.ts';
import {
  type Given,
  integerArgument,
  isMissing,
  numberArgument,
  textArgument,
} from './arguments.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';

export const text: readonly Builtin[] = [
  {
    name: 'charAt',
    methodOf: ['string'],
    free: false,
    parameters: ['text', 'index'],
    summary: 'The one-unit string at an index, "" outside.',
    example: '"abc".charAt(1) // b',
    run: (_context, text, index) =>
      textArgument('charAt', 1, text).charAt(integerArgument('charAt', 2, index, 0)),
  },
  {
    name: 'charCodeAt',
    methodOf: ['string'],
    free: false,
    parameters: ['text', 'index'],
    summary: 'The UTF-16 unit at an index, null outside.',
    example: '"A".charCodeAt(0) // 65',
    run: (_context, text, index) => {
      const unit = textArgument('charCodeAt', 1, text).charCodeAt(
        integerArgument('charCodeAt', 2, index, 0),
      );
      return Number.isNaN(unit) ? null : unit;
    },
  },
  {
    name: 'codePointAt',
    methodOf: ['string'],
    free: false,
    parameters: ['text', 'index'],
    summary: 'The Unicode code point at an index, null outside.',
    example: '"é".codePointAt(0) // 233',
    run: (_context, text, index) =>
      textArgument('codePointAt', 1, text).codePointAt(
        integerArgument('codePointAt', 2, index, 0),
      ) ?? null,
  },
  {
    name: 'String.fromCharCode',
    parameters: ['...units'],
    summary: 'The string made of these UTF-16 units.',
    example: 'String.fromCharCode(72, 105) // Hi',
    run: (context, ...units) => {
      context.step(units.length);
      let made = '';
      for (const [position, unit] of units.entries()) {
        made += String.fromCharCode(numberArgument('String.fromCharCode', position + 1, unit));
      }
      return made;
    },
  },
  {
    name: 'substring',
    methodOf: ['string'],
    parameters: ['text', 'from', 'to'],
    summary: 'The part between two indices; negative ones are 0, wrong order is swapped.',
    example: '"abcdef".substring(4, 1) // bcd',
    run: (_context, given, from, to) => {
      const text = textArgument('substring', 1, given);
      return text.substring(
        integerArgument('substring', 2, from, 0),
        integerArgument('substring', 3, to, text.length),
      );
    },
  },
  {
    ...recased('upper', 'upper', 'upper("aé") // AÉ', (text) => text.toUpperCase()),
    aliases: ['uppercase'],
  },
  {
    ...recased('toUpperCase', 'upper', '"aé".toUpperCase() // AÉ', (text) => text.toUpperCase()),
    free: false,
  },
  {
    ...recased('lower', 'lower', 'lower("AÉ") // aé', (text) => text.toLowerCase()),
    aliases: ['lowercase'],
  },
  {
    ...recased('toLowerCase', 'lower', '"AÉ".toLowerCase() // aé', (text) => text.toLowerCase()),
    free: false,
  },
  trimmed('trim', 'both ends', '[trim("  a b ")] // ["a b"]', (text) => text.trim()),
  {
    ...trimmed('trimStart', 'the start', '["  a ".trimStart()] // ["a "]', (text) =>
      text.trimStart(),
    ),
    free: false,
  },
  {
    ...trimmed('trimEnd', 'the end', '["  a ".trimEnd()] // ["  a"]', (text) => text.trimEnd()),
    free: false,
  },
  {
    name: 'startsWith',
    methodOf: ['string'],
    parameters: ['text', 'part'],
    summary: 'Whether a string begins with another.',
    example: 'startsWith("abc", "ab") // true',
    run: (_context, text, part) =>
      textArgument('startsWith', 1, text).startsWith(textArgument('startsWith', 2, part)),
  },
  {
    name: 'endsWith',
    methodOf: ['string'],
    parameters: ['text', 'part'],
    summary: 'Whether a string ends with another.',
    example: '"abc".endsWith("bc") // true',
    run: (_context, text, part) =>
      textArgument('endsWith', 1, text).endsWith(textArgument('endsWith', 2, part)),
  },
  {
    name: 'repeat',
    methodOf: ['string'],
    parameters: ['text', 'times'],
    summary: 'The string that many times in a row.',
    example: '"ab".repeat(3) // ababab',
    errors: [
      { type: 'RangeError', when: 'the count is negative', example: '"ab".repeat(-1)' },
      {
        type: 'ResourceLimitError',
        when: 'the string would be too large',
        example: '"ab".repeat(1e9)',
      },
    ],
    run: (context, text, times) =>
      repeated(context, textArgument('repeat', 1, text), integerArgument('repeat', 2, times)),
  },
  {
    name: 'padStart',
    methodOf: ['string'],
    free: false,
    parameters: ['text', 'length', 'filler'],
    summary: 'The string, filled up at its start to a length.',
    example: '"7".padStart(3, "0") // 007',
    errors: [
      {
        type: 'ResourceLimitError',
        when: 'the string would be too large',
        example: '"7".padStart(1e9)',
      },
    ],
    run: (context, text, length, filler) => padded(context, 'padStart', text, length, filler),
  },
  {
    name: 'padEnd',
    methodOf: ['string'],
    free: false,
    parameters: ['text', 'length', 'filler'],
    summary: 'The string, filled up at its end to a length.',
    example: '"7".padEnd(3, ".") // 7..',
    errors: [
      {
        type: 'ResourceLimitError',
        when: 'the string would be too large',
        example: '"7".padEnd(1e9)',
      },
    ],
    run: (context, text, length, filler) => padded(context, 'padEnd', text, length, filler),
  },
  {
    name: 'localeCompare',
    methodOf: ['string'],
    free: false,
    parameters: ['text', 'other'],
    summary: '-1, 0 or 1: the order of two strings by UTF-16 units.',
    example: '"a".localeCompare("b") // -1',
    run: (_context, given, other) => {
      const left = textArgument('localeCompare', 1, given);
      const right = textArgument('localeCompare', 2, other);
      return left < right ? -1 : left > right ? 1 : 0;
    },
  },
];

function recased(
  name: string,
  word: string,
  example: string,
  change: (text: string) => string,
): Builtin {
  return {
    name,
    methodOf: ['string'],
    parameters: ['text'],
    summary: `The string in ${word} case.`,
    example,
    run: (context, given) => {
      const text = textArgument(name, 1, given);
      // One unit becomes at most three.
      context.allocate(text.length * 6);
      context.step(text.length >> 4);
      return change(text);
    },
  };
}

function trimmed(
  name: string,
  where: string,
  example: string,
  change: (text: string) => string,
): Builtin {
  return {
    name,
    methodOf: ['string'],
    parameters: ['text'],
    summary: `The string without white space at ${where}.`,
    example,
    run: (_context, given) => change(textArgument(name, 1, given)),
  };
}

function repeated(context: BuiltinContext, text: string, times: number): string {
  if (times < 0) throw raise('RangeError', 'repeat: the count must not be negative');
  if (text === '') return '';
  context.allocate(text.length * times * 2);
  context.step((text.length * times) >> 4);
  return text.repeat(times);
}

function padded(
  context: BuiltinContext,
  name: 'padStart' | 'padEnd',
  given: Given,
  length: Given,
  filler: Given,
): Value {
  const text = textArgument(name, 1, given);
  const target = integerArgument(name, 2, length);
  const fill = isMissing(filler) ? ' ' : textArgument(name, 3, filler);
  if (target <= text.length || fill === '') return text;
  context.allocate(target * 2);
  context.step(target >> 4);
  return name === 'padStart' ? text.padStart(target, fill) : text.padEnd(target, fill);
}
