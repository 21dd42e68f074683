// What sessions promise when the agent, the engine or the clock misbehaves. The registry is the real one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import type { SessionManager } from '../../../src/orchestrator/sessions/session-manager.ts';
import type { LiveEvent } from '../../../src/orchestrator/sessions/session-service.ts';
import type { Snapshots } from '../../../src/orchestrator/sessions/snapshots.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { ScriptedSource } from '../../doubles/scripted-source.ts';
import { sessionManager, snapshotsIn } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);

const ended = (executionId: string) => ({
  type: 'ended' as const,
  executionId,
  status: 'success' as const,
  truncated: false,
  usage: { cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 },
  warnings: [],
  variables: { added: [], changed: [], removed: [] },
  stateLost: false,
});

describe('the sessions', () => {
  let directory: string;
  let registry: SqliteRegistry;
  let clock: FakeClock;
  let source: ScriptedSource;
  let snapshots: Snapshots;
  let manager: SessionManager;

  const newManager = () => sessionManager({ registry, source, snapshots, clock });
  const create = (name?: string) =>
    manager.create('default', { language: 'anarchy', config, ...(name ? { name } : {}) }, soon());
  const followed = async (id: string, since?: number) => {
    const events: LiveEvent[] = [];
    const messages = () => events.map((event) => JSON.parse(event.text));
    await manager.follow(
      'default',
      id,
      { connection: true, ...(since === undefined ? {} : { since }) },
      { event: (event) => void events.push(event), close: () => {} },
    );
    return { events, messages };
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cellar-sessions-'));
    clock = new FakeClock();
    registry = await SqliteRegistry.open({ directory, clock });
    source = new ScriptedSource();
    snapshots = await snapshotsIn(directory, registry, clock);
    manager = newManager();
  });
  afterEach(async () => {
    await registry.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('store a result before anybody is told, and tell the agent last', async () => {
    const { record } = await create();
    const { sessionId: id } = record;
    const execution = await manager.submit('default', id, { code: '7' });
    let storedWhenTold: string | undefined;
    await manager.follow(
      'default',
      id,
      { connection: true },
      {
        event: (event) => {
          if (event.type !== 'executionResult') return;
          expect(source.last.acknowledged).toBe(0);
          void registry
            .findExecution(id, execution.executionId)
            .then((found) => (storedWhenTold = found?.status));
        },
        close: () => {},
      },
    );
    const last = source.last.finish(execution.executionId, 7);
    const view = await manager.ended('default', id, execution.executionId, soon());
    expect(view.record).toMatchObject({ status: 'success', result: { value: 7 } });
    await expect.poll(() => storedWhenTold).toBe('success');
    await expect.poll(() => source.last.acknowledged).toBe(last);
  });

  it.each([
    ['an event of an execution that does not run', (id: string) => [id, 'exec-other'] as const],
    ['a second start', (id: string) => [id, id] as const],
  ])('give up a sandbox whose agent sends %s', async (_, ids) => {
    const { record } = await create();
    const { sessionId: id } = record;
    const execution = await manager.submit('default', id, { code: '1' });
    const hostile = source.last;
    for (const executionId of ids(execution.executionId))
      hostile.emit({ type: 'started', executionId });
    const view = await manager.ended('default', id, execution.executionId, soon());
    expect(view.record).toMatchObject({ status: 'lost', error: { type: 'SandboxLost' } });
    await expect.poll(() => hostile.disposed).toBe(true);
    await expect.poll(() => source.started.length).toBe(2);
    await expect.poll(async () => (await manager.find('default', id)).record.state).toBe('idle');
  });

  it('bound what a hostile agent can make them store', async () => {
    const { record } = await create();
    const { sessionId: id } = record;
    const execution = await manager.submit('default', id, { code: '1' });
    const { executionId } = execution;
    source.last.emit({ type: 'started', executionId });
    for (let i = 0; i < 400; i++) {
      source.last.emit({
        type: 'output',
        executionId,
        channel: 'stdout',
        content: 'x'.repeat(65_536),
      });
    }
    source.last.emit(ended(executionId));
    const view = await manager.ended('default', id, executionId, soon());
    expect(view.record.truncated).toBe(true);
    const bytes = view.output.reduce((sum, { content }) => sum + content.length, 0);
    expect(bytes).toBeLessThan(18 * 1024 * 1024);
  });

  it('give up a sandbox whose agent does not end an execution in time', async () => {
    const { record } = await create();
    const { sessionId: id } = record;
    const execution = await manager.submit('default', id, { code: 'x', timeout: 1000 });
    source.last.emit({ type: 'started', executionId: execution.executionId });
    const ended = manager.ended('default', id, execution.executionId, soon());
    await expect.poll(() => source.last.acknowledged).toBe(1);
    clock.advance(3001);
    expect((await ended).record).toMatchObject({ status: 'lost', error: { type: 'SandboxLost' } });
    await expect.poll(() => source.started[0]!.disposed).toBe(true);
  });

  it('lose what waited behind a lost execution, since its state is gone', async () => {
    const { record } = await create();
    const { sessionId: id } = record;
    const first = await manager.submit('default', id, { code: 'a' });
    const second = await manager.submit('default', id, { code: 'b' });
    source.last.lose('outOfMemory');
    const views = await Promise.all(
      [first, second].map(({ executionId }) => manager.ended('default', id, executionId, soon())),
    );
    expect(views.map((view) => view.record.status)).toEqual(['lost', 'lost']);
    expect(views[0]!.record.error!.message).toContain('memory');
    await expect.poll(() => source.started.length).toBe(2);
    expect(source.started[1]!.executions).toEqual([]);
  });

  it('wait for the next request when one sandbox after another is lost', async () => {
    const { record } = await create();
    const { sessionId: id } = record;
    for (let i = 0; i < 4; i++) {
      await expect.poll(async () => (await manager.find('default', id)).record.state).toBe('idle');
      source.last.lose('exited');
      await expect.poll(() => source.started[i]!.disposed).toBe(true);
    }
    await expect.poll(async () => (await manager.find('default', id)).record.state).toBe('failed');
    expect(source.started.length).toBe(4);
    const execution = await manager.submit('default', id, { code: '1' });
    await expect.poll(() => source.started.length).toBe(5);
    await expect.poll(() => source.last.executions.length).toBe(1);
    source.last.finish(execution.executionId, 1);
    const view = await manager.ended('default', id, execution.executionId, soon());
    expect(view.record.status).toBe('success');
  });

  it('keep nothing of a session whose sandbox did not start', async () => {
    source.failure = new AppError('runtime_unavailable');
    await expect(create('unlucky')).rejects.toMatchObject({ code: 'runtime_unavailable' });
    expect((await manager.list('default', {}, { limit: 10, offset: 0 })).total).toBe(0);
    expect(source.released).toEqual(['sbx-1']);
    source.failure = null;
    expect((await create('unlucky')).record.state).toBe('idle');
  });

  it('refuse one more than there may be', async () => {
    await Promise.all([create(), create(), create()]);
    await expect(create()).rejects.toMatchObject({
      code: 'overloaded',
      retryAfterSeconds: expect.any(Number),
    });
  });

  it('are not there for another tenant', async () => {
    const { record } = await create('mine');
    for (const id of ['mine', record.sessionId]) {
      await expect(manager.find('other', id)).rejects.toMatchObject({ code: 'session_not_found' });
      await expect(manager.submit('other', id, { code: '1' })).rejects.toMatchObject({
        code: 'session_not_found',
      });
      await expect(manager.delete('other', id, { force: true }, soon())).rejects.toMatchObject({
        code: 'session_not_found',
      });
    }
    expect((await manager.list('other', {}, { limit: 10, offset: 0 })).total).toBe(0);
  });

  it('cancel what waits at once, and what runs through its agent', async () => {
    const { record } = await create();
    const { sessionId: id } = record;
    const running = await manager.submit('default', id, { code: 'a' });
    const waiting = await manager.submit('default', id, { code: 'b' });
    await manager.cancel('default', id, waiting.executionId);
    const view = await manager.ended('default', id, waiting.executionId, soon());
    expect(view.record).toMatchObject({ status: 'cancelled', error: { type: 'CancelledError' } });
    await manager.cancel('default', id, running.executionId);
    expect(source.last.cancelled).toEqual([running.executionId]);
    source.last.finish(running.executionId);
    await manager.ended('default', id, running.executionId, soon());
    await expect(manager.cancel('default', id, running.executionId)).rejects.toMatchObject({
      code: 'execution_ended',
    });
    await expect(manager.cancel('default', id, 'exec-none')).rejects.toMatchObject({
      code: 'execution_not_found',
    });
  });

  it('replay what was missed, each once and in order, and go on live', async () => {
    const { record } = await create();
    const { sessionId: id } = record;
    const run = async (value: number) => {
      const execution = await manager.submit('default', id, { code: String(value) });
      source.last.finish(execution.executionId, value);
      await manager.ended('default', id, execution.executionId, soon());
    };
    await run(1);
    const early = await followed(id, 0);
    await run(2);
    const late = await followed(id, 0);
    await run(3);
    const results = ({ messages }: typeof early) =>
      messages()
        .filter((message) => message.type === 'executionResult')
        .map((message) => message.result.value);
    expect(results(early)).toEqual([1, 2, 3]);
    expect(results(late)).toEqual([1, 2, 3]);
    const seqs = late.messages().map((message) => message.seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
  });

  it('pass on how far a program has come, and keep it for those who come later', async () => {
    const { record } = await create();
    const { sessionId: id } = record;
    const live = await followed(id);
    const { executionId } = await manager.submit('default', id, { code: '1' });
    source.last.emit({ type: 'started', executionId });
    source.last.emit({ type: 'progress', executionId, value: 1 });
    source.last.emit({ type: 'progress', executionId, value: 2, of: 3 });
    source.last.emit(ended(executionId));
    await manager.ended('default', id, executionId, soon());
    const late = await followed(id, 0);
    const progress = ({ messages }: typeof live) =>
      messages().filter((message) => message.type === 'progress');
    const seq = expect.any(Number);
    expect(progress(live)).toEqual([
      { type: 'progress', executionId, value: 1, seq },
      { type: 'progress', executionId, value: 2, of: 3, seq },
    ]);
    expect(progress(late)).toEqual(progress(live));
  });

  it('number what is for one follower after the events that are being stored', async () => {
    const { record } = await create();
    const { sessionId: id } = record;
    const seqs: number[] = [];
    const { number } = await manager.follow(
      'default',
      id,
      { connection: true },
      {
        event: ({ seq }) => void seqs.push(seq),
        close: () => {},
      },
    );
    // The registry's sync is the moment in which an event has its number and is not sent yet.
    const durable = registry.durable.bind(registry);
    const reached = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    registry.durable = async () => {
      reached.resolve();
      await goOn.promise;
      return durable();
    };
    const { executionId } = await manager.submit('default', id, { code: '1' });
    source.last.finish(executionId, 1);
    await reached.promise;
    number((seq) => void seqs.push(seq));
    goOn.resolve();
    await manager.ended('default', id, executionId, soon());
    number((seq) => void seqs.push(seq));
    expect(seqs.length).toBeGreaterThan(4);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
  });

  it('keep as much history as they may, by its size too', async () => {
    const { record } = await create();
    const { sessionId: id } = record;
    for (let i = 0; i < 10; i++) {
      const execution = await manager.submit('default', id, { code: '1' });
      const { executionId } = execution;
      source.last.emit({ type: 'started', executionId });
      source.last.emit({
        type: 'output',
        executionId,
        channel: 'stdout',
        content: 'x'.repeat(30_000),
      });
      source.last.emit(ended(executionId));
      await manager.ended('default', id, executionId, soon());
    }
    const { total, items } = await manager.history('default', id, { limit: 10, offset: 0 }, true);
    expect(total).toBe(3);
    expect(items.every(({ output }) => output[0]?.content.length === 30_000)).toBe(true);
    const events = await followed(id, 0);
    expect(events.messages()[0]).toMatchObject({ type: 'gap', since: 0 });
  });

  it('go on with the same numbers and executions in the next process', async () => {
    const { record } = await create('kept');
    const { sessionId: id } = record;
    const follower = await followed(id);
    const execution = await manager.submit('default', id, { code: '1' });
    const sandbox = source.last;
    sandbox.emit({ type: 'started', executionId: execution.executionId });
    await expect
      .poll(() => follower.messages().some((message) => message.type === 'executionStart'))
      .toBe(true);
    const seen = follower.events.at(-1)!.seq;

    await manager.stop();
    source.left.set(sandbox.sandboxId, sandbox);
    manager = newManager();
    await manager.recover();
    const after = await followed(id, seen);
    const last = sandbox.emit(ended(execution.executionId));
    await expect.poll(() => after.messages().at(-1)?.type).toBe('state');
    expect(after.messages().find((message) => message.type === 'executionResult')).toMatchObject({
      executionId: execution.executionId,
      status: 'success',
    });
    expect(after.events.every((event) => event.seq > seen)).toBe(true);
    await expect.poll(() => sandbox.acknowledged).toBe(last);
  });

  it('finish a deletion that was cut off', async () => {
    const { record } = await create('gone');
    await registry.apply({ sessionId: record.sessionId, session: { state: 'deleted' } });
    manager = newManager();
    await manager.recover();
    expect(await registry.sessionsToRecover()).toEqual([]);
    await expect(manager.find('default', 'gone')).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  it('wait for the engine when it is away at the start, and say so', async () => {
    const { record } = await create('patient');
    const sandbox = source.last;
    await manager.stop();
    manager = newManager();
    source.failure = new AppError('runtime_unavailable');
    await manager.recover();
    await expect(manager.submit('default', 'patient', { code: '1' })).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
    source.failure = null;
    source.left.set(sandbox.sandboxId, sandbox);
    clock.advance(2_000);
    await expect
      .poll(async () =>
        manager.submit('default', 'patient', { code: '1' }).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect((await manager.find('default', 'patient')).record.sandbox?.sandboxId).toBe(
      record.sandbox?.sandboxId,
    );
  });
});
