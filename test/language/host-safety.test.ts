// Untrusted programs and the host: every way to a member, every built-in that makes or changes collections, every kind of
// error. Whatever a program did, all it can reach is values of the language, and nothing shared of the host is changed.
import { describe, expect, it } from 'vitest';
import { builtins } from '../../src/language/builtins/table.ts';
import { RecordingHost } from '../doubles/recording-host.ts';
import { newSession, resultOf } from '../helpers/run-program.ts';
import { foreignValue } from './fuzz/foreign-value.ts';
import { GlobalWatch } from './fuzz/global-watch.ts';
import { hostNames } from './fuzz/hostile-generator.ts';
import { OpenSession } from './fuzz/open-session.ts';

const watch = new GlobalWatch();

/** Runs units in one session; any failure of the host's code is thrown, anything foreign fails the test. */
function expectSafe(...units: string[]): void {
  const host = new RecordingHost({ lines: ['a line'] });
  host.valueBytesMax = 2 ** 20;
  host.stopAtPoll = 5;
  const session = new OpenSession(host);
  for (const unit of units) session.run(unit);
  expect(foreignValue(session.roots())).toBeNull();
  expect(watch.changed()).toBeNull();
}

const receivers: readonly (readonly [string, string])[] = [
  ['an object', '{a: 1}'],
  ['an array', '[1, 2]'],
  ['a string', '"text"'],
  ['an empty string', '""'],
  ['a number', '5'],
  ['a boolean', 'true'],
  ['null', 'null'],
  ['an empty collection', '∅'],
  ['a function', '(x => x)'],
  ['a function with its own this', '(function(){ return this })'],
  ['a built-in', 'print'],
  ['a namespace', 'Math'],
  ['a callable namespace', 'JSON'],
  ['a bound method', '[1].push'],
  ['a name that only refuses', '⬢'],
  ['an error', 'Error("e")'],
  ['an error of the runtime', 'try_call(() => null.x, e => e)'],
  ['a date', 'new Date(0)'],
  ['a regular expression', '/(a)/g'],
  ['a channel', 'channel(2)'],
  ['a shared state', 'shared("s")'],
  ['a module', 't'],
  ['the arguments', 'args'],
];
const world = 'module t { ⊢ z = 1; hidden = 2; ⊢ h(){ return this } }';

describe('a name of the host', () => {
  it.each(receivers)('leads nowhere on %s', (_what, receiver) => {
    const steps = hostNames.flatMap((name) => {
      const key = JSON.stringify(name);
      const word = /^[A-Za-z_]\w*$/.test(name) ? name : 'constructor';
      return [
        `x[${key}]`,
        `x.${word}`,
        `x::${word}`,
        `x[${key}] ← [x]`,
        `x.${word} ← x`,
        `x.${word} += 1`,
        `x[${key}]()`,
        `x.${word}(x, x)`,
        `x[${key}][${key}][${key}]`,
        `x.${word}.${word}.${word}`,
        `del(x, ${key})`,
        `has(x, ${key})`,
        `add(x, ${key}, x)`,
        `{${key}: x}[${key}]`,
      ];
    });
    const unit = steps.map((step) => `try { r.push(${step}) } catch (e) { r.push(e, e.stack) }`);
    expectSafe(world, `x = ${receiver}; r = []`, unit.join('\n'));
  });

  it('is a plain name for variables, functions, parameters, modules and macros', () => {
    const names = [
      ...hostNames.filter((name) => /^[a-zA-Z_]\w*$/.test(name)),
      ...['static', 'package', 'implements', 'private', 'debugger', 'delete', 'void', 'instanceof'],
      ...[
        'eval',
        'arguments',
        'async',
        'await',
        'of',
        'globalThis',
        'undefined_',
        'NaN',
        'Infinity',
      ],
      ...[
        'R',
        'K',
        'E',
        'T',
        's',
        'd',
        'k',
        'q',
        'z',
        't0',
        'v0',
        'e0',
        'f0',
        '$add',
        '$getMember',
      ],
    ];
    for (const name of names) {
      const code = `${name} = 1; f(${name}){ let g = () => ${name} + 1; return g() }; o = {${name}: 3}; ${name} + f(${name}) + o.${name}`;
      expect([name, resultOf(code)]).toEqual([name, 6]);
      // `await (4)` is 4, whoever else has that name.
      const call = name === 'await' ? '(await)(4)' : `${name}(4)`;
      expect([name, resultOf(`${name}(a) = a * 2; ${call}`)]).toEqual([name, 8]);
      expect([name, resultOf(`module ${name} { ${name} = 5 }; ${name}.${name}`)]).toEqual([
        name,
        5,
      ]);
      expectSafe(`ℳ ${name}(a) ⟼ a + 1\n${name}(1)`);
    }
  });

  it('is a plain key wherever keys come from', () => {
    const key = '__proto__';
    const makers = [
      `{"${key}": {x: 1}}`,
      `{${key}: {x: 1}}`,
      `JSON.parse("{\\"${key}\\": {\\"x\\": 1}}")`,
      `Object.fromEntries([["${key}", {x: 1}]])`,
      `Object.assign({}, {${key}: {x: 1}})`,
      `copyof({${key}: {x: 1}})`,
      `add_({}, "${key}", {x: 1})`,
    ];
    for (const maker of makers) {
      const code = `add_(o, k, v){ add(o, k, v); return o } o = ${maker}; [o.x, Object.keys(o), o["${key}"].x, {}.x]`;
      expect([maker, resultOf(code)]).toEqual([maker, [null, [key], 1, null]]);
      expectSafe(code);
    }
    const merged =
      'c = {}; c.a = {}; Object.assign(c.a, JSON.parse("{\\"__proto__\\": {\\"y\\": 1}}"))';
    expectSafe(merged, 'r = [{}.y, [].y, "".y, (x => x).y]');
    expect(({} as { y?: number }).y).toBeUndefined();
  });
});

describe('a callback that changes what is walked', () => {
  const callbacks = [
    '(x => { a.push(x, x); return x })',
    '(x => { a.splice(0, 99); return true })',
    '(x => { a.shift(); return [x] })',
    '((x, y) => { a.sort(); a.reverse(); return 1 })',
    '((x, y) => { a.unshift(y); return y })',
    '(x => { a[50] = x; return {k: x} })',
    '(x => { a.sort((p, q) => { a.pop(); return p - q }); return x })',
    '(x => { o["k" + x] = o; del(o, "a"); return false })',
    '(x => { a = null; o = null; return x })',
    '(x => { throw a })',
    '(x => a.map(y => a.filter(z => { a.pop(); return true })))',
  ];
  const takers = ['function', 'compare', 'replacer', 'handler', 'new'];
  const names = new Set(
    builtins
      .filter(({ parameters }) => parameters.some((parameter) => takers.includes(parameter)))
      .map(({ name }) => name),
  );

  it('finds built-ins that take one', () => {
    expect(names.size).toBeGreaterThan(10);
  });

  it.each([...names])('harms nobody in %s', (name) => {
    const method = name.slice(name.lastIndexOf('.') + 1);
    for (const callback of callbacks) {
      const begin = 'a = range(20); o = {a: 1, b: 2}; s = "aXbXc"';
      expectSafe(
        begin,
        ...[`r = a.${method}(${callback})`, `r = a.${method}(${callback}, 0)`],
        begin,
        ...[
          `r = ${name}(a, ${callback})`,
          `r = ${name}(o, ${callback})`,
          `r = ${name}(${callback})`,
        ],
        ...[`r = ${name}(s, ${callback})`, `r = ${name}(${callback}, ${callback})`],
        ...[`r = s.replace(/X/g, ${callback})`, `r = JSON.stringify({x: a, y: o}, ${callback})`],
        'for (x of a) { a.splice(0, 3); a.push(x); if (a.length > 40) { break } }',
        'for (k in o) { del(o, k); o[k + k] = 1; if (k.length > 40) { break } }',
      );
    }
  });
});

describe('a literal', () => {
  it('can stand wherever a value can', () => {
    const values = [
      '0',
      '5',
      '1.5',
      '1e999',
      '0xFF',
      '-5',
      '"s"',
      'true',
      'null',
      '∅',
      '[]',
      '{}',
      '/a/',
    ];
    const uses = [
      ...[
        '(V).len',
        '(V).length',
        '(V).x',
        '(V)[0]',
        '(V)[V]',
        '(V)["x"](V)',
        '(V)(1)',
        '(V)[0:1]',
      ],
      ...['(V)[0] = 1', '(V).x = 1', '(V).len = 1', '(V)[0] += 1', '++(V).x', '(V).len.len'],
      ...[
        'f(V).len',
        'x = V; x.len',
        '-(V)',
        '(V) ** (V)',
        'for (q of (V)) { q.x = 1 }',
        'new f(V)',
      ],
    ];
    for (const value of values) {
      const steps = uses.map((use) => `try { ${use.replaceAll('V', value)} } catch (e) { r = e }`);
      expectSafe('f(x){ return x }', steps.join('\n'), `g(x){ ${steps.join('\n')} } g(1)`);
    }
  });
});

describe('an error', () => {
  const origins = [
    'null.x',
    '1 / 0',
    'nothing',
    '5()',
    '[].reduce((a, b) => a)',
    'JSON.parse("{")',
    '"x".repeat(-1)',
    'f(){ return f() } f()',
    'throw {a: 1}',
    'throw [Error("inner")]',
    'assert(false)',
    'read("/etc/passwd")',
    'get("http://localhost")',
    'shell("ls")',
    'new Date("x")',
    'input(); input(); input()',
    'format("{}{}", 1)',
    'regex("(")',
    'decrypt("x", "y")',
    't.hidden',
    'import nowhere::item',
    '∅.x.y',
    '"x" - {}',
    'a = []; a[-1] = 1',
  ];

  it.each(origins)('of %s tells nothing of the host', (origin) => {
    const code = `${world} try { ${origin} } catch (e) { x = [e, e.stack, e.value, String(e), e.type, ⚠, ⚠.stack] }`;
    expectSafe(code);
    const { error } = newSession().run(`${world}; ${origin}`);
    expect(error?.type).not.toBe('InternalError');
    expect(JSON.stringify(error)).not.toMatch(
      /node:|file:\/\/|\.ts\b|\/src\/|\/work\/|\bat .*:\d+:\d+/,
    );
  });
});

describe('the this of a function', () => {
  it('is the object it was called on, or null, and never one of the host', () => {
    const code =
      'f(){ return this }; o = {f: f, p: print}; g = o.f; h = {f: function(){ return () => this }}; [f(), g() == null, o.f() == o, o["f"]() == o, h.f()() == h, [1, 2].map(f), try_call(f, f), (() => this)()]';
    expect(resultOf(code)).toEqual([null, true, true, true, true, [null, null], null, null]);
    expectSafe(code);
  });

  it('cannot be chosen by borrowing', () => {
    const code =
      'f(){ return this }; o = {f: f}; r = [f.call, f.apply, f.bind]; [r, Object.assign({}, o).f() === o]';
    expect(resultOf(code)).toEqual([[null, null, null], false]);
  });
});

describe('a program that is large beyond reason', () => {
  it.each([
    ['arguments', `f(${'1, '.repeat(70_000)}1)`],
    ['arguments of a method', `[].push(${'1, '.repeat(70_000)}1)`],
    ['parameters', `f(${Array.from({ length: 70_000 }, (_, i) => `a${i}`).join()}){ return 1 }`],
    [
      'parameters of an arrow',
      `(${Array.from({ length: 70_000 }, (_, i) => `a${i}`).join()}) => 1`,
    ],
  ])('is refused for its %s', (what, code) => {
    const { error } = newSession().run(code);
    expect(error?.message).toBe(`Too many ${what.split(' ')[0]}`);
    expect(error?.type).toBe('SyntaxError');
  });

  it('runs, where it is only long', () => {
    expect(resultOf(`x = [${'1, '.repeat(70_000)}1]; x.length`)).toBe(70_001);
    const keys = Array.from({ length: 70_000 }, (_, i) => `k${i}: 1`).join();
    expect(resultOf(`x = {${keys}}; Object.keys(x).length`)).toBe(70_000);
    const name = 'n'.repeat(100_000);
    expect(resultOf(`${name} = 1; ${name}`)).toBe(1);
  });
});
