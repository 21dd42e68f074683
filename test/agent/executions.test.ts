import { describe, expect, it } from 'vitest';
import { type AgentEvent, limits } from '#protocol';
import { Executions } from '../../src/agent/executions.ts';
import { FakeClock } from '../doubles/fake-clock.ts';
import { ScriptedEngine } from '../doubles/scripted-engine.ts';
import { program } from '../helpers/commands.ts';
import { brief } from '../helpers/link-fixture.ts';

function setUp() {
  const engine = new ScriptedEngine();
  const clock = new FakeClock();
  const executions = new Executions(engine, (ms, callback) => clock.after(ms, callback));
  const execute = (id: string, rest = {}) =>
    executions.execute({ type: 'execute', ...program(id, `code of ${id}`, rest) });
  return { engine, clock, executions, execute, events: () => eventsOf(executions) };
}

/** All events that the agent keeps. */
async function eventsOf(executions: Executions): Promise<AgentEvent[]> {
  const events: AgentEvent[] = [];
  const sink = {
    write(lines: string) {
      for (const line of lines.split('\n')) if (line !== '') events.push(JSON.parse(line));
      return true;
    },
  };
  executions.events.attach(sink);
  await new Promise((resolve) => setImmediate(resolve));
  executions.events.detach(sink);
  return events;
}

describe('executions', () => {
  it('wait until the session is configured', () => {
    const { engine, executions, execute } = setUp();
    execute('a');
    expect(engine.calls).toEqual([]);
    executions.open();
    expect(engine.calls).toEqual(['execute code of a']);
  });

  it('run one after another in the order they came', async () => {
    const { engine, executions, execute, events } = setUp();
    executions.open();
    execute('a');
    execute('b');
    expect(engine.calls).toEqual(['execute code of a']);
    expect(executions.held()).toEqual(['a', 'b']);
    engine.print('x');
    engine.end();
    engine.end();
    expect(brief(await events())).toEqual([
      '1 started a',
      '2 output a x',
      '3 ended a success',
      '4 started b',
      '5 ended b success',
    ]);
  });

  it('are stopped at their time limit, counted from their start', () => {
    const { engine, clock, executions, execute } = setUp();
    executions.open();
    execute('a', { timeoutMs: 100 });
    execute('b', { timeoutMs: 100 });
    clock.advance(99);
    expect(engine.calls).not.toContain('stop timeout');
    clock.advance(1);
    expect(engine.calls).toContain('stop timeout');
    engine.end({ status: 'timeout' });
    clock.advance(99);
    expect(engine.calls.filter((call) => call === 'stop timeout')).toHaveLength(1);
    clock.advance(1);
    expect(engine.calls.filter((call) => call === 'stop timeout')).toHaveLength(2);
  });

  it('leave no timer behind', () => {
    const { engine, clock, executions, execute } = setUp();
    executions.open();
    execute('a');
    engine.end();
    expect(clock.pending).toBe(0);
  });

  it('are cancelled while they run, by the engine', () => {
    const { engine, executions, execute } = setUp();
    executions.open();
    execute('a');
    executions.cancel('a');
    expect(engine.calls).toContain('stop cancelled');
  });

  it('are cancelled while they wait, without the engine', async () => {
    const { engine, executions, execute, events } = setUp();
    executions.open();
    execute('a');
    execute('b');
    executions.cancel('b');
    engine.end();
    expect(engine.calls).toEqual(['execute code of a']);
    const ended = (await events()).find((event) => event.executionId === 'b');
    expect(ended).toMatchObject({
      type: 'ended',
      status: 'cancelled',
      error: { type: 'CancelledError' },
    });
  });

  it('are refused with an end of their own when too many wait', async () => {
    const { executions, execute, events } = setUp();
    executions.open();
    for (let i = 0; i < limits.queueLengthMax + 2; i++) execute(`run-${i}`);
    const last = (await events()).at(-1);
    expect(last).toMatchObject({
      type: 'ended',
      executionId: `run-${limits.queueLengthMax + 1}`,
      status: 'error',
      error: { type: 'ResourceLimitError' },
    });
  });

  it('run once, whether given again while they wait, run, or have ended', () => {
    const { engine, executions, execute } = setUp();
    executions.open();
    execute('a');
    execute('a');
    execute('b');
    execute('b');
    engine.end();
    engine.end();
    execute('a');
    execute('b');
    executions.events.acknowledge(4);
    execute('a');
    expect(engine.calls).toEqual(['execute code of a', 'execute code of b']);
  });

  it('get input that was typed before their turn', () => {
    const { engine, executions, execute } = setUp();
    executions.open();
    execute('a');
    execute('b', { interactive: true });
    executions.input('b', 'one\n');
    executions.input('b', 'two\n');
    executions.input('nobody', 'x');
    engine.end();
    expect(engine.calls.slice(1)).toEqual(['execute code of b', 'input one\ntwo\n']);
  });

  it('hold their program back while nobody takes the events, and end all the same', async () => {
    const { engine, executions, execute, events } = setUp();
    executions.open();
    execute('a');
    execute('b');
    let written = 0;
    while (engine.print('x')) written++;
    expect(written).toBeLessThan(limits.unacknowledgedEventsMax);
    engine.end();
    expect(executions.events.lastSeq).toBe(written + 3);
    expect(engine.calls).toEqual(['execute code of a']);

    executions.events.acknowledge((await events()).at(-1)!.seq);
    expect(engine.calls).toEqual(['execute code of a', 'drained', 'execute code of b']);
  });

  it('wait for work that no program may disturb, which waits for them', async () => {
    const { engine, executions, execute } = setUp();
    executions.open();
    execute('a');
    const first = Promise.withResolvers<string>();
    const done: string[] = [];
    const works = [first.promise, Promise.reject(new Error('failed'))].map((promise) =>
      executions
        .exclusively(() => {
          engine.calls.push('work');
          return promise;
        })
        .then(
          (result) => done.push(result),
          (error: Error) => done.push(error.message),
        ),
    );
    execute('b');
    expect(executions.held()).toEqual(['a', 'b']);
    expect(engine.calls).toEqual(['execute code of a']);
    engine.end();
    expect(engine.calls).toEqual(['execute code of a', 'work']);
    first.resolve('done');
    await Promise.all(works);
    await engine.told('execute code of b');
    expect(engine.calls).toEqual(['execute code of a', 'work', 'work', 'execute code of b']);
    expect(done).toEqual(['done', 'failed']);
  });

  it('leave a bounded queue for such work, too', async () => {
    const { executions, execute } = setUp();
    for (let i = 0; i < limits.queueLengthMax; i++) execute(`${i}`);
    await expect(executions.exclusively(async () => {})).rejects.toMatchObject({
      code: 'queue_full',
    });
  });

  it('are all cancelled by a reset, whatever the engine is at, and others come after it', async () => {
    const { engine, executions, execute, events } = setUp();
    executions.open();
    execute('a');
    execute('b');
    const reset = executions.reset();
    await reset;
    execute('c');
    expect(engine.calls).toEqual(['execute code of a', 'reset', 'execute code of c']);
    expect(brief(await events())).toEqual([
      '1 started a',
      '2 ended b cancelled',
      '3 ended a cancelled',
      '4 started c',
    ]);
  });
});
