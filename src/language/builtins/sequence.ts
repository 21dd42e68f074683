// Operations that strings and arrays share (SPEC 9.1, 9.3, 9.4).
import { display } from '../runtime/display.ts';
import { equals } from '../runtime/equality.ts';
import { slice } from '../runtime/members.ts';
import { TextBuilder } from '../runtime/text-builder.ts';
import { arrayToChange, settled } from '../runtime/undecided.ts';
import { ObjectValue, type Value } from '../runtime/value.ts';
import { type Given, integerArgument, textArgument, wrongArgument } from './arguments.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';

export const sequence: readonly Builtin[] = [
  {
    name: 'len',
    aliases: ['length'],
    parameters: ['value'],
    summary: 'The length of a string or array, the number of keys of an object.',
    example: 'len([1, 2, 3]) // 3',
    run: (_context, value) => {
      const target = value === undefined ? null : settled(value);
      if (typeof target === 'string' || Array.isArray(target)) return target.length;
      if (target instanceof ObjectValue) return Object.keys(target).length;
      throw wrongArgument('len', 'string, array or object', 1, value);
    },
  },
  {
    name: 'slice',
    methodOf: ['string', 'array'],
    parameters: ['sequence', 'from', 'to'],
    summary: 'A copy of a part; negative indices count from the end.',
    example: '[1, 2, 3, 4].slice(1, -1) // [2, 3]',
    run: (context, sequence, from, to) => {
      const start = integerArgument('slice', 2, from, 0);
      const end = integerArgument('slice', 3, to, Number.POSITIVE_INFINITY);
      return slice(context, sequenceArgument('slice', sequence), start, end);
    },
  },
  {
    name: 'indexOf',
    aliases: ['index_of'],
    methodOf: ['string', 'array'],
    parameters: ['sequence', 'part', 'from'],
    summary: 'The first index of an element or part, -1 if there is none.',
    example: '"hello".indexOf("l") // 2',
    run: (context, sequence, part, from) => {
      const target = sequenceArgument('indexOf', sequence);
      const start = startIndex(integerArgument('indexOf', 3, from, 0), target);
      if (typeof target === 'string')
        return target.indexOf(textArgument('indexOf', 2, part), start);
      return firstIndex(context, target, part ?? null, start);
    },
  },
  {
    name: 'lastIndexOf',
    methodOf: ['string', 'array'],
    parameters: ['sequence', 'part'],
    summary: 'The last index of an element or part, -1 if there is none.',
    example: '[1, 2, 1].lastIndexOf(1) // 2',
    run: (context, sequence, part) => {
      const target = sequenceArgument('lastIndexOf', sequence);
      if (typeof target === 'string') {
        return target.lastIndexOf(textArgument('lastIndexOf', 2, part));
      }
      for (let i = target.length - 1; i >= 0; i--) {
        context.step(1);
        if (equals(target[i]!, part ?? null, context)) return i;
      }
      return -1;
    },
  },
  {
    name: 'includes',
    aliases: ['contains'],
    methodOf: ['string', 'array'],
    parameters: ['sequence', 'part'],
    summary: 'Whether an element or part occurs.',
    example: '[1, [2]].includes([2]) // true',
    run: (context, sequence, part) => {
      const target = sequenceArgument('includes', sequence);
      if (typeof target === 'string') return target.includes(textArgument('includes', 2, part));
      return firstIndex(context, target, part ?? null, 0) !== -1;
    },
  },
  {
    name: 'concat',
    methodOf: ['string', 'array'],
    parameters: ['sequence', '...others'],
    summary: 'A new string or array of all arguments in a row.',
    example: '[1].concat([2, 3], 4) // [1, 2, 3, 4]',
    run: (context, sequence, ...others) => {
      const target = sequenceArgument('concat', sequence);
      return typeof target === 'string'
        ? concatTexts(context, target, others)
        : concatLists(context, target, others);
    },
  },
  {
    name: 'reverse',
    methodOf: ['string', 'array'],
    parameters: ['sequence'],
    summary: 'Reverses an array in place; of a string, a reversed copy by code points.',
    example: '[1, 2, 3].reverse() // [3, 2, 1]',
    run: (context, sequence) => {
      if (typeof sequence === 'string') return reversedText(context, sequence);
      const target = arrayToChange(sequence ?? null);
      if (target === null) throw wrongArgument('reverse', 'string or array', 1, sequence);
      context.step(target.length);
      target.reverse();
      return sequence ?? null;
    },
  },
];

function sequenceArgument(name: string, given: Given): string | Value[] {
  if (typeof given === 'string') return given;
  const target = given === undefined ? null : settled(given);
  if (Array.isArray(target)) return target;
  throw wrongArgument(name, 'string or array', 1, given);
}

function startIndex(from: number, target: string | Value[]): number {
  if (from >= 0) return from;
  return typeof target === 'string' ? 0 : Math.max(0, target.length + from);
}

function firstIndex(
  context: BuiltinContext,
  array: readonly Value[],
  wanted: Value,
  from: number,
): number {
  if (typeof wanted !== 'object' || wanted === null) {
    context.step(array.length >> 2);
    return array.indexOf(wanted, from);
  }
  for (let i = from; i < array.length; i++) {
    context.step(1);
    if (equals(array[i]!, wanted, context)) return i;
  }
  return -1;
}

function concatTexts(context: BuiltinContext, first: string, others: readonly Given[]): string {
  const text = new TextBuilder(context);
  text.append(first);
  for (const other of others) text.append(display(other ?? null, context));
  return text.toString();
}

function concatLists(
  context: BuiltinContext,
  first: readonly Value[],
  others: readonly Given[],
): Value[] {
  const lists = others.map((other) => {
    const target = other === undefined ? null : settled(other);
    return Array.isArray(target) ? target : [other ?? null];
  });
  const length = lists.reduce((total, list) => total + list.length, first.length);
  context.allocate(length * 8);
  context.step((length >> 3) + 1);
  return first.concat(...lists);
}

function reversedText(context: BuiltinContext, text: string): string {
  context.allocate(text.length * 8);
  context.step(text.length);
  return [...text].reverse().join('');
}
