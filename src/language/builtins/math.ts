// Mathematics (SPEC 9.6). Everything is free and in `Math.`, except `Math.log`, because `log` prints.
import { raise } from '../runtime/raised.ts';
import { settled } from '../runtime/undecided.ts';
import type { Value } from '../runtime/value.ts';
import {
  functionArgument,
  type Given,
  integerArgument,
  numberArgument,
  wrongArgument,
  wrongElement,
} from './arguments.ts';
import type { BuiltinConstant } from './bind.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';

export const math: readonly Builtin[] = [
  unary('abs', 'The number without its sign.', 'abs(-3) // 3', Math.abs),
  unary('round', 'The nearest whole number; halves go up.', 'round(-2.5) // -2', Math.round),
  unary('floor', 'The greatest whole number not above.', 'floor(-1.5) // -2', Math.floor),
  unary('ceil', 'The least whole number not below.', 'ceil(1.2) // 2', Math.ceil),
  unary('trunc', 'The whole part.', 'trunc(-1.7) // -1', Math.trunc),
  unary('sign', '-1, 0 or 1.', 'sign(-7) // -1', Math.sign),
  unary('sqrt', 'The square root, NaN for negative numbers.', 'sqrt(9) // 3', Math.sqrt, ['√']),
  unary('cbrt', 'The cube root.', 'cbrt(27) // 3', Math.cbrt),
  unary('exp', 'e to the power of a number.', 'exp(0) // 1', Math.exp),
  {
    ...unary('Math.log', 'The natural logarithm.', 'Math.log(1) // 0', Math.log),
    aliases: [],
  },
  unary('log2', 'The logarithm to base 2.', 'log2(8) // 3', Math.log2),
  unary('log10', 'The logarithm to base 10.', 'log10(1000) // 3', Math.log10),
  unary('sin', 'The sine of an angle in radians.', 'sin(0) // 0', Math.sin),
  unary('cos', 'The cosine of an angle in radians.', 'cos(0) // 1', Math.cos),
  unary('tan', 'The tangent of an angle in radians.', 'tan(0) // 0', Math.tan),
  unary('asin', 'The arc sine, in radians.', 'asin(0) // 0', Math.asin),
  unary('acos', 'The arc cosine, in radians.', 'acos(1) // 0', Math.acos),
  unary('atan', 'The arc tangent, in radians.', 'atan(0) // 0', Math.atan),
  binary('atan2', ['y', 'x'], 'The angle of a point, in radians.', 'atan2(0, 1) // 0', Math.atan2),
  binary('pow', ['base', 'exponent'], 'A power.', 'pow(2, 10) // 1024', Math.pow),
  several('hypot', 'The square root of the sum of squares.', 'hypot(3, 4) // 5', (numbers) =>
    numbers.reduce((length, number) => Math.hypot(length, number), 0),
  ),
  {
    ...several('min', 'The least of the numbers, or of an array.', 'min(3, 1, 2) // 1', (numbers) =>
      numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    ),
    methodOf: ['array'],
  },
  {
    ...several(
      'max',
      'The greatest of the numbers, or of an array.',
      'max([3, 1]) // 3',
      (numbers) => numbers.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    ),
    methodOf: ['array'],
  },
  {
    name: 'integrate',
    aliases: ['∫'],
    parameters: ['function', 'from', 'to', 'steps'],
    summary: 'The integral of a function between two points, by the composite Simpson rule.',
    example: 'integrate(x => x * x, 0, 3).toFixed(6) // 9.000000',
    errors: [
      {
        type: 'RangeError',
        when: 'the number of steps is odd or not positive',
        example: 'integrate(x => x, 0, 1, 3)',
      },
      {
        type: 'TypeError',
        when: 'the function returns no number',
        example: 'integrate(x => "x", 0, 1)',
      },
    ],
    run: (context, callback, from, to, steps) =>
      integrate(
        context,
        functionArgument('integrate', 1, callback),
        numberArgument('integrate', 2, from),
        numberArgument('integrate', 3, to),
        integerArgument('integrate', 4, steps, 1000),
      ),
  },
];

export const mathConstants: readonly BuiltinConstant[] = [
  {
    name: 'PI',
    aliases: ['π', 'Math.PI'],
    value: Math.PI,
    summary: 'The ratio of circumference to diameter.',
  },
  { name: 'Math.E', value: Math.E, summary: "Euler's number." },
  {
    name: 'Infinity',
    value: Number.POSITIVE_INFINITY,
    summary: 'More than every number.',
  },
  {
    name: 'NaN',
    value: Number.NaN,
    summary: 'What a failed conversion gives; not equal to itself.',
  },
];

function unary(
  name: string,
  summary: string,
  example: string,
  compute: (number: number) => number,
  symbols: readonly string[] = [],
): Builtin {
  return {
    name,
    aliases: [`Math.${name}`, ...symbols],
    parameters: ['number'],
    summary,
    example,
    run: (_context, number) => compute(numberArgument(name, 1, number)),
  };
}

function binary(
  name: string,
  parameters: readonly [string, string],
  summary: string,
  example: string,
  compute: (first: number, second: number) => number,
): Builtin {
  return {
    name,
    aliases: [`Math.${name}`],
    parameters,
    summary,
    example,
    run: (_context, first, second) =>
      compute(numberArgument(name, 1, first), numberArgument(name, 2, second)),
  };
}

/** Of all arguments, or of the elements of one array; none at all is a TypeError. */
function several(
  name: string,
  summary: string,
  example: string,
  compute: (numbers: readonly number[]) => number,
): Builtin {
  return {
    name,
    aliases: [`Math.${name}`],
    parameters: ['...numbers'],
    summary,
    example,
    errors: [{ type: 'TypeError', when: 'there is no number', example: `${name}()` }],
    run: (context, ...given) => {
      const [first] = given;
      const only = given.length === 1 && first !== undefined ? settled(first) : null;
      const all: readonly Given[] = Array.isArray(only) ? only : given;
      if (all.length === 0) throw raise('TypeError', `${name}: expected at least one number`);
      context.step(all.length);
      for (const [at, element] of all.entries()) {
        if (typeof element === 'number') continue;
        throw all === given
          ? wrongArgument(name, 'number', at + 1, element)
          : wrongElement(name, 'number', at, element);
      }
      return compute(all as readonly number[]);
    },
  };
}

function integrate(
  context: BuiltinContext,
  callback: Value,
  from: number,
  to: number,
  steps: number,
): number {
  if (steps < 2 || steps % 2 !== 0) {
    throw raise('RangeError', 'integrate: the number of steps must be even and positive');
  }
  const width = (to - from) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    context.step(1);
    const height = context.call(callback, 'function', from + i * width);
    if (typeof height !== 'number') {
      throw raise('TypeError', 'integrate: the function must return a number');
    }
    sum += height * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
  }
  return (sum * width) / 3;
}
