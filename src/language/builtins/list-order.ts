// Order and summaries of arrays (SPEC 9.4).
import { display, typeName } from '../runtime/display.ts';
import { equals } from '../runtime/equality.ts';
import { raise } from '../runtime/raised.ts';
import type { Value } from '../runtime/value.ts';
import {
  changedListArgument,
  functionArgument,
  type Given,
  isMissing,
  listArgument,
  wrongElement,
} from './arguments.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';

export const listOrder: readonly Builtin[] = [
  {
    name: 'sort',
    methodOf: ['array'],
    parameters: ['array', 'compare'],
    summary:
      'Sorts an array in place, stably, and returns it: numbers by value, else by display form, or by a function.',
    example: '[3, 10, 2].sort() // [2, 3, 10]',
    errors: [
      {
        type: 'TypeError',
        when: 'the comparison returns neither a number nor a boolean',
        example: '[2, 1].sort((a, b) => "less")',
      },
    ],
    run: (context, array, compare) => {
      const target = changedListArgument('sort', 1, array);
      const inOrder = sorted(context, 'sort', target, compare);
      // Written back at the end only: a comparison that throws leaves the array as it was.
      for (let i = 0; i < inOrder.length; i++) target[i] = inOrder[i]!;
      return array ?? null;
    },
  },
  {
    name: 'sorted',
    methodOf: ['array'],
    parameters: ['array', 'compare'],
    summary: 'A sorted copy of an array.',
    example: '["b", "a"].sorted() // ["a", "b"]',
    errors: [
      {
        type: 'TypeError',
        when: 'the comparison returns neither a number nor a boolean',
        example: '[2, 1].sorted((a, b) => "less")',
      },
    ],
    run: (context, array, compare) =>
      sorted(context, 'sorted', listArgument('sorted', 1, array), compare),
  },
  {
    name: 'sum',
    aliases: ['∑', '∇.sum'],
    methodOf: ['array'],
    parameters: ['array'],
    summary: 'The sum of an array of numbers, 0 if it is empty.',
    example: 'sum([1, 2, 3]) // 6',
    run: (context, array) => {
      let total = 0;
      for (const element of numbers(context, 'sum', array)) total += element;
      return total;
    },
  },
  {
    name: 'product',
    aliases: ['∏'],
    methodOf: ['array'],
    parameters: ['array'],
    summary: 'The product of an array of numbers, 1 if it is empty.',
    example: 'product([2, 3, 4]) // 24',
    run: (context, array) => {
      let total = 1;
      for (const element of numbers(context, 'product', array)) total *= element;
      return total;
    },
  },
  {
    name: 'unique',
    methodOf: ['array'],
    parameters: ['array'],
    summary: 'A copy without elements that equal an earlier one.',
    example: '[1, 2, 1, [3], [3]].unique() // [1, 2, [3]]',
    run: (context, array) => unique(context, listArgument('unique', 1, array)),
  },
];

function sorted(
  context: BuiltinContext,
  name: string,
  array: readonly Value[],
  compare: Given,
): Value[] {
  const length = array.length;
  context.allocate(length * 16);
  context.step(length);
  if (!isMissing(compare)) return sortedBy(context, name, array, compare);
  if (array.every((element) => typeof element === 'number')) {
    return (array.slice() as number[]).sort((a, b) => {
      context.step(1);
      return compareNumbers(a, b);
    });
  }
  const keyed = array.map((element) => ({ key: display(element, context), element }));
  keyed.sort((a, b) => {
    context.step(1);
    return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
  });
  return keyed.map(({ element }) => element);
}

/**
 * V8's sort is stable, works on a copy, and survives comparisons that contradict each other or throw. A function that
 * answers `x > y` with a boolean is asked both ways round, because "no" may mean equal.
 */
function sortedBy(
  context: BuiltinContext,
  name: string,
  array: readonly Value[],
  given: Value,
): Value[] {
  const compare = functionArgument(name, 2, given);
  const ask = (a: Value, b: Value): number | boolean => {
    context.step(1);
    const order = context.call(compare, 'comparison function', a, b);
    if (typeof order === 'number' || typeof order === 'boolean') return order;
    throw raise(
      'TypeError',
      `${name}: the comparison function must return a number, got ${typeName(order)}`,
    );
  };
  return array.slice().sort((a, b) => {
    const order = ask(a, b);
    if (typeof order === 'number') return order;
    return order ? 1 : -Number(ask(b, a));
  });
}

/** NaN after all numbers. */
function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** The elements of an array that must all be numbers. */
function numbers(context: BuiltinContext, name: string, given: Given): number[] {
  const array = listArgument(name, 1, given);
  context.step(array.length);
  for (let i = 0; i < array.length; i++) {
    const element = array[i]!;
    if (typeof element !== 'number') throw wrongElement(name, 'number', i, element);
  }
  return array as number[];
}

function unique(context: BuiltinContext, array: readonly Value[]): Value[] {
  const simple = new Set<Value>();
  const compound: Value[] = [];
  const kept: Value[] = [];
  context.allocate(array.length * 32);
  for (const element of array) {
    context.step(1);
    if (typeof element === 'object' && element !== null) {
      if (compound.some((other) => sameAs(context, element, other))) continue;
      compound.push(element);
    } else {
      if (simple.has(element)) continue;
      simple.add(element);
    }
    kept.push(element);
  }
  return kept;
}

function sameAs(context: BuiltinContext, element: Value, other: Value): boolean {
  context.step(1);
  return equals(element, other, context);
}
