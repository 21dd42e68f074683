// What a program tries in order to reach the machinery that runs it.
import { describe, expect, it } from 'vitest';
import { literal } from '../../src/language/emit/literal.ts';
import { emit } from '../../src/language/emitter.ts';
import { parse } from '../../src/language/parser.ts';
import { resolve } from '../../src/language/resolver.ts';
import { newSession, resultOf } from '../helpers/run-program.ts';

const hostNames = [
  'constructor',
  '__proto__',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  '__defineGetter__',
  '__lookupGetter__',
  'caller',
  'callee',
  'arguments',
  'call',
  'apply',
  'bind',
  'run',
  'code',
  'environment',
  'instantiate',
  'lexicalThis',
  'value',
  'target',
  'method',
  'receiver',
  'Symbol.iterator',
  '@@iterator',
  'next',
  'then',
  's0',
  'p',
  '\\u0000',
  '\\u0000__proto__',
];

/** Whether a value is one that the language has, and no object of the host. */
const harmless = new Set(['null', 'number', 'string', 'boolean', 'array', 'object']);

describe('names of the host', () => {
  const receivers: [string, string][] = [
    ['an object', '{}'],
    ['an array', '[1, 2]'],
    ['a string', '"text"'],
    ['a number', '5'],
    ['a boolean', 'true'],
    ['a function', '(x => x)'],
    ['a built-in', 'print'],
    ['a namespace', 'Math'],
    ['a method', '[1].push'],
    ['an error', 'Error("e")'],
    ['an empty collection', '∅'],
  ];

  it.each(receivers)('are null or a built-in of the language on %s', (_what, receiver) => {
    const session = newSession();
    for (const name of hostNames) {
      const shown = session.run(`x = ${receiver}; x["${name}"]`).result;
      // A function may only be one of the language's own methods.
      const allowed = harmless.has(shown?.type ?? '') || shown?.preview.startsWith('function ');
      expect([name, shown?.preview, allowed]).toEqual([name, shown?.preview, true]);
      expect(shown?.preview).not.toMatch(/native code|\[object|=>/);
    }
  });

  it('are not there as variables either', () => {
    for (const name of [
      'globalThis',
      'process',
      'require',
      'Function',
      'eval',
      'window',
      'global',
      'Reflect',
      'Proxy',
      'Symbol',
      'arguments',
      'R',
      'K',
      'E',
      'T',
      's',
      'd',
      'k',
      'r',
      'x',
      'q',
      'z',
      't0',
      'v0',
      'e0',
      'f0',
      'g0',
      'c0',
      'm0',
      'h0',
      'x0',
      '$add',
      '$budget',
      '$poll',
      'Buffer',
      'console_',
    ]) {
      expect([name, newSession().error(name).message]).toEqual([name, `${name} is not defined`]);
    }
  });

  it('are ordinary names where a program gives them', () => {
    const names = [
      'eval',
      'arguments',
      'R',
      'K',
      'constructor',
      'prototype',
      'undefined_',
      'async',
      'of',
      'static',
      'package',
      'public',
      'f0',
      'v0',
      '$add',
      'toString',
      'hasOwnProperty',
      '__proto__',
    ];
    for (const name of names) {
      expect(
        resultOf(
          `${name} = 1; f(${name}){ ${name} = ${name} + 1; g = () => ${name}; return g() } f(${name}) + ${name}`,
        ),
      ).toBe(3);
    }
  });
});

describe('keys of objects', () => {
  it('named like the host’s are plain keys', () => {
    for (const name of hostNames) {
      expect(
        resultOf(
          `o = {}; a = isFunction(o["${name}"]) || o["${name}"] == null; o["${name}"] = 1; o["${name}"]++; [a, o["${name}"], Object.keys(o).length]`,
        ),
      ).toEqual([true, 2, 1]);
    }
    expect(
      resultOf('o = {__proto__: {x: 1}, constructor: 2}; [o.x, o.constructor, Object.keys(o)]'),
    ).toEqual([null, 2, ['__proto__', 'constructor']]);
  });

  it('cannot change other objects', () => {
    const session = newSession();
    session.run('o = {}; o.__proto__.x = 1');
    session.run('o.__proto__ = {polluted: 1}; o.constructor = {prototype: {polluted: 1}}');
    expect(session.value('[{}.polluted, [].polluted, "".polluted]')).toEqual([null, null, null]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it('named like the runtime’s own marks mean nothing', () => {
    expect(resultOf('a = [1]; a["\\u0000"]')).toBe(null);
    expect(newSession().error('a = [1]; a["\\u0000"] = true').type).toBe('TypeError');
    expect(resultOf('o = {}; o["\\u0000"] = false; o.x = 5; o.x')).toBe(5);
  });
});

describe('indexes', () => {
  it('reach elements only', () => {
    for (const index of [
      '"length "',
      '"0"',
      '-1',
      '1.5',
      'NaN',
      'Infinity',
      '2 ** 32',
      'null',
      'true',
      '"push2"',
    ]) {
      expect(resultOf(`a = [7]; a[${index}]`)).toBe(null);
    }
  });

  it('that are no numbers are never asked for one', () => {
    const session = newSession();
    for (const index of ['{}', '[0]', 'x => x', 'Error("0")', '∅']) {
      session.run(`f(a, i){ return a[i] } f([7], ${index})`);
      session.run(`f(a, i, v){ a[i] = v } f([7], ${index}, 1)`);
    }
    expect(session.run('[1][{}]').error?.type).not.toBe('InternalError');
  });
});

describe('text of a program', () => {
  const texts = [
    '"',
    "'",
    '`',
    '\\',
    '\n',
    '\r',
    '\u2028',
    '\u2029',
    '\0',
    '*/',
    '/*',
    '//',
    '</script>',
    '<!--',
    '-->',
    `$${'{1}'}`,
    '");throw 1//',
    "');throw 1//",
    '\u0001',
    '\u0002',
    '\u00011z\u0002',
    '\uD800',
    '\uDC00x',
    '\u{1F600}',
    '//# sourceURL=evil',
    '__proto__',
    'constructor',
    '%s',
    '\x7f',
    '\u202e',
  ];

  it.each(texts.map((text) => [JSON.stringify(text), text]))(
    '%s arrives as it is',
    (_shown, text) => {
      const written = JSON.stringify(text)
        .replaceAll('\u2028', '\\u2028')
        .replaceAll('\u2029', '\\u2029');
      expect(resultOf(`f(x){ return x } f(${written})`)).toBe(text);
      expect(resultOf(`o = {${written}: 1}; Object.keys(o)[0]`)).toBe(text);
      expect(resultOf(`o = {}; o[${written}] = 1; Object.keys(o)[0]`)).toBe(text);
      expect(resultOf(`o = {}; o[${written}]`)).toBe(null);
      expect(resultOf(`switch_ = ${written}; switch_ == ${written}`)).toBe(true);
    },
  );

  it('stays on one line of the script, in one literal', () => {
    for (const text of texts)
      expect(literal(text)).toMatch(/^"[ -~\u0080-\u2027\u202a-\uffff\x7f]*"$/);
  });

  it('is nowhere in the emitted script but in string literals', () => {
    const source =
      'secret_name(secret_parameter){ let secret_local = secret_global; return () => secret_local + ::secret_outer } λsecret_module{ secret_member = 1 }';
    const { program } = parse(source);
    const { script } = emit(program, resolve(program).resolved);
    const withoutStrings = script.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
    expect(withoutStrings).not.toContain('secret');
  });

  it('emitted identifiers are ours alone', () => {
    const source =
      'f(a, b = 1){ try { for (x of a) { y = ?(x){ let q = 1; return q } else { 2 } } } catch (e) { throw e } finally { a.b.c(1)[2] = {k: 1, l: [/r/g, ∅]} } return typeof b } n = 0; while (n < 9) { n += 1 } λt{ ⊢ g(){ return this } } ⟑ t::*';
    const { program } = parse(source);
    const { script } = emit(program, resolve(program).resolved);
    const words =
      script.replaceAll(/"(?:[^"\\]|\\.)*"|'[a-z]+'/g, '').match(/[A-Za-z_$][\w$]*/g) ?? [];
    const ours = /^(?:[abcefghimntuvxR K]\d*|[sdkrqyzETp]|wg\d+|s\d+|\$[A-Za-z]+)$/;
    const fields = new Set([
      'cells',
      'methods',
      'shapes',
      'codes',
      'modules',
      'builtins',
      'natives',
      'main',
      'moduleMain',
      'mainCalled',
      'functions',
      'value',
      'state',
      'builtin',
      'run',
      'next',
      'length',
      'fuel',
      'live',
    ]);
    const syntax = new Set([
      'const',
      'let',
      'return',
      'function',
      'new',
      'if',
      'else',
      'for',
      'while',
      'try',
      'catch',
      'finally',
      'throw',
      'break',
      'continue',
      'typeof',
      'instanceof',
      'null',
      'true',
      'false',
      'undefined',
    ]);
    const strange = words.filter(
      (word) => !ours.test(word) && !fields.has(word) && !syntax.has(word),
    );
    expect([...new Set(strange)]).toEqual([]);
  });
});

describe('functions', () => {
  it('show nothing of the code they became', () => {
    expect(resultOf('f(a){ return a } f.toString()')).toBe('function f(a)');
    expect(resultOf('String(print)')).toBe('function print(...)');
  });

  it('cannot be given properties', () => {
    for (const target of ['(x => x)', 'print', 'Math.floor', '[1].map']) {
      expect(newSession().error(`${target}.prototype = 1`).type).toBe('TypeError');
    }
  });
});

describe('a failure of ours', () => {
  it('says nothing about the host', () => {
    const session = newSession();
    session.host.now = () => {
      throw new TypeError('at /host/path/secret.ts:1:1');
    };
    const { status, error } = session.run('try { now() } catch { 1 }');
    expect(status).toBe('error');
    expect(error).toEqual({ type: 'InternalError', message: 'The interpreter failed' });
    expect(session.value('1 + 1')).toBe(2);
  });
});
