import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/language/nearest.ts';
import { parse } from '../../src/language/parser.ts';
import { sourcePreview } from '../../src/language/source-preview.ts';
import { errorOf, newSession, resultOf } from '../helpers/run-program.ts';

describe('the name that was meant', () => {
  it.each([
    ['prnt', 'print'],
    ['pirnt', 'print'],
    ['Print', 'print'],
    ['lenght', 'length'],
    ['toUpercase', 'toUpperCase'],
    ['ab', 'ba'],
  ])('of %s is %s', (name, meant) => {
    expect(nearest(name, ['something', 'else', meant])).toBe(meant);
  });

  it.each(['x', 'zz', 'prnz', 'somewhat', 'y'.repeat(65)])('of %s is none', (name) => {
    expect(nearest(name, ['print', 'y'.repeat(64), 'x', 'a'])).toBeNull();
  });

  it('is the closest, of equals the first', () => {
    expect(nearest('cont', ['const', 'count', 'font'])).toBe('const');
    expect(nearest('counter1', ['counterfeit', 'counter'])).toBe('counter');
  });

  it('is looked for among a limited number', () => {
    const many = Array.from({ length: 6000 }, (_, i) => `other${i}`);
    expect(nearest('print1', [...many, 'print'])).toBeNull();
  });
});

describe('the hint of an error', () => {
  it('is nothing that a program sees', () => {
    expect(resultOf('try { prnt(1) } catch (e) { [e.message, e.hint] }')).toEqual([
      'prnt is not defined',
      null,
    ]);
  });

  it('is absent where nothing is near', () => {
    expect(errorOf('quxquux(1)').hint).toBeUndefined();
    expect(errorOf('null.x').hint).toBeUndefined();
  });

  it('names variables that the function at fault can see, and no others', () => {
    expect(errorOf('f(){ zucchini = 1; return zuchini } f()').hint).toBe(
      "Did you mean 'zucchini'?",
    );
    expect(errorOf('g(){ zucchini = 1 } f(){ return zuchini } f()').hint).toBeUndefined();
    expect(errorOf('o(zucchini){ return () => zuchini } o(1)()').hint).toBe(
      "Did you mean 'zucchini'?",
    );
    expect(errorOf('if (true) { let zucchini = 1; zuchini }').hint).toBe(
      "Did you mean 'zucchini'?",
    );
  });

  it('is found quickly in an object with very many entries', () => {
    const many = 'o = {}; for (i = 0; i < 200000; i++) { o["entry" + i] = print }';
    expect(errorOf(`${many}\no.pusj(1)`).hint).toBeUndefined();
  });

  it('needs no stack for a long chain of calls', () => {
    const { diagnostics } = parse(`f${'()'.repeat(100_000)} x`);
    expect(diagnostics).toMatchObject([{ message: "Expected ';' or a new line" }]);
  });

  it('finds the variables of a function of an earlier unit', () => {
    const session = newSession();
    session.run('ℳ give(v) ⟼ return v\nf(zucchini){ give(zuchini) }');
    session.run('ℳ give(v) ⟼ 0');
    expect(session.error('f(1)').hint).toBe("Did you mean 'zucchini'?");
  });
});

describe('the preview of an error', () => {
  it('is the line of the source with a caret below the place', () => {
    expect(errorOf('x = 1\n  y = x + null').preview).toBe('  y = x + null\n        ^');
    expect(errorOf('x = 1;\r\nf(a;').preview).toBe('f(a;\n   ^');
    expect(errorOf('f(').preview).toBe('f(\n  ^');
  });

  it('shows the unit that the failing function is from', () => {
    const session = newSession();
    session.run('\nf(){ return nowhere }');
    expect(session.error('1 + f()').preview).toBe('f(){ return nowhere }\n            ^');
  });

  it('is there for what stops a program too', () => {
    const session = newSession();
    session.host.stopAtPoll = 1;
    expect(session.run('x = 0\nwhile (true) { x++ }').error?.preview).toContain('while (true)');
  });

  it('of an error thrown again is that of its first place', () => {
    expect(errorOf('try { null.x } catch (e) {\n throw e }').preview).toBe(
      'try { null.x } catch (e) {\n           ^',
    );
  });

  it.each([
    ['a tab', '\tx', 2, ' x\n ^'],
    ['wide characters', '"日本😀" )', 8, '"日本😀" )\n         ^'],
    ['combining marks', 'e\u0301 )', 4, 'e\u0301 )\n  ^'],
    ['controls', 'a\u001b[2J\u0007)', 7, 'a\ufffd[2J\ufffd)\n      ^'],
    ['marks of direction', '\u202ea)', 3, '\ufffda)\n  ^'],
    ['half a pair', '\ud83d)', 2, '\ufffd)\n ^'],
    ['line separators', 'a\u2028)', 3, 'a\ufffd)\n  ^'],
  ])('survives %s', (_what, source, column, preview) => {
    expect(sourcePreview(source, { line: 1, column })).toBe(preview);
  });

  it('cuts a long line around the place, never through a character', () => {
    const long = `${'a'.repeat(500)}!${'b'.repeat(500)}`;
    const [text, caret] = sourcePreview(long, { line: 1, column: 501 }).split('\n');
    expect(text).toBe(`…${'a'.repeat(60)}!${'b'.repeat(39)}…`);
    expect(caret).toBe(`${' '.repeat(61)}^`);
    const pairs = `x${'😀'.repeat(200)}`;
    for (let column = 100; column < 110; column++) {
      expect(sourcePreview(pairs, { line: 1, column })).not.toContain('\ud83d\n');
      expect(sourcePreview(pairs, { line: 1, column }).isWellFormed()).toBe(true);
    }
  });

  it('is bounded and defined for every place', () => {
    for (const place of [
      { line: 1, column: 99 },
      { line: 9, column: 1 },
    ]) {
      expect(sourcePreview('ab\ncd', place).split('\n')).toHaveLength(2);
    }
  });
});

describe('a call that is one too deep', () => {
  it('has the place of its callee', () => {
    expect(errorOf('f(n){\n  return 1 + f(n + 1)\n}\nf(0)')).toMatchObject({
      type: 'RangeError',
      location: { line: 2, column: 14 },
      preview: '  return 1 + f(n + 1)\n             ^',
    });
  });

  it('tells a program that place too', () => {
    expect(
      resultOf('f(n){\n  return 1 + f(n + 1)\n}\ntry { f(0) } catch (e) { [e.line, e.column] }'),
    ).toEqual([2, 14]);
  });
});
