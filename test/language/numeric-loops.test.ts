// Loops at the top level that only calculate run over locals: nothing but their speed may tell.
import { describe, expect, it } from 'vitest';
import { emit } from '../../src/language/emitter.ts';
import { parse } from '../../src/language/parser.ts';
import { resolve } from '../../src/language/resolver.ts';
import { RecordingHost } from '../doubles/recording-host.ts';
import { errorOf, newSession, resultOf } from '../helpers/run-program.ts';

function script(source: string): string {
  const { program } = parse(source);
  return emit(program, resolve(program).resolved).script;
}

/** Whether a loop is emitted in its second form, too. */
const calculates = (source: string): boolean => script(source).includes('finally');

describe('a loop that only calculates', () => {
  it('is emitted over locals, one that may do more is not', () => {
    expect(calculates('while (i < 5) { i = i + 1 }')).toBe(true);
    expect(
      calculates('for (i = 0; i < 5; i++) { if (i % 2 == 0) { n += i } else { n -= 1 } }'),
    ).toBe(true);
    expect(calculates('for (let i = 0; i < 5; i++) { n *= 2 }')).toBe(true);
    for (const body of [
      'f()',
      'n = "a"',
      'n = xs[0]',
      'n = o.x',
      'xs[0] = n',
      'g = () => n',
      'var n = 1',
    ]) {
      expect([body, calculates(`while (i < 5) { i++; ${body} }`)]).toEqual([body, false]);
    }
    expect(calculates('f(){ while (i < 5) { i = i + 1 } }')).toBe(false);
    expect(calculates('while (i++ < 5) { n = n + 1 }')).toBe(false);
  });

  it('is emitted twice at most, however deep it is nested', () => {
    const nested = (innermost: string) => {
      let source = innermost;
      for (let depth = 0; depth < 60; depth++) source = `while (i < 5) { i++; ${source} }`;
      return script(source).length;
    };
    // The second is a calculation as far as its tree tells, and then is none.
    for (const innermost of ['n = 1;', 'n = i < 1;', 'f();']) {
      const long = nested(innermost.repeat(100)) - nested(innermost);
      const once = script(innermost.repeat(100)).length - script(innermost).length;
      expect([innermost, long < 3 * once]).toEqual([innermost, true]);
    }
  });

  it('calculates the same', () => {
    expect(resultOf('n = 0; i = 0; while (i < 5000) { n = n + i; i = i + 1 } [n, i]')).toEqual([
      12497500, 5000,
    ]);
    expect(
      resultOf(
        'n = 0; for (i = 0; i < 300; i++) { for (j = 0; j < 300; j++) { if (j > i) break; if (j % 2 == 0) continue; n += j } } [n, i, j]',
      ),
    ).toEqual([2250050, 300, 300]);
    expect(
      resultOf('n = 1; for (let i = 0; i < 3000; i++) { n = n * 1.001 } n > 20 && n < 21'),
    ).toBe(true);
    expect(resultOf('i = 0; while (true) { i++; if (i > 2000) { break } } i')).toBe(2001);
  });

  it('has the value of the statement executed last', () => {
    expect(resultOf('i = 0; while (i < 9) { i = i + 1 }')).toBe(9);
    expect(resultOf('n = 0; for (i = 0; i < 9; i++) { n += i }')).toBe(36);
    expect(resultOf('n = 0; for (i = 0; i < 9; i++) { n += i; if (i == 20) { n = 1 } }')).toBe(
      null,
    );
    expect(resultOf('n = 0; for (i = 0; i < 9; i++) { n += i; while (n < 0) { n = 1 } }')).toBe(
      null,
    );
    expect(resultOf('i = 9; while (i < 9) { i = i + 1 }')).toBe(null);
  });

  it('begins with variables that are not there yet, or are something else', () => {
    expect(resultOf('for (i = 0; i < 500; i++) { x = i * 2 } [i, x]')).toEqual([500, 998]);
    expect(resultOf('n = "5"; i = 0; while (i < 3) { n = n - 1; i = i + 1 } n')).toBe(2);
    expect(resultOf('n = "a"; for (i = 0; i < 200; i++) { n = n + i } len(n)')).toBe(491);
    expect(resultOf('n = true; for (i = 0; i < 3; i++) { n = n + i } n')).toBe(4);
    expect(resultOf('sum = 0; for (i = 0; i < 200; i++) { sum = sum + PI } sum > 628')).toBe(true);
    expect(errorOf('i = 0; while (i < 5) { i = i + 1; n = n + 1 }')).toMatchObject({
      type: 'ReferenceError',
      message: 'n is not defined',
    });
    expect(errorOf('const n = 1; i = 0; while (i < 5) { i = i + 1; n = i }')).toMatchObject({
      message: "Assignment to constant 'n'",
    });
  });

  it('leaves its variables as they were when an error ends it', () => {
    const session = newSession();
    const code = 'n = 0; i = 1000; while (true) { i = i - 1; n = n + 1; n = n + 10 / i }';
    expect(session.error(code)).toMatchObject({
      type: 'ZeroDivisionError',
      location: { line: 1, column: 66 },
    });
    expect(session.value('[i, n > 1000, n < 1100]')).toEqual([0, true, true]);
    const caught = 'i = 700; try { while (true) { i = i - 1; n = 1 / i } } catch { i = i + 5 } i';
    expect(session.value(caught)).toBe(5);
    session.run('i = 3; try { while (i > 0) { i = i - 1; n = 1 / i } } finally { n = i + 7 }');
    expect(session.value('n')).toBe(7);
  });

  it('shows its variables at safe points', () => {
    const host = new RecordingHost();
    const session = newSession(host);
    const seen: [number, number][] = [];
    host.onPoll = () => {
      const value = (name: string) =>
        session.interpreter
          .variables({ filter: name, includeValues: true })
          .find((variable) => variable.name === name)?.value as number;
      seen.push([value('i'), value('n')]);
    };
    session.value('i = 0; n = 0; while (i < 100000) { i = i + 1; n = n + 2 } 1');
    const inLoop = seen.filter(([i]) => i > 0);
    expect(inLoop.length).toBeGreaterThan(5);
    for (const [i, n] of inLoop) expect(n).toBe(i * 2);
    expect(new Set(inLoop.map(([i]) => i)).size).toBe(inLoop.length);
  });

  it('stops when it is told to, and its variables have the values of that moment', () => {
    const host = new RecordingHost();
    host.stopAtPoll = 3;
    const session = newSession(host);
    expect(session.run('i = 0; while (true) { i = i + 1 }').status).toBe('cancelled');
    host.stopAtPoll = Number.POSITIVE_INFINITY;
    expect(session.value('i > 10000 && i < 40000')).toBe(true);
  });
});
