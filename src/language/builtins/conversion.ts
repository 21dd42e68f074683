// Conversions between types, and tests for types (SPEC 9.2).
import { toNumber, truthy } from '../runtime/convert.ts';
import { display, typeName } from '../runtime/display.ts';
import { raise } from '../runtime/raised.ts';
import type { Value } from '../runtime/value.ts';
import {
  type Given,
  integerArgument,
  isFunction,
  numberArgument,
  textArgument,
} from './arguments.ts';
import type { Builtin } from './builtin.ts';

export const conversion: readonly Builtin[] = [
  {
    name: 'Number',
    aliases: ['🔢', 'num', 'float', '⟑.Number'],
    parameters: ['value'],
    summary: 'The value as a number: numeric strings, booleans and null have one, all else is NaN.',
    example: 'Number("2.5") // 2.5',
    run: (_context, value) => toNumber(value ?? null),
  },
  {
    name: 'int',
    parameters: ['value'],
    summary: 'The value as a number, truncated toward zero.',
    example: 'int("-2.9") // -2',
    run: (_context, value) => Math.trunc(toNumber(value ?? null)),
  },
  {
    name: 'String',
    aliases: ['🔤', 'str', '⟑.String'],
    parameters: ['value'],
    summary: 'The display form of a value.',
    example: 'String([1, "a"]) // [1, "a"]',
    run: (context, value) => display(value ?? null, context),
  },
  {
    name: 'Boolean',
    aliases: ['bool'],
    parameters: ['value'],
    summary: 'True unless the value is false, 0, NaN, an empty string or null.',
    example: 'Boolean([]) // true',
    run: (_context, value) => truthy(value ?? null),
  },
  {
    name: 'parseInt',
    parameters: ['text', 'radix'],
    summary: 'The whole number that a text begins with, NaN if there is none.',
    example: 'parseInt("12px") // 12',
    errors: [
      {
        type: 'RangeError',
        when: 'the radix is neither 0 nor between 2 and 36',
        example: 'parseInt("7", 1)',
      },
    ],
    run: (_context, text, radix) => {
      const digits = textArgument('parseInt', 1, text);
      const base = integerArgument('parseInt', 2, radix, 10);
      if (base !== 0 && (base < 2 || base > 36)) {
        throw raise('RangeError', 'parseInt: radix must be 0 or between 2 and 36');
      }
      return Number.parseInt(digits, base);
    },
  },
  {
    name: 'parseFloat',
    parameters: ['text'],
    summary: 'The decimal number that a text begins with, NaN if there is none.',
    example: 'parseFloat("3.5 kg") // 3.5',
    run: (_context, text) => {
      const decimal = leadingDecimal.exec(textArgument('parseFloat', 1, text).trimStart());
      return decimal === null ? Number.NaN : Number(decimal[0]);
    },
  },
  test('isNaN', 'Whether the value is the number NaN.', 'isNaN(Number("x")) // true', (value) =>
    Number.isNaN(value),
  ),
  test('isFinite', 'Whether the value is a finite number.', 'isFinite(1/3) // true', (value) =>
    Number.isFinite(value),
  ),
  {
    ...test(
      'isInteger',
      'Whether the value is a whole number.',
      'Number.isInteger(2) // true',
      (v) => Number.isInteger(v),
    ),
    name: 'Number.isInteger',
  },
  {
    ...test('isArray', 'Whether the value is an array.', 'isArray([1]) // true', isType('array')),
    aliases: ['Array.isArray'],
  },
  test('isObject', 'Whether the value is an object.', 'isObject([1]) // false', isType('object')),
  test('isString', 'Whether the value is a string.', 'isString("a") // true', isType('string')),
  test('isNumber', 'Whether the value is a number.', 'isNumber("1") // false', isType('number')),
  test('isFunction', 'Whether the value can be called.', 'isFunction(print) // true', isFunction),
  {
    name: 'toString',
    methodOf: [
      'number',
      'string',
      'boolean',
      'array',
      'object',
      'function',
      'regex',
      'error',
      'date',
      'channel',
      'shared',
    ],
    free: false,
    parameters: ['value', 'radix'],
    summary: 'The display form; of a number also in another radix.',
    example: '(255).toString(16) // ff',
    errors: [
      {
        type: 'RangeError',
        when: 'the radix is not between 2 and 36',
        example: '(7).toString(37)',
      },
    ],
    run: (context, value, radix) => {
      if (typeof value !== 'number' || radix === undefined || radix === null) {
        return display(value ?? null, context);
      }
      const base = integerArgument('toString', 2, radix);
      if (base < 2 || base > 36) {
        throw raise('RangeError', 'toString: radix must be between 2 and 36');
      }
      return value.toString(base);
    },
  },
  {
    name: 'valueOf',
    methodOf: ['number', 'string', 'boolean'],
    free: false,
    parameters: ['value'],
    summary: 'The value itself.',
    example: '(5).valueOf() // 5',
    run: (_context, value) => value ?? null,
  },
  {
    name: 'toFixed',
    methodOf: ['number'],
    free: false,
    parameters: ['number', 'digits'],
    summary: 'The number with exactly that many decimals (0 to 100).',
    example: '(2.345).toFixed(1) // 2.3',
    errors: [
      {
        type: 'RangeError',
        when: 'the number of digits is not between 0 and 100',
        example: '(7).toFixed(101)',
      },
    ],
    run: (_context, number, digits) => {
      const count = integerArgument('toFixed', 2, digits, 0);
      if (count < 0 || count > 100) {
        throw raise('RangeError', 'toFixed: digits must be between 0 and 100');
      }
      return numberArgument('toFixed', 1, number).toFixed(count);
    },
  },
  {
    name: 'toPrecision',
    methodOf: ['number'],
    free: false,
    parameters: ['number', 'digits'],
    summary: 'The number with that many significant digits (1 to 100).',
    example: '(1234.5).toPrecision(2) // 1.2e+3',
    errors: [
      {
        type: 'RangeError',
        when: 'the number of digits is not between 1 and 100',
        example: '(7).toPrecision(0)',
      },
    ],
    run: (_context, given, digits) => {
      const number = numberArgument('toPrecision', 1, given);
      if (digits === undefined || digits === null) return display(number);
      const count = integerArgument('toPrecision', 2, digits);
      if (count < 1 || count > 100) {
        throw raise('RangeError', 'toPrecision: digits must be between 1 and 100');
      }
      return number.toPrecision(count);
    },
  },
];

const leadingDecimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/;

function test(
  name: string,
  summary: string,
  example: string,
  holds: (value: Given) => boolean,
): Builtin {
  return { name, parameters: ['value'], summary, example, run: (_context, value) => holds(value) };
}

function isType(type: string): (value: Given) => boolean {
  return (value: Value | undefined) => typeName(value ?? null) === type;
}
