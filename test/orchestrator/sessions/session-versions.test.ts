// What is kept of a session's state, and how it comes back. Registry and snapshot store are the real ones; a test plays the agents.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { SessionConfig } from '../../../src/orchestrator/registry/records.ts';
import { IncomingArchive } from '../../../src/orchestrator/sessions/archive-entries.ts';
import { Retention } from '../../../src/orchestrator/sessions/retention.ts';
import type { ForkSource } from '../../../src/orchestrator/sessions/session-service.ts';
import { type SessionWorld, sessionManager, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const tenant = 'default';
const page = { limit: 50, offset: 0 };

let { directory, registry, clock, source, snapshots, manager } = {} as SessionWorld;

beforeEach(async () => {
  ({ directory, registry, clock, source, snapshots, manager } = await sessionWorld());
});
afterEach(async () => {
  vi.restoreAllMocks();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function create(changes: Partial<SessionConfig> = {}, from?: ForkSource): Promise<string> {
  const wanted = {
    language: 'anarchy',
    config: { ...config, ...changes },
    ...(from ? { from } : {}),
  };
  return (await manager.create(tenant, wanted, soon())).record.sessionId;
}
const recordOf = async (id: string) => (await manager.find(tenant, id)).record;
const stateOf = async (id: string) => (await recordOf(id)).state;
const take = (id: string, label: string | null = null) =>
  manager.states.take(tenant, id, label, soon());
const versionsOf = async (id: string) =>
  (await manager.states.list(tenant, id, page)).items.map(({ version }) => version);
const submit = async (id: string) => (await manager.submit(tenant, id, { code: '1' })).executionId;

/** One execution that leaves the agent with a state. */
async function run(id: string, state: string): Promise<void> {
  const executionId = await submit(id);
  const sandbox = source.last;
  await expect.poll(() => sandbox.executions.at(-1)?.executionId).toBe(executionId);
  sandbox.state = state;
  sandbox.finish(executionId, 1);
  await manager.ended(tenant, id, executionId, soon());
}

async function stateIn(id: string, version: number): Promise<string> {
  const { content } = await manager.states.archive(tenant, id, version, soon());
  const archive = new IncomingArchive(content);
  await archive.version();
  for await (const _ of archive.history());
  return textOf(archive.archive());
}

async function messagesOf(id: string): Promise<Record<string, unknown>[]> {
  const events = await registry.eventsSince(id, 0, 1000);
  return events.map(({ message }) => JSON.parse(message));
}

describe('a snapshot', () => {
  it('is a new version that grew from the one before', async () => {
    const id = await create();
    source.last.state = 'one';
    const first = await take(id, 'first');
    source.last.state = 'two';
    const second = await take(id);
    expect(first).toMatchObject({ version: 1, parent: null, label: 'first', sizeBytes: 3 });
    expect(second).toMatchObject({ version: 2, parent: 1, label: null, reason: 'requested' });
    expect(await versionsOf(id)).toEqual([2, 1]);
    expect(await manager.find(tenant, id)).toMatchObject({ record: { version: 2 }, snapshots: 2 });
  });

  it('waits for the execution that runs, and those that wait come after it', async () => {
    const id = await create();
    const running = await submit(id);
    await submit(id);
    const taken = take(id);
    const sandbox = source.last;
    sandbox.state = 'after the first';
    sandbox.finish(running, 1);
    const { version } = await taken;
    expect(await stateIn(id, version!)).toBe('after the first');
    await expect.poll(() => sandbox.executions.length).toBe(2);
  });

  it('that fails leaves nothing, and the session goes on', async () => {
    const id = await create();
    vi.spyOn(source.last.agent, 'snapshot').mockImplementation(async function* () {
      yield Buffer.from('half of it');
      throw new AppError('sandbox_lost');
    });
    await expect(take(id)).rejects.toMatchObject({ code: 'sandbox_lost' });
    expect(await versionsOf(id)).toEqual([]);
    vi.restoreAllMocks();
    await run(id, 'on');
    expect((await take(id)).version).toBe(1);
  });

  it('is gone for good when it is deleted, unless the session stands on it', async () => {
    const id = await create();
    await take(id);
    await take(id);
    await expect(manager.states.remove(tenant, id, 2)).rejects.toMatchObject({
      code: 'snapshot_in_use',
    });
    await manager.states.remove(tenant, id, 1);
    expect(await versionsOf(id)).toEqual([2]);
    await expect(manager.states.find(tenant, id, 1)).rejects.toMatchObject({
      code: 'snapshot_not_found',
    });
    expect((await take(id)).version).toBe(3);
  });

  it('keeps its content until it is surely forgotten', async () => {
    const id = await create();
    await take(id);
    await take(id);
    const disk = Promise.withResolvers<void>();
    const durable = vi.spyOn(registry, 'durable').mockReturnValue(disk.promise);
    const removal = manager.states.remove(tenant, id, 1);
    await expect.poll(() => durable.mock.calls.length).toBe(1);
    const stored = () => readdir(join(directory, 'snapshots', tenant, 'snapshots'));
    expect(await stored()).toHaveLength(2);
    disk.resolve();
    await removal;
    expect(await stored()).toHaveLength(1);
  });

  it('is nobody else’s', async () => {
    const id = await create();
    const { snapshotId } = await take(id);
    await expect(manager.states.list('other', id, page)).rejects.toMatchObject({
      code: 'session_not_found',
    });
    const wanted = { language: 'anarchy', config, from: { snapshot: snapshotId } };
    await expect(manager.create('other', wanted, soon())).rejects.toMatchObject({
      code: 'snapshot_not_found',
    });
  });

  it('whose record was never made is removed by the next process', async () => {
    const id = await create();
    source.last.state = 'kept';
    await take(id);
    vi.spyOn(registry, 'apply').mockRejectedValueOnce(new AppError('session_not_found'));
    await take(id).catch(() => {});
    const indexes = () => readdir(join(directory, 'snapshots', tenant, 'snapshots'));
    expect(await indexes()).toHaveLength(2);
    await snapshots.sweep();
    expect(await indexes()).toHaveLength(1);
  });
});

describe('a label', () => {
  const labelsOf = async (id: string) =>
    (await manager.states.list(tenant, id, page)).items.map(({ version, label }) => [
      version,
      label,
    ]);
  const label = (id: string, version: number, text: string | null) =>
    manager.states.label(tenant, id, version, text);

  it('is changed, moved and taken away, and is never two versions’', async () => {
    const id = await create();
    await take(id, 'good');
    await take(id);
    await take(id, 'good');
    expect(await labelsOf(id)).toEqual([
      [3, 'good'],
      [2, null],
      [1, null],
    ]);
    expect(await label(id, 2, 'good')).toMatchObject({ version: 2, label: 'good' });
    await label(id, 1, 'other');
    expect(await labelsOf(id)).toEqual([
      [3, null],
      [2, 'good'],
      [1, 'other'],
    ]);
    await label(id, 2, null);
    expect(await labelsOf(id)).toEqual([
      [3, null],
      [2, null],
      [1, 'other'],
    ]);
    await expect(label(id, 7, 'good')).rejects.toMatchObject({ code: 'snapshot_not_found' });
  });

  it('is another session’s as well', async () => {
    const [one, other] = [await create(), await create()];
    await take(one, 'good');
    await take(other, 'good');
    expect(await labelsOf(one)).toEqual([[1, 'good']]);
    await expect(manager.states.label('other', one, 1, null)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  it('names the version to go back to, and the one to begin with', async () => {
    const id = await create();
    source.last.state = 'then';
    await take(id, 'good');
    source.last.state = 'now';
    await take(id);
    await manager.states.rollback(tenant, id, { label: 'good' }, soon());
    expect(source.last.state).toBe('then');
    await create({}, { session: id, label: 'good' });
    expect(source.last.state).toBe('then (fork)');
    await expect(
      manager.states.rollback(tenant, id, { label: 'none' }, soon()),
    ).rejects.toMatchObject({ code: 'snapshot_not_found' });
  });

  it('keeps a version that the policy would let go, as long as it has it', async () => {
    const id = await create({ persistence: { policy: 'execution', keep: 1 } });
    await run(id, '1');
    await label(id, 1, 'first');
    for (const state of ['2', '3']) await run(id, state);
    expect(await versionsOf(id)).toEqual([3, 1]);
    await label(id, 1, null);
    await run(id, '4');
    expect(await versionsOf(id)).toEqual([4]);
  });
});

describe('a rollback', () => {
  it('puts a sandbox with that state in the place of the present one', async () => {
    const id = await create();
    const former = source.last;
    former.state = 'then';
    await take(id);
    former.state = 'now';
    await take(id);
    await manager.states.rollback(tenant, id, { version: 1 }, soon());
    expect(source.last).not.toBe(former);
    expect(source.last.state).toBe('then');
    await expect.poll(() => former.disposed).toBe(true);
    expect(await recordOf(id)).toMatchObject({ version: 1, state: 'idle' });
    expect((await messagesOf(id)).at(-1)).toMatchObject({ reason: 'rolledBack', version: 1 });
    await run(id, 'another way');
    expect(await take(id)).toMatchObject({ version: 3, parent: 1 });
  });

  it('to a version that goes meanwhile changes nothing', async () => {
    const id = await create();
    const former = source.last;
    const { snapshotId } = await take(id);
    await take(id);
    const gate = Promise.withResolvers<void>();
    source.engine = gate.promise;
    const rolledBack = manager.states.rollback(tenant, id, { version: 1 }, soon());
    rolledBack.catch(() => {});
    await expect.poll(() => source.signals.length).toBe(2);
    vi.spyOn(snapshots, 'open').mockImplementation(async function* () {
      yield Buffer.from('then');
      await registry.removeSnapshots([snapshotId]);
    });
    gate.resolve();
    await expect(rolledBack).rejects.toMatchObject({ code: 'snapshot_not_found' });
    expect(await recordOf(id)).toMatchObject({ version: 2, state: 'idle' });
    expect(former.disposed).toBe(false);
    expect(source.last.disposed).toBe(true);
  });

  it('comes after the snapshot or rollback that was asked for before it', async () => {
    const id = await create();
    source.last.state = 'one';
    await take(id);
    source.last.state = 'two';
    await Promise.all([
      manager.states.rollback(tenant, id, { version: 1 }, soon()),
      take(id),
      manager.states.rollback(tenant, id, { version: 1 }, soon()),
    ]);
    expect(source.last.state).toBe('one');
    expect(await stateIn(id, 2)).toBe('one');
    await expect.poll(() => source.started.filter(({ disposed }) => !disposed).length).toBe(1);
  });

  it('that fails changes nothing', async () => {
    const id = await create();
    const former = source.last;
    await take(id);
    await expect(manager.states.rollback(tenant, id, { version: 7 }, soon())).rejects.toMatchObject(
      {
        code: 'snapshot_not_found',
      },
    );
    source.failure = new AppError('runtime_unavailable');
    await expect(manager.states.rollback(tenant, id, { version: 1 }, soon())).rejects.toMatchObject(
      {
        code: 'runtime_unavailable',
      },
    );
    source.failure = null;
    expect(former.disposed).toBe(false);
    await run(id, 'on');
    expect(source.last).toBe(former);
  });

  it('keeps what waits to be executed waiting, and runs it on the state that came back', async () => {
    const id = await create();
    await take(id);
    const gate = Promise.withResolvers<void>();
    source.engine = gate.promise;
    const rolledBack = manager.states.rollback(tenant, id, { version: 1 }, soon());
    await expect.poll(() => source.signals.length).toBe(2);
    const former = source.last;
    await submit(id);
    gate.resolve();
    await rolledBack;
    await expect.poll(() => source.last.executions.length).toBe(1);
    expect(former.executions).toEqual([]);
  });
});

describe('a session whose sandbox is lost', () => {
  it('goes on from its last version, and says so', async () => {
    const id = await create();
    source.last.state = 'stored';
    await take(id);
    source.last.lose('exited');
    await expect.poll(() => source.started.length).toBe(2);
    await expect.poll(() => stateOf(id)).toBe('idle');
    expect(source.last.state).toBe('stored');
    const states = (await messagesOf(id)).filter(({ type }) => type === 'state');
    expect(states.at(-1)).toMatchObject({ to: 'idle', reason: 'recovered', version: 1 });
  });

  it('goes on from the version before when the last one is damaged', async () => {
    const id = await create();
    source.last.state = 'old';
    await take(id);
    source.last.state = 'new';
    await take(id);
    const open = snapshots.open.bind(snapshots);
    vi.spyOn(snapshots, 'open').mockImplementation((snapshot, signal) => {
      if (snapshot.version === 2) throw new AppError('snapshot_damaged');
      return open(snapshot, signal);
    });
    source.last.lose('exited');
    await expect.poll(() => source.last.state).toBe('old');
    await expect.poll(() => stateOf(id)).toBe('idle');
    expect((await recordOf(id)).version).toBe(1);
  });

  it('begins anew without any version', async () => {
    const id = await create();
    source.last.state = 'never stored';
    source.last.lose('exited');
    await expect.poll(() => source.started.length).toBe(2);
    await expect.poll(() => stateOf(id)).toBe('idle');
    expect(source.last.state).toBe('');
  });
});

describe('the policy', () => {
  it('execution: output has the same time now and later, however long the state takes to store', async () => {
    const id = await create({ persistence: { policy: 'execution' } });
    const { take: original } = snapshots;
    vi.spyOn(snapshots, 'take').mockImplementation((...parameters) => {
      clock.advance(30);
      return original.apply(snapshots, parameters);
    });
    const executionId = await submit(id);
    const sandbox = source.last;
    await expect.poll(() => sandbox.executions.length).toBe(1);
    sandbox.finish(executionId, 1, 'written');
    const { output } = await manager.ended(tenant, id, executionId, soon());
    expect(output).toHaveLength(1);
    expect((await manager.execution(tenant, id, executionId)).output).toEqual(output);
  });

  it('execution: an end is told only when the state behind it is stored', async () => {
    const id = await create({ persistence: { policy: 'execution' } });
    const stored = Promise.withResolvers<void>();
    const { agent } = source.last;
    vi.spyOn(agent, 'snapshot').mockImplementation(async function* () {
      await stored.promise;
      yield Buffer.from('state');
    });
    const executionId = await submit(id);
    source.last.finish(executionId, 1);
    await expect.poll(() => vi.mocked(agent.snapshot).mock.calls.length).toBe(1);
    expect((await registry.findExecution(id, executionId))!.endedAt).toBeNull();
    stored.resolve();
    await manager.ended(tenant, id, executionId, soon());
    expect(await recordOf(id)).toMatchObject({ version: 1, state: 'idle' });
    expect((await registry.findSnapshot(id, 1))!.reason).toBe('execution');
  });

  it('execution: what has gone with its sandbox before it was stored is lost, not done', async () => {
    const id = await create({ persistence: { policy: 'execution' } });
    await run(id, 'kept');
    const sandbox = source.last;
    vi.spyOn(sandbox.agent, 'snapshot').mockImplementation(() => {
      sandbox.lose('outOfMemory');
      throw new AppError('sandbox_lost');
    });
    const executionId = await submit(id);
    sandbox.finish(executionId, 1);
    const { record } = await manager.ended(tenant, id, executionId, soon());
    expect(record).toMatchObject({ status: 'lost', result: null, warnings: [] });
    expect(record.error!.message).toMatch(/ran out of memory.*goes on from version 1/);
    await expect.poll(async () => (await recordOf(id)).state).toBe('idle');
    expect(source.last.state).toBe('kept');
    expect(await versionsOf(id)).toEqual([1]);
  });

  it('execution: a link that breaks while the state is read costs nothing', async () => {
    const id = await create({ persistence: { policy: 'execution' } });
    const { agent } = source.last;
    vi.spyOn(agent, 'snapshot').mockImplementationOnce(() => {
      throw new AppError('sandbox_lost');
    });
    const executionId = await submit(id);
    source.last.finish(executionId, 1);
    const { record } = await manager.ended(tenant, id, executionId, soon());
    expect(record).toMatchObject({ status: 'success', warnings: [] });
    expect(await versionsOf(id)).toEqual([1]);
  });

  it('execution: a process that ends leaves to the next one what it could not store', async () => {
    const id = await create({ persistence: { policy: 'execution' } });
    const sandbox = source.last;
    const asked = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const next = async () => {
      asked.resolve();
      await left.promise;
      throw new AppError('sandbox_lost');
    };
    const content = { [Symbol.asyncIterator]: () => ({ next }) };
    vi.spyOn(sandbox.agent, 'snapshot').mockReturnValue(content);
    const executionId = await submit(id);
    sandbox.finish(executionId, 1);
    await asked.promise;
    const stopping = manager.stop();
    left.resolve();
    await stopping;
    expect(await registry.findExecution(id, executionId)).toMatchObject({ endedAt: null });
    expect((await registry.findSession(tenant, id))!.state).toBe('busy');
    expect(sandbox.disposed).toBe(false);
  });

  it('execution: a state that cannot be stored is a warning on the execution', async () => {
    const id = await create({ persistence: { policy: 'execution' } });
    vi.spyOn(snapshots, 'take').mockRejectedValue(new AppError('storage_full'));
    const executionId = await submit(id);
    source.last.finish(executionId, 1);
    const { record } = await manager.ended(tenant, id, executionId, soon());
    expect(record.status).toBe('success');
    expect(record.warnings.map(({ message }) => message).join()).toContain('could not be stored');
  });

  it('execution: keeps as many as it is told, and what has a label', async () => {
    const id = await create({ persistence: { policy: 'execution', keep: 2 } });
    await run(id, '1');
    await take(id, 'mine');
    for (const state of ['3', '4', '5', '6']) await run(id, state);
    expect(await versionsOf(id)).toEqual([6, 5, 2]);
  });

  it('execution: the oldest goes with the coming of the newest, its content when that is on the disk', async () => {
    const id = await create({ persistence: { policy: 'execution', keep: 1 } });
    await run(id, 'first');
    const stored = () => readdir(join(directory, 'snapshots', tenant, 'snapshots'));
    const disk = Promise.withResolvers<void>();
    const durable = vi.spyOn(registry, 'durable').mockReturnValue(disk.promise);
    const running = run(id, 'second');
    await expect.poll(() => durable.mock.calls.length).toBe(1);
    expect(await versionsOf(id)).toEqual([2]);
    expect(await stored()).toHaveLength(2);
    disk.resolve();
    await running;
    await expect.poll(stored).toHaveLength(1);
    expect(durable.mock.calls.length).toBe(1);
  });

  it('execution: keeps one of each hour, and drops it when its hours are over', async () => {
    const hourMs = 3_600_000;
    const id = await create({ persistence: { policy: 'execution', keep: { last: 1, hourly: 3 } } });
    clock.advance(hourMs - (clock.now() % hourMs));
    for (const state of ['1', '2']) await run(id, state);
    clock.advance(hourMs);
    for (const state of ['3', '4']) await run(id, state);
    expect(await versionsOf(id)).toEqual([4, 2]);
    await run(id, '5');
    expect(await versionsOf(id)).toEqual([5, 2]);
    await manager.states.hibernate(tenant, id, soon());
    expect(await versionsOf(id)).toEqual([6, 2]);
    clock.advance(2 * hourMs);
    expect(await new Retention({ registry, snapshots, clock, keepDefault: 10 }).sweep(soon())).toBe(
      1,
    );
    expect(await versionsOf(id)).toEqual([6]);
    expect(await readdir(join(directory, 'snapshots', tenant, 'snapshots'))).toHaveLength(1);
  });

  it('says what the sweep finds in sessions that nobody has in memory', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push(await create({ persistence: { policy: 'execution', keep: 5 } }));
      for (const state of ['1', '2', '3']) await run(ids[i]!, state);
    }
    const { config: found } = await recordOf(ids[1]!);
    await registry.apply({
      sessionId: ids[1]!,
      session: { config: { ...found, persistence: { policy: 'none', keep: 1 } } },
    });
    manager = sessionManager({ registry, source, snapshots, clock });
    expect(await new Retention({ registry, snapshots, clock, keepDefault: 10 }).sweep(soon())).toBe(
      2,
    );
    const left = await Promise.all(ids.map((id) => registry.listSnapshots(id, page)));
    expect(left.map(({ total }) => total)).toEqual([3, 1, 3]);
  });

  it('interval: a version comes some time after a change, and none without one', async () => {
    const id = await create({ persistence: { policy: 'interval', intervalMs: 60_000 } });
    clock.advance(600_000);
    expect(await versionsOf(id)).toEqual([]);
    await run(id, 'changed');
    clock.advance(60_000);
    await expect.poll(() => versionsOf(id)).toEqual([1]);
    clock.advance(600_000);
    expect(await versionsOf(id)).toEqual([1]);
  });
});

describe('a hibernated session', () => {
  it('has no sandbox, and comes back with its state when it is wanted', async () => {
    const id = await create();
    const former = source.last;
    await run(id, 'asleep');
    await manager.states.hibernate(tenant, id, soon());
    await expect.poll(() => former.disposed).toBe(true);
    expect(await recordOf(id)).toMatchObject({ state: 'hibernated', sandbox: null });
    await run(id, 'awake');
    expect(source.started[1]).toBe(source.last);
    expect(await stateOf(id)).toBe('idle');
    expect((await messagesOf(id)).filter(({ reason }) => reason === 'resumed')).toHaveLength(2);
  });

  it('brings the stored state, not an empty one', async () => {
    const id = await create();
    source.last.state = 'asleep';
    await manager.states.hibernate(tenant, id, soon());
    await manager.states.resume(tenant, id, soon());
    expect(source.last.state).toBe('asleep');
  });

  it('sleeps on through another process', async () => {
    const id = await create();
    source.last.state = 'asleep';
    await manager.states.hibernate(tenant, id, soon());
    manager = sessionManager({ registry, source, snapshots, clock });
    await manager.recover();
    expect(await stateOf(id)).toBe('hibernated');
    expect(source.started).toHaveLength(1);
    await manager.states.resume(tenant, id, soon());
    expect(source.last.state).toBe('asleep');
  });

  it('is one that nobody used for long enough', async () => {
    const id = await create({ idle: { hibernateAfterMs: 10_000 } });
    clock.advance(9_000);
    await run(id, 'used');
    clock.advance(9_000);
    expect(await stateOf(id)).toBe('idle');
    clock.advance(1_000);
    await expect.poll(() => stateOf(id)).toBe('hibernated');
  });

  it('is never one that still works', async () => {
    const id = await create({ idle: { hibernateAfterMs: 1_000 } });
    const executionId = await submit(id);
    clock.advance(4_000);
    expect(await stateOf(id)).toBe('busy');
    source.last.finish(executionId, 1);
    await manager.ended(tenant, id, executionId, soon());
    clock.advance(1_000);
    await expect.poll(() => stateOf(id)).toBe('hibernated');
  });
});

describe('a fork', () => {
  it('of a version has its state, and versions of its own', async () => {
    const id = await create();
    source.last.state = 'shared';
    await take(id);
    source.last.state = 'gone on';
    const fork = await create({}, { session: id, version: 1 });
    expect(source.last.state).toBe('shared (fork)');
    expect(await versionsOf(fork)).toEqual([1]);
    await run(fork, 'its own');
    expect(source.started[0]!.state).toBe('gone on');
    await manager.delete(tenant, id, { force: false }, soon());
    source.last.lose('exited');
    await expect.poll(() => source.started.length).toBe(3);
    await expect.poll(() => stateOf(fork)).toBe('idle');
    expect(source.last.state).toBe('shared (fork)');
  });

  it('of a living session has what that one has now', async () => {
    const id = await create();
    source.last.state = 'now';
    await create({}, { session: id });
    expect(source.last.state).toBe('now (fork)');
  });

  it('that cannot be brought back is no session', async () => {
    const id = await create();
    await take(id);
    vi.spyOn(snapshots, 'open').mockImplementation(() => {
      throw new AppError('snapshot_damaged');
    });
    await expect(create({}, { session: id, version: 1 })).rejects.toMatchObject({
      code: 'snapshot_damaged',
    });
    expect(await registry.sessionsToRecover()).toHaveLength(1);
  });
});

describe('a snapshot by its id', () => {
  it('is deleted unless a session stands on it, and outlives its session if it is to', async () => {
    const id = await create();
    const old = await take(id);
    const present = await take(id);
    await expect(manager.states.removeById(tenant, present.snapshotId)).rejects.toMatchObject({
      code: 'snapshot_in_use',
    });
    await manager.states.removeById(tenant, old.snapshotId);
    expect(await versionsOf(id)).toEqual([2]);
    await manager.delete(tenant, id, { force: false, keepSnapshots: true }, soon());
    expect((await manager.states.listAll(tenant, page)).total).toBe(1);
    expect((await manager.states.listAll('other', page)).total).toBe(0);
    await expect(manager.states.removeById('other', present.snapshotId)).rejects.toMatchObject({
      code: 'snapshot_not_found',
    });
    await manager.states.removeById(tenant, present.snapshotId);
    expect((await manager.states.listAll(tenant, page)).total).toBe(0);
  });
});

describe('a deleted session', () => {
  it('takes its snapshots along, unless they are to stay', async () => {
    const gone = await create();
    const { snapshotId } = await take(gone);
    const left = await create();
    const kept = await take(left);
    await manager.delete(tenant, gone, { force: false }, soon());
    await manager.delete(tenant, left, { force: false, keepSnapshots: true }, soon());
    expect(await registry.findSnapshotById(tenant, snapshotId)).toBeNull();
    source.last.state = '';
    await create({}, { snapshot: kept.snapshotId });
    expect(source.last.state).toBe(' (fork)');
  });
});

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
