import { describe, expect, it } from 'vitest';
import { equals, identical } from '../../src/language/runtime/equality.ts';
import {
  BoundMethod,
  DateValue,
  ErrorValue,
  encodeKey,
  ObjectValue,
  UndecidedValue,
  type Value,
} from '../../src/language/runtime/value.ts';
import { builtinContext, raised } from '../helpers/builtin-context.ts';

function object(...entries: [string, Value][]): ObjectValue {
  const made = new ObjectValue();
  for (const [key, value] of entries) made[encodeKey(key)] = value;
  return made;
}

/** An array that holds itself after `length` steps. */
function ring(length: number): Value[] {
  const first: Value[] = [1];
  let last = first;
  for (let i = 1; i < length; i++) {
    const next: Value[] = [1];
    last.push(next);
    last = next;
  }
  last.push(first);
  return first;
}

describe('==', () => {
  it('compares primitives by value and never across types', () => {
    expect(equals(1, 1)).toBe(true);
    expect(equals(1, '1')).toBe(false);
    expect(equals(0, false)).toBe(false);
    expect(equals(null, false)).toBe(false);
    expect(equals(Number.NaN, Number.NaN)).toBe(false);
    expect(equals([], null)).toBe(false);
  });

  it('compares arrays and objects by structure, whatever the order of keys', () => {
    expect(equals([1, [2, 'x']], [1, [2, 'x']])).toBe(true);
    expect(equals([1, [2, 'x']], [1, [2, 'y']])).toBe(false);
    expect(equals([1], [1, 2])).toBe(false);
    expect(equals([Number.NaN], [Number.NaN])).toBe(false);
    expect(equals(object(['a', 1], ['b', [2]]), object(['b', [2]], ['a', 1]))).toBe(true);
    expect(equals(object(['a', null]), object(['b', null]))).toBe(false);
    expect(equals(object(), [])).toBe(false);
    expect(equals([object(['toString', 1])], [object()])).toBe(false);
  });

  it('reads an undecided collection as an empty array', () => {
    expect(equals(new UndecidedValue(), [])).toBe(true);
    expect(equals([new UndecidedValue()], [[]])).toBe(true);
    expect(equals(new UndecidedValue(), object())).toBe(false);
  });

  it('compares dates by time and errors by identity', () => {
    expect(equals(new DateValue(5), new DateValue(5))).toBe(true);
    expect(equals([new DateValue(5)], [new DateValue(5)])).toBe(true);
    expect(equals(new ErrorValue('Error', 'a'), new ErrorValue('Error', 'a'))).toBe(false);
  });

  it('ends on cycles, also of different lengths', () => {
    expect(equals(ring(1), ring(1))).toBe(true);
    expect(equals(ring(2), ring(3))).toBe(true);
    const other = ring(3);
    other[0] = 2;
    expect(equals(ring(3), other)).toBe(false);
  });

  it('takes linear work on large rings of coprime lengths and on shared structure', () => {
    const context = builtinContext({ stepsMax: 2_000_000 });
    expect(equals(ring(100_000), ring(99_999), context)).toBe(true);
    const doubling = (): Value => {
      let value: Value = ['x'];
      for (let i = 0; i < 200; i++) value = [value, value];
      return value;
    };
    expect(equals(doubling(), doubling(), context)).toBe(true);
  });

  it('does not overflow the stack on deep nesting', () => {
    const deep = (): Value => {
      let value: Value = [];
      for (let i = 0; i < 200_000; i++) value = [value];
      return value;
    };
    expect(equals(deep(), deep())).toBe(true);
  });

  it('counts its work', () => {
    const large = () => Array.from({ length: 10_000 }, (_, i) => [i] as Value);
    expect(raised(() => equals(large(), large(), builtinContext({ stepsMax: 5_000 })))).toBe(
      'ResourceLimitError',
    );
  });
});

describe('===', () => {
  it('compares arrays and objects by identity', () => {
    const array: Value[] = [1];
    expect(identical(array, array)).toBe(true);
    expect(identical([1], [1])).toBe(false);
    const collection = new UndecidedValue();
    expect(identical(collection, collection)).toBe(true);
    expect(identical(collection, new UndecidedValue())).toBe(false);
  });

  it('finds a method read twice to be the same function', () => {
    const { methods } = builtinContext();
    const array: Value[] = [];
    const push = methods.array.get('push')!;
    expect(identical(new BoundMethod(array, push), new BoundMethod(array, push))).toBe(true);
    expect(identical(new BoundMethod(array, push), new BoundMethod([], push))).toBe(false);
  });
});
