// Making and changing arrays (SPEC 9.1, 9.4). Callbacks are in list-callbacks.ts, order in list-order.ts.
import { display } from '../runtime/display.ts';
import { setIndex, setMember } from '../runtime/members.ts';
import { raise } from '../runtime/raised.ts';
import { TextBuilder } from '../runtime/text-builder.ts';
import { arrayToChange, objectToChange, settled } from '../runtime/undecided.ts';
import type { Value } from '../runtime/value.ts';
import {
  changedListArgument,
  type Given,
  integerArgument,
  isMissing,
  listArgument,
  numberArgument,
  textArgument,
  wrongArgument,
} from './arguments.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';

export const list: readonly Builtin[] = [
  {
    name: 'push',
    aliases: ['⊢'],
    methodOf: ['array'],
    parameters: ['array', '...values'],
    summary: 'Appends values to an array and returns its new length.',
    example: '[1].push(2, 3) // 3',
    run: (context, array, ...values) =>
      append(context, changedListArgument('push', 1, array), values),
  },
  {
    name: 'add',
    aliases: ['＋'],
    methodOf: ['array'],
    parameters: ['collection', '...values'],
    summary: 'Appends values to an array, or sets a key of an object: add(object, key, value).',
    example: 'add([1], 2) // 2',
    errors: [
      {
        type: 'TypeError',
        when: 'the object is a namespace, such as `Math`',
        example: 'add(Math, "TAU", 6.28)',
      },
    ],
    run: (context, collection, ...values) => {
      const array = arrayToChange(collection ?? null);
      if (array !== null) return append(context, array, values);
      if (objectToChange(collection ?? null) === null) {
        throw wrongArgument('add', 'array or object', 1, collection);
      }
      const [key, value] = values;
      if (typeof key === 'string') setMember(context, collection!, key, value ?? null);
      else setIndex(context, collection!, key ?? null, value ?? null);
      return value ?? null;
    },
  },
  {
    name: 'pop',
    aliases: ['⊣'],
    methodOf: ['array'],
    parameters: ['array'],
    summary: 'Removes and returns the last element, null if there is none.',
    example: '[1, 2].pop() // 2',
    run: (_context, array) => changedListArgument('pop', 1, array).pop() ?? null,
  },
  {
    name: 'shift',
    methodOf: ['array'],
    parameters: ['array'],
    summary: 'Removes and returns the first element, null if there is none.',
    example: '[1, 2].shift() // 1',
    run: (context, array) => {
      const target = changedListArgument('shift', 1, array);
      countMoves(context, target);
      return target.shift() ?? null;
    },
  },
  {
    name: 'unshift',
    methodOf: ['array'],
    parameters: ['array', '...values'],
    summary: 'Puts values before the first element and returns the new length.',
    example: '[3].unshift(1, 2) // 3',
    run: (context, array, ...values) => {
      const target = changedListArgument('unshift', 1, array);
      countMoves(context, target);
      context.allocate((target.length + values.length) * 8);
      return target.unshift(...present(values));
    },
  },
  {
    name: 'splice',
    methodOf: ['array'],
    parameters: ['array', 'from', 'count', '...values'],
    summary:
      'Removes `count` elements at an index, puts values there, and returns what was removed.',
    example: '[1, 2, 3, 4].splice(1, 2) // [2, 3]',
    run: (context, array, from, count, ...values) => {
      const target = changedListArgument('splice', 1, array);
      countMoves(context, target);
      context.allocate((target.length + values.length) * 8);
      const start = integerArgument('splice', 2, from);
      const most = integerArgument('splice', 3, count, Number.POSITIVE_INFINITY);
      return target.splice(start, most, ...present(values));
    },
  },
  {
    name: 'join',
    methodOf: ['array'],
    parameters: ['array', 'separator'],
    summary: 'The display forms of the elements with a separator between them; null is "".',
    example: '[1, null, "b"].join("-") // 1--b',
    run: (context, array, separator) => {
      const target = listArgument('join', 1, array);
      const between = isMissing(separator) ? ',' : textArgument('join', 2, separator);
      const text = new TextBuilder(context);
      for (let i = 0; i < target.length; i++) {
        const element = target[i] ?? null;
        if (i > 0) text.append(between);
        if (element !== null) text.append(display(element, context));
      }
      return text.toString();
    },
  },
  {
    name: 'fill',
    methodOf: ['array'],
    parameters: ['array', 'value', 'from', 'to'],
    summary: 'Sets all elements, or those of a range, to one value and returns the array.',
    example: 'Array(3).fill(0) // [0, 0, 0]',
    run: (context, array, value, from, to) => {
      const target = changedListArgument('fill', 1, array);
      context.step(target.length);
      target.fill(
        value ?? null,
        integerArgument('fill', 3, from, 0),
        integerArgument('fill', 4, to, target.length),
      );
      return array ?? null;
    },
  },
  {
    name: 'flat',
    methodOf: ['array'],
    parameters: ['array', 'depth'],
    summary: 'A copy in which inner arrays are replaced by their elements, `depth` levels deep.',
    example: '[1, [2, [3]]].flat() // [1, 2, [3]]',
    run: (context, array, depth) =>
      flatten(context, listArgument('flat', 1, array), integerArgument('flat', 2, depth, 1)),
  },
  {
    name: 'Array',
    parameters: ['...values'],
    summary: 'An array of n nulls; of several values, the array of them.',
    example: 'Array(2) // [null, null]',
    errors: [
      {
        type: 'RangeError',
        when: 'the length is no whole number, or is negative',
        example: 'Array(1.5)',
      },
      { type: 'ResourceLimitError', when: 'the array would be too large', example: 'Array(1e9)' },
    ],
    run: (context, ...values) => {
      const [length] = values;
      if (values.length !== 1 || typeof length !== 'number') return present(values);
      if (!(Number.isInteger(length) && length >= 0 && length < 2 ** 32)) {
        throw raise('RangeError', `Invalid array length ${length}`);
      }
      return length <= wholeLengthMax
        ? nulls(context, length)
        : filled(context, length, () => null);
    },
  },
  {
    name: 'range',
    parameters: ['from', 'to', 'step'],
    summary: 'The numbers from `from` up to, not including, `to`; range(n) counts from 0.',
    example: 'range(1, 10, 3) // [1, 4, 7]',
    errors: [
      { type: 'RangeError', when: 'the step is 0', example: 'range(1, 5, 0)' },
      { type: 'ResourceLimitError', when: 'the array would be too large', example: 'range(1e9)' },
    ],
    run: (context, from, to, step) => {
      const first = isMissing(to) ? 0 : numberArgument('range', 1, from);
      const end = isMissing(to) ? numberArgument('range', 1, from) : numberArgument('range', 2, to);
      const by = isMissing(step) ? 1 : numberArgument('range', 3, step);
      if (by === 0) throw raise('RangeError', 'range: step must not be 0');
      const length = Math.ceil((end - first) / by);
      return length > 0 ? filled(context, length, (i) => first + i * by) : [];
    },
  },
];

const growthPerRequest = 4096;
/** Longer arrays are made bit by bit, so that limits are noticed on the way. */
const wholeLengthMax = 2 ** 20;

function append(context: BuiltinContext, array: Value[], values: readonly Given[]): number {
  // Asked for only now and then, so that appending one by one stays fast.
  if (array.length % growthPerRequest === 0 || values.length > 1) {
    context.allocate((array.length + values.length + growthPerRequest) * 8);
  }
  for (let i = 0; i < values.length; i++) array.push(values[i] ?? null);
  return array.length;
}

/** At once, which takes V8 a millisecond or two at most. */
function nulls(context: BuiltinContext, length: number): Value[] {
  context.allocate(length * 8);
  context.step(length);
  return new Array<Value>(length).fill(null);
}

function filled(context: BuiltinContext, length: number, element: (at: number) => Value): Value[] {
  context.allocate(length * 8);
  const array: Value[] = [];
  while (array.length < length) {
    const stop = Math.min(length, array.length + growthPerRequest);
    context.step(stop - array.length);
    while (array.length < stop) array.push(element(array.length));
  }
  return array;
}

/** Moving elements is a block copy: cheap, but not free. */
function countMoves(context: BuiltinContext, array: readonly Value[]): void {
  context.step((array.length >> 6) + 1);
}

function flatten(context: BuiltinContext, array: Value[], depth: number): Value[] {
  const flat: Value[] = [];
  const open: { readonly array: Value[]; next: number }[] = [{ array, next: 0 }];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    context.step(1);
    if (level.next >= level.array.length) {
      open.pop();
      continue;
    }
    const element = level.array[level.next++] ?? null;
    const inner = open.length <= depth ? listOrNull(element) : null;
    const size = flat.length + open.length;
    if (size % growthPerRequest === 0) context.allocate((size + growthPerRequest) * 16);
    if (inner === null) flat.push(element);
    else open.push({ array: inner, next: 0 });
  }
  return flat;
}

function listOrNull(value: Value): Value[] | null {
  const target = settled(value);
  return Array.isArray(target) ? target : null;
}

function present(given: readonly Given[]): Value[] {
  return given.map((value) => value ?? null);
}
