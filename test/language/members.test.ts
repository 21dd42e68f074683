import { describe, expect, it } from 'vitest';
import { emptyContext } from '../../src/language/compile.ts';
import { iterate } from '../../src/language/runtime/iteration.ts';
import {
  getIndex,
  getMember,
  setIndex,
  setMember,
  slice,
} from '../../src/language/runtime/members.ts';
import {
  BoundMethod,
  ErrorValue,
  FunctionValue,
  ModuleValue,
  ObjectValue,
  RegexValue,
  UndecidedValue,
  type Value,
} from '../../src/language/runtime/value.ts';
import { builtinContext, raised } from '../helpers/builtin-context.ts';

const context = builtinContext();

const userFunction = new FunctionValue(
  {
    index: 0,
    name: 'f',
    parameterNames: [],
    unit: {
      id: 'unit',
      source: '',
      context: emptyContext,
      layout: { functions: [], digest: 0 },
      codes: [],
    },
    instantiate: () => () => null,
  },
  null,
  null,
);

describe('what a program cannot reach', () => {
  const hostNames = [
    'constructor',
    '__proto__',
    'prototype',
    'call',
    'apply',
    'bind',
    'caller',
    'arguments',
    'cause',
    'hasOwn',
    '__defineGetter__',
    '__lookupGetter__',
    'isPrototypeOf',
    'then',
    'run',
    'code',
    'environment',
    'receiver',
    'target',
    'slots',
    'members',
    'at',
    'copyWithin',
    'anchor',
    'toLocaleString',
  ];
  const values: [string, Value][] = [
    ['a number', 1],
    ['a string', 'text'],
    ['a boolean', true],
    ['an array', [1]],
    ['an object', new ObjectValue()],
    ['an undecided collection', new UndecidedValue()],
    ['a function', userFunction],
    ['a built-in', context.names.get('print')!],
    ['a built-in with members', context.names.get('String')!],
    ['a namespace', context.names.get('Math')!],
    ['a bound method', new BoundMethod([1], context.methods.array.get('push')!)],
    ['an error', new ErrorValue('Error', 'x')],
    ['a regex', new RegexValue('a', '')],
  ];

  it.each(values)('is anything of the host through a member of %s', (_what, value) => {
    for (const name of hostNames) {
      expect([name, getMember(context, value, name)]).toEqual([name, null]);
      expect([name, getIndex(context, value, name)]).toEqual([name, null]);
    }
  });

  it('is a prototype: hostile keys are plain keys', () => {
    const object = new ObjectValue();
    for (const key of ['__proto__', 'constructor', '\0x', '0', '']) {
      expect(getIndex(context, object, key)).toBe(null);
      setIndex(context, object, key, `value of ${key}`);
      expect(getIndex(context, object, key)).toBe(`value of ${key}`);
    }
    expect(context.run('keys', object)).toEqual(['__proto__', 'constructor', '\0x', '0', '']);
    expect(getMember(context, new ObjectValue(), 'constructor')).toBe(null);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('reading members', () => {
  it('finds own keys before built-in methods', () => {
    const object = new ObjectValue();
    expect(getMember(context, object, 'toString')).toBeInstanceOf(BoundMethod);
    setMember(context, object, 'toString', 5);
    expect(getMember(context, object, 'toString')).toBe(5);
  });

  it('knows length under both names', () => {
    expect(getMember(context, 'abc', 'len')).toBe(3);
    expect(getMember(context, [1, 2], 'length')).toBe(2);
    expect(getMember(context, new UndecidedValue(), 'length')).toBe(0);
  });

  it('fails on null and says what was read', () => {
    expect(raised(() => getMember(context, null, 'name'))).toBe(
      "TypeError: Cannot read property 'name' of null",
    );
    expect(raised(() => getIndex(context, null, 0))).toBe(
      "TypeError: Cannot read property '0' of null",
    );
    expect(raised(() => setMember(context, null, 'name', 1))).toBe(
      "TypeError: Cannot set property 'name' of null",
    );
  });

  it('gives null for elements that do not exist', () => {
    for (const index of [-1, 2, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(getIndex(context, [1, 2], index)).toBe(null);
      expect(getIndex(context, 'ab', index)).toBe(null);
    }
    expect(getIndex(context, 'ab', 1)).toBe('b');
  });

  it('shows type, place and stack of errors', () => {
    const error = new ErrorValue('TypeError', 'no', 7, [{ function: 'f', line: 2, column: 3 }]);
    expect(getMember(context, error, 'name')).toBe('TypeError');
    expect(getMember(context, error, 'line')).toBe(2);
    expect(getMember(context, error, 'value')).toBe(7);
    expect(context.run('String', getMember(context, error, 'stack'))).toBe(
      '[{"function": "f", "line": 2, "column": 3}]',
    );
    expect(getMember(context, new ErrorValue('Error', 'x'), 'line')).toBe(null);
  });

  it('respects what a module exports', () => {
    const module = new ModuleValue(
      'api',
      null,
      { p: null, s0: 1, s1: 2 },
      new Map([
        ['open', 's0'],
        ['secret', 's1'],
      ]),
      new Set(['open']),
    );
    expect(getMember(context, module, 'open')).toBe(1);
    expect(raised(() => getMember(context, module, 'secret'))).toBe(
      "ReferenceError: 'secret' is private in module 'api'",
    );
    expect(raised(() => getMember(context, module, 'nothing'))).toBe(
      "ReferenceError: 'nothing' is not defined in module 'api'",
    );
    expect(raised(() => setMember(context, module, 'open', 2))).toContain('TypeError');
  });
});

describe('writing members', () => {
  it('appends at the end and fills a gap with null', () => {
    const array: Value[] = [];
    setIndex(context, array, 0, 'a');
    setIndex(context, array, 3, 'd');
    expect(array).toEqual(['a', null, null, 'd']);
  });

  it('refuses indices that no array has', () => {
    for (const index of [-1, 0.5, Number.NaN, 2 ** 32 - 1]) {
      expect(raised(() => setIndex(context, [], index, 1))).toBe(
        `RangeError: Invalid array index ${index}`,
      );
    }
  });

  it('asks for room before it fills a gap', () => {
    const array: Value[] = [];
    expect(raised(() => setIndex(context, array, 4e9, 1))).toBe('ResourceLimitError');
    expect(array).toEqual([]);
  });

  it('refuses what cannot be set', () => {
    expect(raised(() => setIndex(context, 'abc', 0, 'x'))).toBe(
      'TypeError: Strings cannot be changed',
    );
    expect(raised(() => setMember(context, [1], 'length', 0))).toBe(
      "TypeError: Cannot set property 'length' of array",
    );
    expect(raised(() => setMember(context, new UndecidedValue(), 'len', 0))).toContain('TypeError');
    expect(raised(() => setMember(context, 5, 'x', 0))).toContain('TypeError');
    expect(raised(() => setMember(context, userFunction, 'x', 0))).toContain('TypeError');
    expect(raised(() => setIndex(context, [1], true, 0))).toContain('TypeError');
  });

  it('changes the message of an error and nothing else of it', () => {
    const error = new ErrorValue('Error', 'a');
    setMember(context, error, 'message', 'b');
    expect(error.message).toBe('b');
    expect(raised(() => setMember(context, error, 'type', 'X'))).toContain('TypeError');
  });

  it('decides an undecided collection', () => {
    const asArray = new UndecidedValue();
    setIndex(context, asArray, 0, 1);
    expect(asArray.target).toEqual([1]);
    expect(raised(() => setMember(context, asArray, 'k', 1))).toContain('TypeError');
    const asObject = new UndecidedValue();
    setIndex(context, asObject, 'k', 1);
    setMember(context, asObject, 'n', 2);
    setIndex(context, asObject, 3, 3);
    expect(context.run('String', asObject)).toBe('{"k": 1, "n": 2, "3": 3}');
    expect(getMember(context, asObject, 'k')).toBe(1);
  });
});

describe('slices', () => {
  it('truncate bounds, count negative ones from the end, and clamp', () => {
    expect(slice(context, [1, 2, 3, 4], 1, 3)).toEqual([2, 3]);
    expect(slice(context, 'abcdef', -3, undefined)).toBe('def');
    expect(slice(context, 'abcdef', 1.9, -0.5)).toBe('');
    expect(slice(context, [1, 2], null, 99)).toEqual([1, 2]);
    expect(slice(context, [1, 2], 2, 1)).toEqual([]);
    expect(slice(context, new UndecidedValue(), 0, 5)).toEqual([]);
  });

  it('exist of arrays and strings only, with numbers as bounds', () => {
    expect(raised(() => slice(context, new ObjectValue(), 0, 1))).toBe(
      'TypeError: Cannot slice object',
    );
    expect(raised(() => slice(context, [1], 'a', 1))).toContain('TypeError');
  });

  it('are copies', () => {
    const array: Value[] = [1];
    expect(slice(context, array, 0, 1)).not.toBe(array);
  });
});

describe('loops', () => {
  const all = (value: Value, operator: 'in' | 'of'): Value[] => {
    const items = iterate(context, value, operator);
    const seen: Value[] = [];
    for (let item = items.next(); item !== undefined; item = items.next()) seen.push(item);
    return seen;
  };

  it('go over elements, code points, keys and values', () => {
    const object = new ObjectValue();
    setIndex(context, object, '7', 'x');
    expect(all([3, null], 'in')).toEqual([3, null]);
    expect(all('a😀\ud800', 'of')).toEqual(['a', '😀', '\ud800']);
    expect(all(object, 'in')).toEqual(['7']);
    expect(all(object, 'of')).toEqual(['x']);
    expect(all(new UndecidedValue(), 'of')).toEqual([]);
  });

  it('visit elements that are appended meanwhile', () => {
    const array: Value[] = [1];
    const items = iterate(context, array, 'of');
    expect(items.next()).toBe(1);
    array.push(2);
    expect(items.next()).toBe(2);
    expect(items.next()).toBeUndefined();
  });

  it('skip keys that are removed meanwhile', () => {
    const object = new ObjectValue();
    object.a = 1;
    object.b = 2;
    const items = iterate(context, object, 'in');
    items.next();
    delete object.b;
    expect(items.next()).toBeUndefined();
  });

  it('go over nothing else', () => {
    expect(raised(() => iterate(context, 5, 'of'))).toBe('TypeError: Cannot iterate over number');
    expect(raised(() => iterate(context, null, 'of'))).toBe('TypeError: Cannot iterate over null');
  });
});
