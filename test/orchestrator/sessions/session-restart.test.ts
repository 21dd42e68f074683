// A restart: what is forgotten, what stays, and where the files come from when their sandbox does not give them. States of scripted
// sandboxes are `values|files`.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { SessionConfig } from '../../../src/orchestrator/registry/records.ts';
import { type SessionWorld, sessionManager, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(20_000);
const tenant = 'default';

let { directory, registry, clock, source, snapshots, manager } = {} as SessionWorld;

beforeEach(async () => {
  ({ directory, registry, clock, source, snapshots, manager } = await sessionWorld());
});
afterEach(async () => {
  vi.restoreAllMocks();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function create(changes: Partial<SessionConfig> = {}): Promise<string> {
  const wanted = { language: 'anarchy', config: { ...config, ...changes } };
  return (await manager.create(tenant, wanted, soon())).record.sessionId;
}
const restart = async (id: string) => (await manager.restart(tenant, id, soon())).record;
const recordOf = async (id: string) => (await manager.find(tenant, id)).record;
const take = (id: string) => manager.states.take(tenant, id, null, soon());
const submit = async (id: string) => (await manager.submit(tenant, id, { code: '1' })).executionId;
const versionsOf = async (id: string) =>
  (await manager.states.list(tenant, id, { limit: 50, offset: 0 })).items;

/** What clients were told of the last restart. */
async function told(id: string) {
  const events = await registry.eventsSince(id, 0, 1000);
  const messages = events.map(({ message }) => JSON.parse(message));
  return messages.findLast(({ reason, to }) => reason === 'restarted' && to !== 'creating');
}

describe('a restart', () => {
  it('puts an empty sandbox with the same files in the place of the present one', async () => {
    const id = await create();
    const former = source.last;
    former.state = 'values|files';
    const running = await submit(id);
    const waiting = await submit(id);
    const record = await restart(id);
    expect(source.last).not.toBe(former);
    expect(source.last.state).toBe('|files');
    expect(record).toMatchObject({ state: 'idle', version: null });
    await expect.poll(() => former.disposed).toBe(true);
    for (const executionId of [running, waiting])
      expect((await registry.findExecution(id, executionId))!.status).toBe('cancelled');
    expect(await told(id)).toMatchObject({ files: 'present' });
    expect(await versionsOf(id)).toEqual([]);
  });

  it('lets what is submitted meanwhile run in the new sandbox, not in the old one', async () => {
    const id = await create();
    const former = source.last;
    const reset = Promise.withResolvers<void>();
    former.resetting = reset.promise;
    const restarting = restart(id);
    await expect.poll(() => former.resets).toBe(1);
    const executionId = await submit(id);
    reset.resolve();
    await restarting;
    await expect.poll(() => source.last.executions.length).toBe(1);
    expect(former.executions).toEqual([]);
    source.last.finish(executionId);
    await manager.ended(tenant, id, executionId, soon());
  });

  it('is not disturbed by what the old sandbox still says of what was cancelled', async () => {
    const id = await create();
    const former = source.last;
    former.state = 'values|files';
    const executionId = await submit(id);
    await expect.poll(() => former.executions.length).toBe(1);
    const reset = Promise.withResolvers<void>();
    former.resetting = reset.promise;
    const restarting = restart(id);
    await expect.poll(() => former.resets).toBe(1);
    const seq = former.finish(executionId);
    await expect.poll(() => former.acknowledged).toBe(seq);
    reset.resolve();
    await restarting;
    expect(source.last.state).toBe('|files');
    expect(source.started).toHaveLength(2);
  });

  it('that gets no container leaves the files where they are', async () => {
    const id = await create();
    const former = source.last;
    former.state = 'values|files';
    source.failure = new AppError('runtime_unavailable');
    await expect(restart(id)).rejects.toMatchObject({ code: 'runtime_unavailable' });
    expect(await recordOf(id)).toMatchObject({ state: 'idle' });
    expect(former.disposed).toBe(false);
    source.failure = null;
    await restart(id);
    expect(source.last.state).toBe('|files');
  });

  it('that is cut off by a crash loses nothing: the sandbox is still the session’s', async () => {
    const id = await create();
    const former = source.last;
    former.state = 'values|files';
    source.engine = new Promise(() => {});
    const restarting = restart(id).catch(() => {});
    await expect.poll(() => source.signals.length).toBe(2);
    source.left.set(former.sandboxId, former);
    await Promise.all([manager.stop(), restarting]);
    source.engine = Promise.resolve();
    manager = sessionManager({ registry, source, snapshots, clock });
    await manager.recover();
    expect(await recordOf(id)).toMatchObject({ state: 'idle' });
    await restart(id);
    expect(source.last.state).toBe('|files');
  });
});

describe('a sandbox that does not give its files', () => {
  const faults: [string, () => void][] = [
    [
      'since it does not end what runs',
      () => {
        source.last.resetting = Promise.reject(new AppError('deadline_exceeded'));
        source.last.resetting.catch(() => {});
      },
    ],
    [
      'since they break off',
      () =>
        void vi.spyOn(source.last.agent, 'snapshot').mockImplementation(async function* () {
          yield Buffer.from('half');
          throw new AppError('sandbox_lost');
        }),
    ],
  ];

  it.each(faults)('%s is replaced by one with those of the last version', async (_, fail) => {
    const id = await create();
    source.last.state = 'values|stored';
    await take(id);
    source.last.state = 'values|later';
    fail();
    const record = await restart(id);
    expect(source.last.state).toBe('|stored');
    expect(await told(id)).toMatchObject({ files: 'version', version: 1 });
    expect(record.version).toBe(2);
  });

  it.each(faults)('%s is replaced by an empty one where there is no version', async (_, fail) => {
    const id = await create();
    source.last.state = 'values|files';
    fail();
    await restart(id);
    expect(source.last.state).toBe('');
    expect(await told(id)).toMatchObject({ files: 'none' });
  });

  it('and is lost meanwhile is replaced once, by the restart', async () => {
    const id = await create();
    const former = source.last;
    former.state = 'values|stored';
    await take(id);
    const reset = Promise.withResolvers<void>();
    former.resetting = reset.promise;
    const restarting = restart(id);
    await expect.poll(() => former.resets).toBe(1);
    former.lose('exited');
    reset.reject(new AppError('sandbox_lost'));
    await restarting;
    expect(source.last.state).toBe('|stored');
    expect(source.started).toHaveLength(2);
  });

  it('and whose last version is damaged is replaced by one with those of the version before', async () => {
    const id = await create();
    source.last.state = 'values|old';
    await take(id);
    source.last.state = 'values|new';
    await take(id);
    const open = snapshots.open.bind(snapshots);
    vi.spyOn(snapshots, 'open').mockImplementation((snapshot, signal) => {
      if (snapshot.version === 2) throw new AppError('snapshot_damaged');
      return open(snapshot, signal);
    });
    source.last.resetting = Promise.reject(new AppError('deadline_exceeded'));
    source.last.resetting.catch(() => {});
    await restart(id);
    expect(source.last.state).toBe('|old');
  });
});

describe('after a restart', () => {
  it('a session that was stored is stored as it is now, and keeps its versions', async () => {
    const id = await create();
    source.last.state = 'values|files';
    await take(id);
    expect((await restart(id)).version).toBe(2);
    const versions = await versionsOf(id);
    expect(versions.map(({ version, reason }) => [version, reason])).toEqual([
      [2, 'restart'],
      [1, 'requested'],
    ]);
    source.last.lose('exited');
    await expect.poll(() => source.started.length).toBe(3);
    await expect.poll(() => source.last.state).toBe('|files');
    await manager.states.rollback(tenant, id, { version: 1 }, soon());
    expect(source.last.state).toBe('values|files');
  });

  it('under the policy execution there is a version, whether there was one or not', async () => {
    const id = await create({ persistence: { policy: 'execution' } });
    source.last.state = 'values|files';
    expect((await restart(id)).version).toBe(1);
  });
});

describe('a session without a sandbox', () => {
  it('that sleeps begins anew with its files', async () => {
    const id = await create();
    source.last.state = 'values|files';
    await manager.states.hibernate(tenant, id, soon());
    expect((await restart(id)).state).toBe('idle');
    expect(source.last.state).toBe('|files');
    expect(await told(id)).toMatchObject({ files: 'version', version: 1 });
  });

  it('that has failed begins anew', async () => {
    const id = await create();
    source.failure = new AppError('sandbox_failed');
    source.last.lose('exited');
    await expect.poll(async () => (await recordOf(id)).state).toBe('failed');
    source.failure = null;
    expect((await restart(id)).state).toBe('idle');
    expect(await told(id)).toMatchObject({ files: 'none' });
  });
});
