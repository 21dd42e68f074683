import { describe, expect, it } from 'vitest';
import { GeneratedFiles } from '../doubles/generated-files.ts';
import { RecordingHost } from '../doubles/recording-host.ts';
import { newSession, type ProgramSession } from '../helpers/run-program.ts';

function sessionWith(textOf: (path: string) => string | null): ProgramSession {
  return newSession(new RecordingHost({ files: new GeneratedFiles(textOf) }));
}

function sessionOf(texts: Readonly<Record<string, string>>): ProgramSession {
  return sessionWith((path) => texts[path] ?? null);
}

describe('a module in a file', () => {
  it('is not loaded deeper than calls may go, and the session goes on', () => {
    const session = sessionWith((path) => {
      const number = /^m(\d+)\.ai$/.exec(path)?.[1];
      return number === undefined ? null : `import "m${Number(number) + 1}" as next`;
    });
    expect(session.error('import "m0"')).toMatchObject({
      type: 'RangeError',
      message: 'Maximum call depth exceeded',
    });
    expect(session.value('try { import "m0" } catch (e) { e.type }')).toBe('RangeError');
    expect(session.value('1 + 1')).toBe(2);
  });

  it('asks the host before each file whether the program must stop', () => {
    const session = sessionOf({ 'bad.ai': 'f() = )' });
    session.run('for (i = 0; i < 20; i++) { try { import "bad" } catch { } }');
    expect(session.host.polls).toBeGreaterThanOrEqual(20);
    session.host.stopAtPoll = session.host.polls + 10;
    const outcome = session.run('for (i = 0; i < 20; i++) { try { import "bad" } catch { } }');
    expect(outcome.status).toBe('cancelled');
  });

  it('can be stopped while its statements run', () => {
    const session = sessionOf({ 'endless.ai': 'while (true) { }' });
    session.host.stopAtPoll = 5;
    expect(session.run('import "endless"').status).toBe('cancelled');
    session.host.stopAtPoll = Number.POSITIVE_INFINITY;
    expect(session.error('endless').type).toBe('ReferenceError');
  });

  it('is refused where its text is too large to be compiled in between two stops', () => {
    const session = sessionOf({ 'large.ai': '//'.padEnd(1024 * 1024 + 1, 'x') });
    expect(session.error('import "large"')).toMatchObject({
      type: 'ImportError',
      message: "'large.ai' is too large for a module",
    });
  });

  it('is refused where it nests too deep', () => {
    const session = sessionOf({ 'deep.ai': `x = ${'['.repeat(5000)}` });
    expect(session.error('import "deep"').message).toMatch(
      /^Syntax error in 'deep\.ai' at 1:\d+: Nesting is too deep/,
    );
  });

  it('has ordinary members whatever their names are', () => {
    const session = sessionOf({
      '__proto__.ai': 'constructor = 1; f(){ return constructor }',
      'constructor.ai':
        'module constructor { loaded = "own"; K = 2; R = 3; get(){ return loaded } }',
    });
    expect(session.value('import "__proto__"; [__proto__.f(), __proto__.constructor]')).toEqual([
      1, 1,
    ]);
    expect(
      session.value('import "constructor"; [constructor.get(), constructor.K, constructor.R]'),
    ).toEqual(['own', 2, 3]);
  });

  it('is all that the session gets of the file', () => {
    const session = sessionOf({ 'util.ai': 'x = 1; f(){ return 2 }; module inner { y = 3 }' });
    expect(session.run('import "util"').variables).toEqual({
      added: ['util'],
      changed: [],
      removed: [],
    });
    expect(session.interpreter.variables({ includeValues: false })).toMatchObject([
      { name: 'util', kind: 'module', size: 3 },
    ]);
    expect(session.interpreter.inspect('util', [], 1)).toMatchObject({
      children: [{ key: 'x' }, { key: 'f' }, { key: 'inner' }],
    });
  });

  it('shows the line of the file where its code fails', () => {
    const session = sessionOf({ 'util.ai': 'f(n){\n  return n.x\n}' });
    expect(session.error('import "util"\nutil.f(null)')).toMatchObject({
      type: 'TypeError',
      location: { line: 2, column: 12, file: 'util.ai' },
      preview: '  return n.x\n           ^',
      stack: [
        { function: 'f', line: 2, column: 12, file: 'util.ai' },
        { function: '<main>', line: 2, column: 6 },
      ],
    });
  });

  it('names the file in an error value only where there is one', () => {
    const session = sessionOf({ 'util.ai': 'f(){ throw "no" }' });
    session.run('import "util"');
    expect(session.value('try { util.f() } catch (e) { [e.file, e.stack[0].file] }')).toEqual([
      'util.ai',
      'util.ai',
    ]);
    expect(session.value('try { throw "no" } catch (e) { [e.file, keys(e.stack[0])] }')).toEqual([
      null,
      ['function', 'line', 'column'],
    ]);
  });

  it('does not hide that the interpreter itself failed', () => {
    const session = sessionWith(() => {
      throw new Error('a fault of the host');
    });
    expect(session.error('try { import "a" } catch { 1 }')).toEqual({
      type: 'InternalError',
      message: 'The interpreter failed',
    });
  });
});
