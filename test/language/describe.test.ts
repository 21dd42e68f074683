import { expect, describe as group, it } from 'vitest';
import { describe, inspectValue, variableReport } from '../../src/language/runtime/describe.ts';
import {
  ChannelValue,
  DateValue,
  ErrorValue,
  encodeKey,
  ModuleValue,
  ObjectValue,
  UndecidedValue,
  type Value,
} from '../../src/language/runtime/value.ts';
import { builtinContext } from '../helpers/builtin-context.ts';

function object(...entries: [string, Value][]): ObjectValue {
  const made = new ObjectValue();
  for (const [key, value] of entries) made[encodeKey(key)] = value;
  return made;
}

group('a described value', () => {
  it('has type, JSON form and preview', () => {
    expect(describe(10)).toEqual({ type: 'number', value: 10, preview: '10' });
    expect(describe('a')).toEqual({ type: 'string', value: 'a', preview: '"a"' });
    expect(describe(null)).toEqual({ type: 'null', value: null, preview: 'null' });
    expect(describe([1, object(['2', 'x'])])).toEqual({
      type: 'array',
      value: [1, { '2': 'x' }],
      preview: '[1, {"2": "x"}]',
    });
    expect(describe(new UndecidedValue())).toEqual({ type: 'array', value: [], preview: '[]' });
  });

  it('has numbers without a JSON form as null', () => {
    expect(describe([Number.NaN, Number.POSITIVE_INFINITY]).value).toEqual([null, null]);
    expect(describe(Number.NaN)).toEqual({ type: 'number', value: null, preview: 'NaN' });
  });

  it('has no JSON form where the value has none', () => {
    const print = builtinContext().names.get('print')!;
    expect(describe(print)).toEqual({ type: 'function', preview: 'function print(...)' });
    expect(describe([print]).value).toEqual(['function print(...)']);
    expect(describe(new DateValue(0)).value).toBe('1970-01-01T00:00:00.000Z');
    expect(describe(new ErrorValue('TypeError', 'no')).value).toEqual({
      type: 'TypeError',
      message: 'no',
    });
  });

  it('shows a cycle as the path of what it leads back to', () => {
    const inner: Value[] = [];
    const root = object(['a', [inner]]);
    inner.push(inner, root);
    expect(describe(root).value).toEqual({ a: [[{ $ref: '$.a[0]' }, { $ref: '$' }]] });
  });

  it('shows a part that occurs twice as often', () => {
    const part: Value[] = [1];
    expect(describe([part, part]).value).toEqual([[1], [1]]);
  });

  it('keeps a key named __proto__ a key', () => {
    const { value } = describe(object(['__proto__', object(['x', 1])]));
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"x":1}}');
  });

  it('is bounded in depth, nodes and text', () => {
    let deep: Value = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(JSON.stringify(describe(deep).value)).toBe(`${'['.repeat(16)}"[...]"${']'.repeat(16)}`);
    let wide: Value = ['x'];
    for (let i = 0; i < 16; i++) wide = Array.from({ length: 10 }, () => wide);
    expect(JSON.stringify(describe(wide).value).length).toBeLessThan(100_000);
    const long = describe(Array.from({ length: 100 }, () => 'x'.repeat(100_000)));
    expect(JSON.stringify(long.value).length).toBeLessThan(300_000);
    expect(long.preview).toHaveLength(200);
    const keys = object(
      ...Array.from({ length: 100 }, (_, i): [string, Value] => ['k'.repeat(1_000_000) + i, i]),
    );
    expect(JSON.stringify(describe(keys).value).length).toBeLessThan(300_000);
  });
});

group('a variable report', () => {
  it('says size and kind', () => {
    const report = (value: Value) => {
      const { type, size, kind } = variableReport('x', value, true, false);
      return [type, size, kind];
    };
    expect(report('abc')).toEqual(['string', 3, 'variable']);
    expect(report([1, 2])).toEqual(['array', 2, 'variable']);
    expect(report(object(['a', 1]))).toEqual(['object', 1, 'variable']);
    expect(report(7)).toEqual(['number', 1, 'variable']);
    expect(report(builtinContext().names.get('print')!)).toEqual(['function', 1, 'function']);
    const module = new ModuleValue('m', null, { p: null }, new Map(), null);
    expect(report(module)).toEqual(['module', 0, 'module']);
  });

  it('has the value only when asked for', () => {
    expect(variableReport('x', [1], false, true)).toEqual({
      name: 'x',
      type: 'array',
      value: [1],
      preview: '[1]',
      size: 1,
      kind: 'variable',
      mutable: false,
    });
    expect('value' in variableReport('x', [1], false, false)).toBe(false);
  });
});

group('an inspection', () => {
  const value = object(['a', [10, object(['b', 'text'])]], ['n', 1]);

  it('shows as many levels as asked for', () => {
    expect(inspectValue(value, [], 0)).toEqual({
      type: 'object',
      preview: '{"a": [10, {"b": "text"}], "n": 1}',
      size: 2,
    });
    expect(inspectValue(value, [], 1)).toMatchObject({
      children: [
        { key: 'a', node: { type: 'array', size: 2 } },
        { key: 'n', node: { type: 'number', preview: '1' } },
      ],
    });
    expect(inspectValue([5], [], 3)).toEqual({
      type: 'array',
      preview: '[5]',
      size: 1,
      children: [{ key: 0, node: { type: 'number', preview: '5', size: 1 } }],
    });
  });

  it('starts at a path', () => {
    expect(inspectValue(value, ['a', 1, 'b'], 1)).toEqual({
      type: 'string',
      preview: '"text"',
      size: 4,
    });
    expect(inspectValue(value, ['a', 5], 1)).toBe('unknown_path');
    expect(inspectValue(value, ['a', 'length'], 1)).toBe('unknown_path');
    expect(inspectValue(value, ['constructor'], 1)).toBe('unknown_path');
    expect(inspectValue('text', ['length'], 1)).toBe('unknown_path');
  });

  it('shows what was shown before as a reference', () => {
    const cyclic: Value[] = [1];
    cyclic.push(cyclic);
    expect(inspectValue(object(['c', cyclic]), ['c'], 4)).toMatchObject({
      children: [{ key: 0 }, { key: 1, node: { type: 'array', reference: '$.c' } }],
    });
  });

  it('looks into modules, channels and errors', () => {
    const channel = new ChannelValue(2);
    channel.queue.push('first');
    expect(inspectValue(channel, [0], 0)).toMatchObject({ preview: '"first"' });
    const module = new ModuleValue('m', null, { p: null, s0: 4 }, new Map([['x', 's0']]), null);
    expect(inspectValue(module, ['x'], 0)).toMatchObject({ preview: '4' });
    expect(inspectValue(new ErrorValue('E', 'no'), ['message'], 0)).toMatchObject({
      preview: '"no"',
    });
  });

  it('is bounded and says when it was cut', () => {
    const wide = Array.from({ length: 50_000 }, (_, i) => i as Value);
    const node = inspectValue(wide, [], 1);
    expect(node).toMatchObject({ size: 50_000, truncated: true });
    expect(JSON.stringify(node).length).toBeLessThan(1_000_000);
  });

  it('does no work twice for one huge part', () => {
    const huge = object(
      ...Array.from({ length: 20_000 }, (_, i): [string, Value] => [`key${i}`, i]),
    );
    const node = inspectValue(
      Array.from({ length: 9_000 }, () => huge),
      [],
      1,
    );
    expect(node).toMatchObject({ size: 9_000 });
  });
});
