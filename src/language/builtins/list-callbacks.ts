// Operations that call a function for each element (SPEC 5.3, 9.4). A callback may throw, or change the array: elements
// that are gone are not visited, those appended after the start are not either.
import { truthy } from '../runtime/convert.ts';
import { raise } from '../runtime/raised.ts';
import { settled } from '../runtime/undecided.ts';
import { decodeKey, ObjectValue, type Value } from '../runtime/value.ts';
import {
  functionArgument,
  type Given,
  listArgument,
  numberArgument,
  wrongArgument,
} from './arguments.ts';
import type { Builtin, BuiltinContext, BuiltinFunction } from './builtin.ts';

export const listCallbacks: readonly Builtin[] = [
  {
    name: 'each',
    aliases: ['∀', 'forEach', '∇.each'],
    methodOf: ['array'],
    parameters: ['subject', 'to', 'function'],
    summary:
      'Calls a function for each element, character or entry, or for the numbers a to b-1: each(a, b, f).',
    example: 'each([1, 2], x => print(x)) // null',
    run: (context, subject, to, callback) =>
      typeof subject === 'number'
        ? eachNumber(context, subject, to, callback)
        : eachItem(context, subject, to),
  },
  search(
    'find',
    'The first element for which the function holds, null if there is none.',
    '[1, 5, 9].find(x => x > 3) // 5',
    (element) => element,
    null,
  ),
  search(
    'findIndex',
    'The index of the first element for which the function holds, -1 if there is none.',
    '[1, 5, 9].findIndex(x => x > 3) // 1',
    (_element, index) => index,
    -1,
  ),
  search(
    'some',
    'Whether the function holds for an element.',
    '[1, 5].some(x => x > 3) // true',
    () => true,
    false,
  ),
  {
    name: 'every',
    methodOf: ['array'],
    parameters: ['array', 'function'],
    summary: 'Whether the function holds for all elements.',
    example: '[1, 5].every(x => x > 3) // false',
    run: visiting('every', (context, callback, elements, array) => {
      for (let i = 0, length = elements.length; i < length && i < elements.length; i++) {
        context.step(1);
        if (!truthy(context.call(callback, 'callback', elements[i]!, i, array))) return false;
      }
      return true;
    }),
  },
  {
    name: 'map',
    methodOf: ['array'],
    parameters: ['array', 'function'],
    summary: 'A new array of what the function makes of each element.',
    example: '[1, 2, 3].map(x => x * x) // [1, 4, 9]',
    run: visiting('map', (context, callback, elements, array) => {
      const { length } = elements;
      context.allocate(length * 8);
      const made: Value[] = [];
      for (let i = 0; i < length && i < elements.length; i++) {
        context.step(1);
        made.push(context.call(callback, 'callback', elements[i]!, i, array));
      }
      return made;
    }),
  },
  {
    name: 'filter',
    methodOf: ['array'],
    parameters: ['array', 'function'],
    summary: 'A new array of the elements for which the function holds.',
    example: '[1, 2, 3, 4].filter(x => x % 2 == 0) // [2, 4]',
    run: visiting('filter', (context, callback, elements, array) => {
      const { length } = elements;
      context.allocate(length * 8);
      const kept: Value[] = [];
      for (let i = 0; i < length && i < elements.length; i++) {
        context.step(1);
        const element = elements[i]!;
        if (truthy(context.call(callback, 'callback', element, i, array))) kept.push(element);
      }
      return kept;
    }),
  },
  {
    name: 'flatMap',
    methodOf: ['array'],
    parameters: ['array', 'function'],
    summary: 'As map, with arrays among the results replaced by their elements.',
    example: '[1, 2].flatMap(x => [x, x * 10]) // [1, 10, 2, 20]',
    run: visiting('flatMap', (context, callback, elements, array) => {
      const made: Value[] = [];
      for (let i = 0, length = elements.length; i < length && i < elements.length; i++) {
        const part = context.call(callback, 'callback', elements[i]!, i, array);
        const target = settled(part);
        const size = Array.isArray(target) ? target.length : 1;
        context.step(size + 1);
        context.allocate((made.length + size) * 8);
        if (Array.isArray(target)) for (const element of target) made.push(element);
        else made.push(part);
      }
      return made;
    }),
  },
  {
    name: 'reduce',
    methodOf: ['array'],
    parameters: ['array', 'function', 'initial'],
    summary: 'Folds the elements from the left into one value.',
    example: '[1, 2, 3].reduce((a, b) => a + b, 10) // 16',
    errors: [
      {
        type: 'TypeError',
        when: 'the array is empty and there is no initial value',
        example: '[].reduce((a, b) => a + b)',
      },
    ],
    run: (context, array, callback, initial) =>
      fold(context, 'reduce', array, callback, initial, 1),
  },
  {
    name: 'reduceRight',
    methodOf: ['array'],
    parameters: ['array', 'function', 'initial'],
    summary: 'Folds the elements from the right into one value.',
    example: '["a", "b", "c"].reduceRight((a, b) => a + b) // cba',
    errors: [
      {
        type: 'TypeError',
        when: 'the array is empty and there is no initial value',
        example: '[].reduceRight((a, b) => a + b)',
      },
    ],
    run: (context, array, callback, initial) =>
      fold(context, 'reduceRight', array, callback, initial, -1),
  },
];

type Visit = (
  context: BuiltinContext,
  callback: Value,
  elements: readonly Value[],
  array: Value,
) => Value;

/** Checks the array and the function; `array` is the value itself, as callbacks get it. */
function visiting(name: string, visit: Visit): BuiltinFunction {
  return (context, array, callback) =>
    visit(
      context,
      functionArgument(name, 2, callback),
      listArgument(name, 1, array),
      array ?? null,
    );
}

function search(
  name: string,
  summary: string,
  example: string,
  found: (element: Value, index: number) => Value,
  missing: Value,
): Builtin {
  return {
    name,
    methodOf: ['array'],
    parameters: ['array', 'function'],
    summary,
    example,
    run: visiting(name, (context, callback, elements, array) => {
      for (let i = 0, length = elements.length; i < length && i < elements.length; i++) {
        context.step(1);
        const element = elements[i]!;
        if (truthy(context.call(callback, 'callback', element, i, array))) {
          return found(element, i);
        }
      }
      return missing;
    }),
  };
}

function fold(
  context: BuiltinContext,
  name: string,
  array: Given,
  given: Given,
  initial: Given,
  direction: 1 | -1,
): Value {
  const elements = listArgument(name, 1, array);
  const callback = functionArgument(name, 2, given);
  let at = direction === 1 ? 0 : elements.length - 1;
  let result = initial;
  if (result === undefined) {
    result = elements[at];
    if (result === undefined) {
      throw raise('TypeError', `${name}: an empty array needs an initial value`);
    }
    at += direction;
  }
  const end = direction === 1 ? elements.length : -1;
  for (; at !== end; at += direction) {
    const element = elements[at];
    if (element === undefined) continue;
    context.step(1);
    result = context.call(callback, 'callback', result, element, at, array ?? null);
  }
  return result;
}

function eachNumber(context: BuiltinContext, from: number, to: Given, given: Given): null {
  const end = numberArgument('each', 2, to);
  const callback = functionArgument('each', 3, given);
  for (let i = from; i < end; i++) {
    context.step(1);
    context.call(callback, 'callback', i);
  }
  return null;
}

function eachItem(context: BuiltinContext, subject: Given, given: Given): null {
  const target = subject === undefined ? null : settled(subject);
  if (typeof target === 'string') {
    const callback = functionArgument('each', 2, given);
    let index = 0;
    for (const character of target) {
      context.step(1);
      context.call(callback, 'callback', character, index++);
    }
  } else if (Array.isArray(target)) {
    const callback = functionArgument('each', 2, given);
    for (let i = 0, length = target.length; i < length && i < target.length; i++) {
      context.step(1);
      context.call(callback, 'callback', target[i]!, i, subject!);
    }
  } else if (target instanceof ObjectValue) {
    const callback = functionArgument('each', 2, given);
    for (const name of Object.keys(target)) {
      context.step(1);
      const value = target[name];
      if (value !== undefined) context.call(callback, 'callback', value, decodeKey(name));
    }
  } else {
    throw wrongArgument('each', 'array, string or object', 1, subject);
  }
  return null;
}
