import { describe, expect, it } from 'vitest';
import { builtinConstants, builtins, oneLetterCalls } from '../../src/language/builtins/table.ts';
import { display } from '../../src/language/runtime/display.ts';
import {
  BuiltinValue,
  ChannelValue,
  DateValue,
  ErrorValue,
  encodeKey,
  ObjectValue,
  RegexValue,
  SharedValue,
  UndecidedValue,
  type Value,
} from '../../src/language/runtime/value.ts';
import { builtinContext, callback, raised } from '../helpers/builtin-context.ts';
import { newSession } from '../helpers/run-program.ts';

const context = builtinContext();
const run = context.run.bind(context);

describe('the table', () => {
  it('gives every name to one built-in only', () => {
    const names = builtins.flatMap(({ name, aliases = [], free }) =>
      free === false ? aliases.filter((alias) => alias.includes('.')) : [name, ...aliases],
    );
    names.push(...builtinConstants.flatMap((row) => [row.name, ...(row.aliases ?? [])]));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('gives every type one method per name', () => {
    const methods = builtins.flatMap((row) =>
      (row.methodOf ?? []).flatMap((type) =>
        [row.name, ...(row.aliases ?? [])].map((name) => `${type}.${name}`),
      ),
    );
    expect(methods.filter((name, at) => methods.indexOf(name) !== at)).toEqual([]);
  });

  it('documents every built-in', () => {
    for (const row of builtins) {
      expect(row.summary, row.name).toMatch(/\.$/);
      expect(row.example, row.name).toContain(' // ');
    }
  });

  it('makes namespaces of dotted names, callable where the name is a built-in too', () => {
    expect(context.names.get('Math')).toBeInstanceOf(ObjectValue);
    expect(context.names.get('String')).toBeInstanceOf(BuiltinValue);
    expect((context.names.get('JSON') as BuiltinValue).members?.get('stringify')).toBe(
      context.names.get('to_json'),
    );
    expect(context.names.has('toFixed')).toBe(false);
  });

  it('has a session of its own for every binding', () => {
    expect(builtinContext().names.get('print')).not.toBe(context.names.get('print'));
  });

  it('knows the one-letter calls', () => {
    expect(oneLetterCalls.get('j')).toBe('parse_json');
  });
});

describe('arguments', () => {
  it('of the wrong type are refused with position and type', () => {
    expect(raised(() => run('upper', 5))).toBe(
      'TypeError: upper: expected string for argument 1, got number',
    );
    expect(raised(() => run('startsWith', 'a'))).toBe(
      'TypeError: startsWith: expected string for argument 2, got null',
    );
    expect(raised(() => run('map', [1], 3))).toBe(
      'TypeError: map: expected function for argument 2, got number',
    );
    expect(raised(() => run('floor', '1'))).toBe(
      'TypeError: floor: expected number for argument 1, got string',
    );
  });

  it('never make any built-in fail in a way that is no error of the language', () => {
    const limited = builtinContext({ stepsMax: 20_000, bytesMax: 100_000 });
    for (const row of builtins) {
      const given = awkwardValues();
      for (const first of given) {
        for (const second of given) {
          for (const third of [undefined, 3, ...given.slice(-3)]) {
            limited.steps = 0;
            // `raised` passes on everything that is not Raised or Stopped.
            raised(() => limited.run(row.name, first, second, third));
            raised(() => limited.run(row.name, new UndecidedValue(), second, third));
          }
        }
      }
    }
  });
});

describe('dates, channels and shared states', () => {
  it('never break a function, whatever it takes', () => {
    const limited = builtinContext({ stepsMax: 20_000, bytesMax: 100_000 });
    const values = [new DateValue(5), new ChannelValue(2), new SharedValue('s')];
    for (const row of builtins) {
      for (const value of values) {
        for (const other of [undefined, 1, 'text', [value], value]) {
          limited.steps = 0;
          raised(() => limited.run(row.name, value, other, value));
          raised(() => limited.run(row.name, other, value, other));
        }
      }
    }
  });
});

function awkwardValues(): Value[] {
  const cyclic: Value[] = [1];
  cyclic.push(cyclic);
  const object = new ObjectValue();
  object.self = object;
  const numbers = [-1, 2.5, Number.NaN, Number.POSITIVE_INFINITY];
  const others = [new RegexValue('(', ''), new ErrorValue('Error', 'x'), callback(() => null)];
  return [null, true, '', 'text', ...numbers, ...others, cyclic, object];
}

describe('progress', () => {
  it('is told to the host as the program says it', () => {
    const { host, run } = newSession();
    run('progress(1); progress(2.5, 10); progress(3, null)');
    expect(host.progressed).toEqual([
      { value: 1, of: null },
      { value: 2.5, of: 10 },
      { value: 3, of: null },
    ]);
  });
});

describe('numbers', () => {
  it('are parsed as the language writes them', () => {
    expect(
      ['12', ' -1.5e2 ', '', 'x', '0x10', '1.', '.5'].map((text) => run('Number', text)),
    ).toEqual([12, -150, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0.5]);
    expect(run('Number', null)).toBe(0);
    expect(run('Number', [1])).toBeNaN();
    expect(run('parseInt', '  0x1f', 16)).toBe(31);
    expect(run('parseInt', '0x1f')).toBe(0);
    expect(run('parseInt', '0x1f', 0)).toBe(31);
    expect(run('parseInt', 'x')).toBeNaN();
    expect(raised(() => run('parseInt', '1', 1))).toContain('RangeError');
    expect(run('parseFloat', '3.5e1kg')).toBe(35);
    expect(run('parseFloat', 'Infinity')).toBeNaN();
  });

  it('are rounded and written as specified', () => {
    expect([-2.5, 2.5, -0.4].map((number) => display(run('round', number)))).toEqual([
      '-2',
      '3',
      '0',
    ]);
    expect(run('toFixed', 1.005, 2)).toBe('1.00');
    expect(raised(() => run('toFixed', 1, 101))).toContain('RangeError');
    expect(run('toString', 255, 2)).toBe('11111111');
    expect(raised(() => run('toString', 1, 37))).toContain('RangeError');
    expect((run('hypot', 3e200, 4e200) as number) / 5e200).toBeCloseTo(1);
  });

  it('min and max take numbers or one array, and need at least one', () => {
    expect(run('min', 3, 1, 2)).toBe(1);
    expect(run('max', [3, 1, 2])).toBe(3);
    expect(raised(() => run('min'))).toContain('TypeError');
    expect(raised(() => run('max', []))).toContain('TypeError');
    expect(raised(() => run('max', [1, 'a']))).toContain('got string');
  });
});

describe('texts', () => {
  it('are replaced everywhere, literally', () => {
    expect(run('replace', 'a.b.c', '.', '$&')).toBe('a$&b$&c');
    expect(run('replace', 'aaa', 'aa', 'b')).toBe('ba');
    expect(run('replace', 'ab', '', '-')).toBe('-a-b-');
    expect(run('replace', '', '', 'x')).toBe('x');
    const upper = callback((found) => String(found).toUpperCase());
    expect(run('replace', 'abab', 'b', upper)).toBe('aBaB');
  });

  it('are split as specified', () => {
    expect(run('split', 'a,b,', ',')).toEqual(['a', 'b', '']);
    expect(run('split', '', ',')).toEqual(['']);
    expect(run('split', 'a,b,c', ',', 2)).toEqual(['a', 'b']);
    expect(run('split', 'a😀', '')).toEqual(['a', '\ud83d', '\ude00']);
    expect(run('lines', 'a\r\nb\rc\n\nd\n')).toEqual(['a', 'b', 'c', '', 'd']);
  });

  it('are split and changed by regular expressions too', () => {
    expect(run('split', 'a1b22c', new RegexValue('\\d+', ''))).toEqual(['a', 'b', 'c']);
    expect(run('replace', 'a1b22c', new RegexValue('\\d+', 'g'), '-')).toBe('a-b-c');
    expect(raised(() => run('replace', 'a', new RegexValue('a', ''), 5))).toBe(
      'TypeError: replace: expected string for argument 3, got number',
    );
    expect(raised(() => run('test', new RegexValue('(', ''), 'a'))).toBe(
      'ParseError: Invalid regular expression: Unterminated group',
    );
  });

  it('outside an index are empty or null', () => {
    expect(run('charAt', 'a', 5)).toBe('');
    expect(run('charCodeAt', 'a', 5)).toBe(null);
    expect(run('codePointAt', 'a', -1)).toBe(null);
    expect(run('substring', 'abc', -1, 2)).toBe('ab');
    expect(run('slice', 'abc', -2)).toBe('bc');
  });

  it('ask for room before they grow', () => {
    for (const [name, ...given] of [
      ['repeat', 'x', 1e9],
      ['repeat', 'x', Number.POSITIVE_INFINITY],
      ['padStart', 'x', 1e12],
      ['range', 1e9],
      ['Array', 4e9],
      ['split', 'x'.repeat(20_000_000), ''],
      ['base64', 'x'.repeat(20_000_000)],
      ['encrypt', 'x'.repeat(20_000_000), ''],
    ] as [string, ...Value[]][]) {
      expect([name, raised(() => run(name, ...given))]).toEqual([name, 'ResourceLimitError']);
    }
    expect(raised(() => run('repeat', 'x', -1))).toContain('RangeError');
    const big = 'x'.repeat(1_000_000);
    const parts = Array.from({ length: 100 }, () => big);
    expect(raised(() => run('join', parts))).toBe('ResourceLimitError');
    expect(raised(() => run('replace', 'x'.repeat(1000), 'x', big))).toBe('ResourceLimitError');
    expect(raised(() => run('concat', 'x', ...parts))).toBe('ResourceLimitError');
  });
});

describe('arrays', () => {
  it('are sorted stably: numbers by value, others by display form', () => {
    expect(run('sorted', [10, 9, 1])).toEqual([1, 9, 10]);
    expect(run('sorted', [10, 9, 'a', 1])).toEqual([1, 10, 9, 'a']);
    expect(display(run('sorted', [2, Number.NaN, 1]))).toBe('[1, 2, NaN]');
    const pairs: Value[] = [
      [1, 'a'],
      [0, 'b'],
      [1, 'c'],
      [0, 'd'],
    ];
    const byFirst = callback(
      (a, b) => ((a as Value[])[0] as number) - ((b as Value[])[0] as number),
    );
    expect(display(run('sort', pairs, byFirst))).toBe('[[0, "b"], [0, "d"], [1, "a"], [1, "c"]]');
  });

  it('survive comparisons that throw, contradict each other, or change the array', () => {
    const array: Value[] = [3, 1, 2];
    const failing = callback(() => {
      throw new Error('from the comparison');
    });
    expect(() => run('sort', array, failing)).toThrow('from the comparison');
    expect(array).toEqual([3, 1, 2]);
    run(
      'sort',
      array,
      callback(() => 1),
    );
    expect([...array].sort()).toEqual([1, 2, 3]);
    const emptied: Value[] = [3, 1, 2];
    run(
      'sort',
      emptied,
      callback(() => {
        emptied.length = 0;
        return 0;
      }),
    );
    expect(emptied).toHaveLength(3);
    expect(
      raised(() =>
        run(
          'sort',
          [1, 2],
          callback(() => 'x'),
        ),
      ),
    ).toContain('got string');
  });

  it('survive callbacks that change them', () => {
    const shrinking: Value[] = [1, 2, 3, 4];
    const seen: Value[] = [];
    run(
      'each',
      shrinking,
      callback((element) => {
        seen.push(element!);
        shrinking.pop();
        return null;
      }),
    );
    expect(seen).toEqual([1, 2]);
    const growing: Value[] = [1, 2];
    expect(
      run(
        'map',
        growing,
        callback((element) => growing.push(element!)),
      ),
    ).toHaveLength(2);
  });

  it('of an undecided collection read as empty and are decided by the first mutation', () => {
    const collection = new UndecidedValue();
    expect(
      run(
        'map',
        collection,
        callback(() => 1),
      ),
    ).toEqual([]);
    expect(run('len', collection)).toBe(0);
    expect(run('sum', collection)).toBe(0);
    expect(run('keys', collection)).toEqual([]);
    expect(collection.target).toBe(null);
    expect(run('push', collection, 1)).toBe(1);
    expect(run('add', collection, 2)).toBe(2);
    expect(run('sort', collection)).toBe(collection);
    expect(collection.target).toEqual([1, 2]);
    const assigned = new UndecidedValue();
    run('Object.assign', assigned, new ObjectValue());
    expect(assigned.target).toBeInstanceOf(ObjectValue);
  });

  it('can be flattened even if they hold themselves', () => {
    const cyclic: Value[] = [1];
    cyclic.push(cyclic);
    expect(display(run('flat', cyclic))).toBe('[1, 1, [1, [...]]]');
    expect(raised(() => run('flat', cyclic, Number.POSITIVE_INFINITY))).toBe('ResourceLimitError');
    const empty: Value[] = [];
    empty.push(empty);
    expect(raised(() => run('flat', empty, 1e9))).toBe('ResourceLimitError');
  });

  it('need numbers to be summed', () => {
    expect(raised(() => run('sum', [1, 'a']))).toBe(
      'TypeError: sum: expected number at index 1, got string',
    );
  });

  it('find elements by ==', () => {
    expect(run('indexOf', [[1], [2]], [2])).toBe(1);
    expect(run('includes', ['1'], 1)).toBe(false);
    expect(run('indexOf', [1, 2, 1], 1, -1)).toBe(2);
    expect(run('lastIndexOf', [[1], [1]], [1])).toBe(1);
    expect(run('unique', [1, '1', [1], [1], null, null])).toEqual([1, '1', [1], null]);
  });
});

describe('deep copies', () => {
  it('keep cycles, shared parts and depth', () => {
    const shared: Value[] = [1];
    const root: Value[] = [shared, shared];
    root.push(root);
    const copy = run('copyof', root) as Value[];
    expect(copy).not.toBe(root);
    expect(copy[2]).toBe(copy);
    expect(copy[0]).toBe(copy[1]);
    expect(copy[0]).not.toBe(shared);
    let deep: Value = [];
    for (let i = 0; i < 200_000; i++) deep = [deep];
    expect(display(run('copyof', deep)).length).toBe(400_002);
  });
});

describe('JSON', () => {
  const parse = (text: string) => display(run('JSON.parse', text));

  it('is read into values', () => {
    expect(parse(' {"a": [1, -2.5e3, true, null, "x\\n\\u00e9\\/"], "": {}} ')).toBe(
      '{"a": [1, -2500, true, null, "x\\né/"], "": {}}',
    );
    expect(parse('"a"')).toBe('a');
    expect(parse('{"b": 1, "2": 2, "1": 3, "b": 4}')).toBe('{"b": 4, "2": 2, "1": 3}');
  });

  it('cannot reach a prototype', () => {
    const value = run('JSON.parse', '{"__proto__": {"x": 1}, "constructor": 2}') as ObjectValue;
    expect(value.x).toBeUndefined();
    expect(value[encodeKey('__proto__')]).toBeInstanceOf(ObjectValue);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('that is invalid is refused with line and column', () => {
    const cases: [string, string][] = [
      ['', 'line 1 column 1: unexpected end'],
      ['[1,\n  2,]', 'line 2 column 5: unexpected "]"'],
      ['{"a" 1}', 'line 1 column 6: unexpected "1"'],
      ['{a: 1}', 'line 1 column 2: unexpected "a"'],
      ['[1 2]', 'line 1 column 4: unexpected "2"'],
      ['01', 'line 1 column 2: unexpected "1"'],
      ['"a', 'line 1 column 3: unexpected end'],
      ['"a\nb"', 'line 1 column 3: unexpected "\\n"'],
      ['"\\x"', 'line 1 column 2: bad escape in a string'],
      ['"\\u12g4"', 'line 1 column 2: bad escape in a string'],
      ['nul', 'line 1 column 1: unexpected "n"'],
      ['[1]]', 'line 1 column 4: unexpected "]"'],
      ['{"a": 1', 'line 1 column 8: unexpected end'],
      ["['a']", 'line 1 column 2: unexpected "\'"'],
      ['NaN', 'line 1 column 1: unexpected "N"'],
      ['+1', 'line 1 column 1: unexpected "+"'],
    ];
    for (const [text, place] of cases) {
      expect([text, raised(() => parse(text))]).toEqual([
        text,
        `ParseError: Invalid JSON at ${place}`,
      ]);
    }
  });

  it('agrees with ECMAScript on many texts', () => {
    const texts = [
      '[[[]]]',
      '{"a":{"b":[]}}',
      '-0',
      '1E+2',
      '0.1',
      '[ ]',
      '{ }',
      '\t[\r\n1\r\n]\t',
      '"\\ud83d\\ude00"',
      '[,]',
      '{,}',
      '[1,,2]',
      '{"a":}',
      '{"a":1,}',
      '.5',
      '1.',
      '--1',
      '"\u0000"',
      'truex',
      '[true false]',
      '1e',
      '\ufeff1',
    ];
    for (const text of texts) {
      let expected: string;
      try {
        expected = JSON.stringify(JSON.parse(text));
      } catch {
        expected = 'ParseError';
      }
      let found: string;
      try {
        found = run('JSON.stringify', run('JSON.parse', text)) as string;
      } catch {
        found = 'ParseError';
      }
      expect([text, found]).toEqual([text, expected]);
    }
  });

  it('may be nested deeply, both ways', () => {
    const text = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(run('JSON.stringify', run('JSON.parse', text))).toBe(text);
  });

  it('is written as ECMAScript writes it', () => {
    const value = run('JSON.parse', '{"b": [1, {"c": []}], "a": "x\\"", "n": {}}');
    expect(run('JSON.stringify', value)).toBe('{"b":[1,{"c":[]}],"a":"x\\"","n":{}}');
    expect(run('JSON.stringify', value, null, 2)).toBe(
      JSON.stringify({ b: [1, { c: [] }], a: 'x"', n: {} }, null, 2),
    );
    expect(run('JSON.stringify', value, '\t')).toBe(
      JSON.stringify({ b: [1, { c: [] }], a: 'x"', n: {} }, null, '\t'),
    );
    expect(run('JSON.stringify', value, ['n', 'a'])).toBe('{"n":{},"a":"x\\""}');
    const doubled = callback((_key, element) =>
      typeof element === 'number' ? element * 2 : element!,
    );
    expect(run('JSON.stringify', [1, [2]], doubled)).toBe('[2,[4]]');
    expect(run('JSON.stringify', [Number.NaN, context.names.get('print')!, null])).toBe(
      '[null,null,null]',
    );
  });

  it('cannot hold a cycle', () => {
    const cyclic: Value[] = [];
    cyclic.push(cyclic);
    expect(raised(() => run('JSON.stringify', cyclic))).toBe(
      'TypeError: Cannot convert a cyclic value to JSON',
    );
    const shared: Value[] = [];
    expect(run('JSON.stringify', [shared, shared])).toBe('[[],[]]');
  });

  it('asks for room and counts steps', () => {
    let doubling: Value = ['x'];
    for (let i = 0; i < 64; i++) doubling = [doubling, doubling];
    expect(raised(() => builtinContext({ bytesMax: 1e6 }).run('JSON.stringify', doubling))).toBe(
      'ResourceLimitError',
    );
    expect(raised(() => builtinContext({ stepsMax: 1e5 }).run('JSON.stringify', doubling))).toBe(
      'ResourceLimitError',
    );
    const text = `[${'[],'.repeat(1e5)}[]]`;
    expect(raised(() => builtinContext({ bytesMax: 1e6 }).run('JSON.parse', text))).toBe(
      'ResourceLimitError',
    );
  });
});

describe('names that a session refuses', () => {
  it('fail when called, also through any member', () => {
    expect(raised(() => run('⬢'))).toBe('UnsupportedError: UI is not available in this session');
    expect((context.names.get('⬢') as BuiltinValue).members).toBe(null);
    expect(raised(() => run('shell', 'ls'))).toBe(
      'PermissionError: Shell commands are not permitted',
    );
    expect(raised(() => run('🔓_fs'))).toContain('PermissionError');
  });
});
