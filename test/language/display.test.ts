import { describe, expect, it } from 'vitest';
import { display, preview, typeName } from '../../src/language/runtime/display.ts';
import {
  ChannelValue,
  DateValue,
  ErrorValue,
  encodeKey,
  ObjectValue,
  RegexValue,
  UndecidedValue,
  type Value,
} from '../../src/language/runtime/value.ts';
import { builtinContext, raised } from '../helpers/builtin-context.ts';

function object(entries: Record<string, Value>): ObjectValue {
  const made = new ObjectValue();
  for (const [key, value] of Object.entries(entries)) made[encodeKey(key)] = value;
  return made;
}

function nested(depth: number): Value[] {
  const root: Value[] = [];
  let inner = root;
  for (let i = 0; i < depth; i++) {
    const next: Value[] = [];
    inner.push(next);
    inner = next;
  }
  return root;
}

/** Twice the size with each level, in memory of one array per level. */
function doubling(levels: number): Value {
  let value: Value = ['x'];
  for (let i = 0; i < levels; i++) value = [value, value];
  return value;
}

describe('the display form', () => {
  it('shows primitives as programs write them', () => {
    expect([0.1, -0, 1e21, 2, true, null, 'a"b'].map((value) => display(value))).toEqual([
      '0.1',
      '0',
      '1e+21',
      '2',
      'true',
      'null',
      'a"b',
    ]);
  });

  it('shows collections with quoted strings and blanks after separators', () => {
    expect(display([1, 2, 'a'])).toBe('[1, 2, "a"]');
    expect(display(object({ name: 'Ann', tags: ['x'] }))).toBe('{"name": "Ann", "tags": ["x"]}');
    expect(display([[], object({}), new UndecidedValue(), null])).toBe('[[], {}, [], null]');
  });

  it('keeps insertion order of numeric keys, and shows hostile keys as keys', () => {
    expect(display(object({ b: 1, '2': 2, a: 3, '1': 4, __proto__: 5 }))).toContain('"b": 1');
    const keys = new ObjectValue();
    for (const key of ['b', '2', '1', '__proto__', 'constructor']) keys[encodeKey(key)] = 0;
    expect(display(keys)).toBe('{"b": 0, "2": 0, "1": 0, "__proto__": 0, "constructor": 0}');
  });

  it('shows every other type', () => {
    expect(display(new ErrorValue('TypeError', 'no'))).toBe('no');
    expect(display(new RegexValue('a+', 'gi'))).toBe('/a+/gi');
    expect(display(new DateValue(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(display(new ChannelValue(3))).toBe('channel(3)');
    expect(display(builtinContext().names.get('print')!)).toBe('function print(...)');
  });

  it('marks a container inside itself, but not one that merely occurs twice', () => {
    const array: Value[] = [1];
    array.push(array);
    expect(display(array)).toBe('[1, [...]]');
    const self = new ObjectValue();
    self.me = self;
    expect(display([self])).toBe('[{"me": {...}}]');
    const shared: Value[] = [0];
    expect(display([shared, shared])).toBe('[[0], [0]]');
  });

  it('does not overflow the stack on deep nesting', () => {
    expect(display(nested(100_000)).length).toBe(200_002);
  });

  it('stops the program instead of writing an endless text', () => {
    expect(raised(() => display(doubling(64)))).toBe('ResourceLimitError');
    expect(raised(() => display(doubling(64), builtinContext({ bytesMax: 1e6 })))).toBe(
      'ResourceLimitError',
    );
  });

  it('counts its work', () => {
    expect(raised(() => display(doubling(64), builtinContext({ stepsMax: 10_000 })))).toBe(
      'ResourceLimitError',
    );
  });
});

describe('a preview', () => {
  it('quotes strings and cuts what is too long', () => {
    expect(preview('ab', 10)).toBe('"ab"');
    expect(preview('abcdefghijkl', 8)).toBe('"abcdef…');
    expect(preview([1, 2, 3, 4], 8)).toBe('[1, 2, …');
    expect(preview(['x'.repeat(1000)], 20)).toHaveLength(20);
  });

  it('does little work on a huge value', () => {
    expect(preview(doubling(64), 200)).toHaveLength(200);
  });
});

describe('the type name', () => {
  it('of an undecided collection is what it became', () => {
    const collection = new UndecidedValue();
    expect(typeName(collection)).toBe('array');
    collection.target = new ObjectValue();
    expect(typeName(collection)).toBe('object');
  });
});
