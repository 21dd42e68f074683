import { describe, expect, it } from 'vitest';
import { compile, emptyContext } from '../../src/language/compile.ts';
import { macroLengthMax, macrosMax } from '../../src/language/macros/expand.ts';
import { expandedNodesMax } from '../../src/language/macros/expansion-state.ts';
import { RecordingHost } from '../doubles/recording-host.ts';
import { errorOf, newSession, resultOf } from '../helpers/run-program.ts';

describe('the macros of a session', () => {
  it('are their definitions as written', () => {
    const { compiled } = compile('x = 1; ℳ f(a) ⟼ a; λt{ macro g(b) => { b }; f = 1 }');
    expect([...(compiled?.macros ?? [])]).toEqual([
      ['f', { name: 'f', source: 'ℳ f(a) ⟼ a;' }],
      ['t::g', { name: 'g', source: 'macro g(b) => { b }' }],
    ]);
  });

  it('stay the same table while no unit changes them', () => {
    const { macros } = compile('ℳ f(a) ⟼ a').compiled!;
    const context = { ...emptyContext, macros };
    for (const source of ['f(1)', 'ℳ f(a) ⟼ a', 'x = 1', '{ ℳ f(a) ⟼ 2 }']) {
      expect(compile(source, context).compiled?.macros, source).toBe(context.macros);
    }
    for (const source of ['ℳ f(a) ⟼ 2', 'f = 1', 'f(a){}', 'ℳ g(a) ⟼ a']) {
      expect(compile(source, context).compiled?.macros, source).not.toBe(context.macros);
    }
  });

  it('decide what the very same text means, whenever they change', () => {
    const session = newSession();
    session.run('ℳ pick(a, b) ⟼ a');
    expect(session.value('pick(1, 2)')).toBe(1);
    session.run('ℳ pick(a, b) ⟼ b');
    expect(session.value('pick(1, 2)')).toBe(2);
    session.run('pick(a, b) = [a, b]');
    expect(session.value('pick(1, 2)')).toEqual([1, 2]);
    session.run('ℳ pick(a, b) ⟼ a');
    expect(session.value('pick(1, 2)')).toBe(1);
  });

  it('are limited in number and length', () => {
    const many = Array.from({ length: macrosMax + 1 }, (_, i) => `ℳ f${i}() ⟼ 1`).join('\n');
    expect(errorOf(many)).toMatchObject({
      type: 'SyntaxError',
      message: `A session holds at most ${macrosMax} macros`,
    });
    const long = `ℳ f() ⟼ "${'x'.repeat(macroLengthMax)}"`;
    expect(errorOf(long).message).toBe('The macros of the session are too large');
  });

  it('are not variables', () => {
    const session = newSession();
    const { variables } = session.run(
      'ℳ f(v) ⟼ { let t = v; var u = t; for (i = 0; i < 1; i++) {} u }\nf(1)',
    );
    expect(variables).toEqual({ added: [], changed: [], removed: [] });
    expect(session.interpreter.variables({ includeValues: false })).toEqual([]);
  });
});

describe('an expansion', () => {
  it('that explodes ends with an error, however its macros call one another', () => {
    const doubling = Array.from({ length: 40 }, (_, i) => `ℳ m${i + 1}() ⟼ { m${i}(); m${i}() }`);
    const error = errorOf(`ℳ m0() ⟼ 1\n${doubling.join('\n')}\nm40()`);
    expect(error).toMatchObject({
      type: 'SyntaxError',
      message: "The expansion of macro 'm40' is too large",
      location: { line: 42, column: 1 },
    });
  });

  it('counts what all the calls of a unit make together', () => {
    const elements = 500;
    const list = `ℳ list(x) ⟼ [${Array(elements).fill('x').join(',')}]\n`;
    const fits = Math.floor(expandedNodesMax / elements) - 2;
    expect(resultOf(`${list}${'list(1)\n'.repeat(fits)}0`)).toBe(0);
    expect(errorOf(`${list}${'list(1)\n'.repeat(fits + 4)}0`).message).toContain('too large');
  });

  it('that nests too deep ends with an error', () => {
    const nested = `ℳ nest(x) ⟼ ${'['.repeat(90)}x${']'.repeat(90)}\n`;
    expect(errorOf(`${nested}x = ${'nest('.repeat(8)}1${')'.repeat(8)}`)).toMatchObject({
      type: 'SyntaxError',
      message: 'Nesting is too deep',
    });
  });

  it('gives a block argument that is used twice two sets of functions', () => {
    expect(
      resultOf(
        'ℳ both(b) ⟼ { b; b }\nlist = []\nboth({ list.push(() => list.length) })\nlist[0] == list[1]',
      ),
    ).toBe(false);
  });

  it('leaves names in error messages and displays as they are written', () => {
    const session = newSession();
    session.run('ℳ make(v) ⟼ { helper(value){ return value } v = helper }');
    session.run('make(f)');
    expect(session.run('f').result?.preview).toBe('function helper(value)');
    session.run('ℳ fixed() ⟼ { const limit = 1; limit = 2 }');
    expect(session.error('fixed()').message).toBe("Assignment to constant 'limit'");
    session.run('ℳ early() ⟼ { print(soon); let soon = 1 }');
    expect(session.error('early()').message).toBe('soon is not defined');
  });

  it('shows errors of functions of earlier units at the place of the call in them', () => {
    const session = newSession();
    session.run('ℳ divide(a, b) ⟼ a / b');
    session.run('\n\nhalf(n){\n  return divide(n, 0)\n}');
    session.run('ℳ divide(a, b) ⟼ 0');
    expect(session.error('half(1)').stack).toEqual([
      { function: 'half', line: 4, column: 10 },
      { function: '<main>', line: 1, column: 1 },
    ]);
  });
});

describe('the features of a session', () => {
  it('decide anew when they change, for the same text too', () => {
    const host = new RecordingHost();
    const session = newSession(host);
    const unit = '#[feature="fast"] x = 1\n#[if(!feature="fast")] x = 2\nx';
    expect(session.value(unit)).toBe(2);
    host.features = new Set(['fast']);
    expect(session.value(unit)).toBe(1);
    host.features = new Set();
    expect(session.value(unit)).toBe(2);
  });
});
