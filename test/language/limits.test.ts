import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { callDepthMax } from '../../src/language/runtime/budget.ts';
import { RecordingHost } from '../doubles/recording-host.ts';
import { newSession, resultOf } from '../helpers/run-program.ts';

/** A session whose host stops the program at its third poll. */
function stoppingSession() {
  const host = new RecordingHost();
  host.stopAtPoll = 3;
  return newSession(host);
}

const endless: [string, string][] = [
  ['a while loop', 'while (true) { }'],
  ['a for loop', 'for (;;) { }'],
  ['a for loop that always continues', 'for (;;) { continue }'],
  ['loop', '∞{ x = 1 }'],
  ['a loop in a function', 'f(){ while (1) { } } f()'],
  [
    'a loop over an array that grows',
    'a = [1]; for (x of a) { a.push(1); if (a.length > 9) { a[0] = x } }',
  ],
  ['recursion that always comes back', 'f(n){ if (n > 0) { f(n - 1); f(n - 1) } } f(500)'],
  ['short loops in a loop', 'f(){ for (i = 0; i < 10; i++) { } } while (1) { f() }'],
  ['a built-in with a callback', 'f(){ return 1 } while (1) { range(1000).map(f) }'],
  ['a long built-in', 'a = range(100000); while (1) { a.sort() }'],
  ['a condition', 'while (?(true){ let x = 1; x } else { 0 }) { }'],
  ['a loop in a catch block', 'try { null.x } catch { while (1) { } }'],
  ['a loop in a finally block', 'try { } finally { while (1) { } }'],
  ['a catch block that starts over', 'f(){ try { while (1) { } } catch { f() } } f()'],
];

describe('a program that must stop', () => {
  it.each(endless)('stops in %s', (_what, code) => {
    const session = stoppingSession();
    expect(session.run(code)).toMatchObject({
      status: 'cancelled',
      error: { type: 'CancelledError', message: 'Execution was cancelled' },
    });
    expect(session.host.polls).toBe(3);
  });

  it('is reported by the kind of the reason', () => {
    const statuses = (['CancelledError', 'TimeoutError', 'ResourceLimitError'] as const).map(
      (type) => {
        const session = stoppingSession();
        session.host.reason = { type, message: 'because' };
        return session.run('while (1) { }').status;
      },
    );
    expect(statuses).toEqual(['cancelled', 'timeout', 'error']);
  });

  it('runs neither catch nor finally, and cannot return past it', () => {
    const session = stoppingSession();
    const code =
      'f(){ try { try { while (1) { } } catch { print("caught") } finally { print("finally") } } finally { return 5 } } f(); print("after")';
    expect(session.run(code).status).toBe('cancelled');
    expect(session.host.output).toBe('');
  });

  it('cannot hide behind try_call either', () => {
    const session = stoppingSession();
    expect(session.run('try_call(() => { while (1) { } }, e => 1)').status).toBe('cancelled');
  });

  it('says where it was', () => {
    const session = stoppingSession();
    const { error } = session.run('f(){\n  while (1) { }\n}\nf()');
    expect(error?.stack).toEqual([
      { function: 'f', line: 2, column: 3 },
      { function: '<main>', line: 4, column: 1 },
    ]);
  });

  it('leaves the session with all it had, ready for the next execution', () => {
    const session = stoppingSession();
    session.run('x = 1; y = [1, 2]; while (1) { x = x + 1 }');
    session.host.stopAtPoll = Number.POSITIVE_INFINITY;
    expect(session.value('try { y.push(3) } finally { x = 0 } [x, y]')).toEqual([0, [1, 2, 3]]);
  });

  it('stops before a value becomes too large', () => {
    const host = new RecordingHost();
    host.valueBytesMax = 100_000;
    const session = newSession(host);
    for (const code of [
      's = "x"; for (;;) { s = s + s }',
      's = "x"; for (;;) { s += "more" }',
      'f(){ s = ""; for (i = 0; ; i++) { s = s + i } } f()',
      '"x".repeat(1000000)',
      'a = []; for (;;) { a[a.length] = 1 }',
    ]) {
      expect(session.run(code)).toMatchObject({
        status: 'error',
        error: { type: 'ResourceLimitError' },
      });
    }
    expect(session.value('"still" + " alive"')).toBe('still alive');
  });
});

describe('call depth', () => {
  const message = 'Maximum call depth exceeded';

  it('may reach a thousand', () => {
    expect(resultOf('f(n){ return n == 0 ? 0 : 1 + f(n - 1) } f(1000)')).toBe(1000);
    expect(resultOf('f(n){ return n == 0 ? 0 : 1 + [n].map(x => f(x - 1))[0] } f(500)')).toBe(500);
  });

  it('beyond the limit is an error that a program can catch', () => {
    expect(newSession().error('f(){ return f() } f()')).toMatchObject({
      type: 'RangeError',
      message,
    });
    expect(resultOf('f(){ return f() } try { f() } catch (e) { [e.type, e.message] }')).toEqual([
      'RangeError',
      message,
    ]);
  });

  it('is the same for every program where the thread has stack enough', async () => {
    const language = new URL('../../src/language/index.ts', import.meta.url).href;
    const code = 'n = 0; f(){ n = n + 1; return f() } try { f() } catch { n }';
    const program = `
      const { parentPort } = require('node:worker_threads');
      const host = { poll: () => null, randomSeed: () => 1, environment: new Map(), valueBytesMax: 1e6 };
      import(${JSON.stringify(language)}).then(({ createInterpreter }) =>
        parentPort.postMessage(createInterpreter(host).execute(${JSON.stringify(code)}).result.value));`;
    const worker = new Worker(program, { eval: true, resourceLimits: { stackSizeMb: 16 } });
    const [reached] = await once(worker, 'message');
    await worker.terminate();
    expect(reached).toBe(callDepthMax);
  });

  it('holds through callbacks, methods and mutual recursion', () => {
    for (const code of [
      'f(x){ return [x].map(f) } f(1)',
      'o = {f: function(){ return this.f() }}; o.f()',
      'a(){ return b() } b(){ return a() } a()',
      'f = () => try_call(() => f(), e => { throw e }); f()',
      'a = [3, 1, 2]; f(){ a.sorted((x, y) => f()) } f()',
    ]) {
      expect(newSession().error(code)).toMatchObject({ type: 'RangeError', message });
    }
  });

  it('is counted right after an error was caught', () => {
    const code =
      'down(n){ if (n == 0) { throw "bottom" } down(n - 1) } r = 0; for (i = 0; i < 50; i++) { try { down(900) } catch { r++ } } f(n){ return n == 0 ? r : f(n - 1) } f(900)';
    expect(resultOf(code)).toBe(50);
  });

  it('leaves the session usable when V8’s own stack ends first', () => {
    const wide = Array.from({ length: 400 }, (_, i) => `(a[${i}] ← f(n + 1) + ${i})`).join(' + ');
    const session = newSession();
    const outcome = session.run(`a = []; f(n){ return ${wide} } f(0)`);
    expect(outcome.error).toMatchObject({ type: 'RangeError', message });
    expect(session.value('1 + 1')).toBe(2);
  });
});

describe('a source that is too deep', () => {
  it('is a syntax error and not the end of the session', () => {
    const session = newSession();
    for (const code of [
      `${'('.repeat(20_000)}1${')'.repeat(20_000)}`,
      `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      `x = ${'-'.repeat(2)}${'!'.repeat(20_000)}1`,
      `x = 1${' + 1'.repeat(20_000)}`,
      `${'if (1) {'.repeat(5_000)}${'}'.repeat(5_000)}`,
      `${'f(){'.repeat(3_000)}${'}'.repeat(3_000)}`,
    ]) {
      const { status, error } = session.run(code);
      expect(status === 'success' || error?.type === 'SyntaxError').toBe(true);
    }
    expect(session.value('1 + 1')).toBe(2);
  });
});
