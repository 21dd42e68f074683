// Keys, values and entries of objects and arrays (SPEC 9.1, 9.5).
import { display, typeName } from '../runtime/display.ts';
import { raise } from '../runtime/raised.ts';
import { arrayToChange, objectToChange, settled } from '../runtime/undecided.ts';
import { decodeKey, encodeKey, ObjectValue, type Value } from '../runtime/value.ts';
import { type Given, listArgument, objectArgument, wrongArgument } from './arguments.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';

export const object: readonly Builtin[] = [
  {
    name: 'keys',
    aliases: ['Object.keys'],
    methodOf: ['array'],
    parameters: ['collection'],
    summary: 'The keys of an object in insertion order, or the indices of an array.',
    example: 'keys({b: 1, a: 2}) // ["b", "a"]',
    run: (context, collection) => entriesOf(context, 'keys', collection, (key) => key),
  },
  {
    name: 'values',
    aliases: ['Object.values'],
    methodOf: ['array'],
    parameters: ['collection'],
    summary: 'The values of an object in insertion order, or the elements of an array.',
    example: 'values({b: 1, a: 2}) // [1, 2]',
    run: (context, collection) => entriesOf(context, 'values', collection, (_key, value) => value),
  },
  {
    name: 'entries',
    aliases: ['Object.entries'],
    methodOf: ['array'],
    parameters: ['collection'],
    summary: 'Pairs of key and value of an object, or of index and element of an array.',
    example: 'entries({a: 1}) // [["a", 1]]',
    run: (context, collection) =>
      entriesOf(context, 'entries', collection, (key, value) => [key, value]),
  },
  {
    name: 'Object.assign',
    parameters: ['target', '...sources'],
    summary: 'Copies the entries of objects into the first one and returns it.',
    example: 'Object.assign({a: 1}, {b: 2}) // {"a": 1, "b": 2}',
    errors: [
      {
        type: 'TypeError',
        when: 'the first object is a namespace, such as `Math`',
        example: 'Object.assign(Math, { a: 1 })',
      },
    ],
    run: (context, target, ...sources) => {
      const changed = objectToChange(target ?? null);
      if (changed === null) throw wrongArgument('Object.assign', 'object', 1, target);
      for (const [at, source] of sources.entries()) {
        const given = objectArgument('Object.assign', at + 2, source);
        const names = Object.keys(given);
        context.step(names.length);
        for (const name of names) changed[name] = given[name]!;
      }
      return target ?? null;
    },
  },
  {
    name: 'Object.fromEntries',
    parameters: ['pairs'],
    summary: 'The object made of pairs of key and value.',
    example: 'Object.fromEntries([["a", 1]]) // {"a": 1}',
    errors: [
      {
        type: 'TypeError',
        when: 'an element is not an array',
        example: 'Object.fromEntries(["ab"])',
      },
    ],
    run: (context, pairs) => {
      const made = new ObjectValue();
      for (const pair of listArgument('Object.fromEntries', 1, pairs)) {
        context.step(1);
        const entry = settled(pair);
        if (!Array.isArray(entry)) {
          throw raise('TypeError', `Object.fromEntries: expected pairs, got ${typeName(pair)}`);
        }
        made[encodeKey(display(entry[0] ?? null, context))] = entry[1] ?? null;
      }
      return made;
    },
  },
  {
    name: 'has',
    aliases: ['Object.has'],
    parameters: ['object', 'key'],
    summary: 'Whether an object has a key.',
    example: 'has({a: null}, "a") // true',
    run: (context, object, key) => hasKey(context, 'has', object, key),
  },
  {
    name: 'hasOwnProperty',
    methodOf: ['object'],
    free: false,
    parameters: ['object', 'key'],
    summary: 'Whether an object has a key.',
    example: '({a: 1}).hasOwnProperty("b") // false',
    run: (context, object, key) => hasKey(context, 'hasOwnProperty', object, key),
  },
  {
    name: 'del',
    parameters: ['collection', 'key'],
    summary: 'Removes a key of an object or an element of an array; says whether it was there.',
    example: 'del({a: 1}, "a") // true',
    errors: [
      {
        type: 'TypeError',
        when: 'the object is a namespace, such as `Math`',
        example: 'del(Math, "PI")',
      },
    ],
    run: (context, collection, key) => remove(context, collection, key),
  },
];

function entriesOf(
  context: BuiltinContext,
  name: string,
  collection: Given,
  entry: (key: Value, value: Value) => Value,
): Value[] {
  const target = collection === undefined ? null : settled(collection);
  if (Array.isArray(target)) {
    count(context, target.length);
    return target.map((element, index) => entry(index, element));
  }
  if (target instanceof ObjectValue) {
    const names = Object.keys(target);
    count(context, names.length);
    return names.map((name) => entry(decodeKey(name), target[name]!));
  }
  throw wrongArgument(name, 'object or array', 1, collection);
}

function count(context: BuiltinContext, length: number): void {
  context.step(length);
  context.allocate(length * 8);
}

function hasKey(context: BuiltinContext, name: string, object: Given, key: Given): boolean {
  const target = objectArgument(name, 1, object);
  return target[encodeKey(display(key ?? null, context))] !== undefined;
}

function remove(context: BuiltinContext, collection: Given, key: Given): boolean {
  const target = collection === undefined ? null : settled(collection);
  if (target instanceof ObjectValue) {
    const name = encodeKey(display(key ?? null, context));
    const changed = objectToChange(target)!;
    if (changed[name] === undefined) return false;
    delete changed[name];
    return true;
  }
  if (!Array.isArray(target)) throw wrongArgument('del', 'object or array', 1, collection);
  if (typeof key !== 'number') throw wrongArgument('del', 'number', 2, key);
  if (!(Number.isInteger(key) && key >= 0 && key < target.length)) return false;
  context.step((target.length >> 6) + 1);
  arrayToChange(collection!)?.splice(key, 1);
  return true;
}
