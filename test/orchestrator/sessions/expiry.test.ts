// Sessions end when nobody has used them for long enough, wherever they are. Registry and snapshot store are the real ones; a test plays
// the agents.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { SessionConfig } from '../../../src/orchestrator/registry/records.ts';
import type { ScriptedSandbox } from '../../doubles/scripted-source.ts';
import { type SessionWorld, sessionManager, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const tenant = 'default';
const hourMs = 3_600_000;
const idle = { expireAfterMs: hourMs };

let { directory, registry, clock, source, snapshots, manager } = {} as SessionWorld;

beforeEach(async () => {
  ({ directory, registry, clock, source, snapshots, manager } = await sessionWorld());
  await manager.recover();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await manager.stop();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function create(changes: Partial<SessionConfig> = {}): Promise<string> {
  const wanted = { language: 'anarchy', config: { ...config, idle, ...changes } };
  return (await manager.create(tenant, wanted, soon())).record.sessionId;
}
const recordOf = async (id: string) => (await manager.find(tenant, id)).record;
/** Oldest first. */
const sessions = async () => {
  const { items } = await registry.listSessions(tenant, {}, { limit: 50, offset: 0 });
  return items.map(({ sessionId }) => sessionId).reverse();
};

/** Lets time pass at once, and what it brings about be done. */
async function leap(ms: number): Promise<void> {
  clock.advance(ms);
  for (let turn = 0; turn < 8; turn++) await new Promise(setImmediate);
}

/** Lets time pass second by second. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) await leap(1_000);
}

it('one that runs ends with its sandbox and its snapshots, and its followers are told', async () => {
  const id = await create();
  const { snapshotId } = await manager.states.take(tenant, id, 'kept', soon());
  const told: object[] = [];
  const closed: string[] = [];
  const follower = {
    event: ({ text }: { text: string }) => void told.push(JSON.parse(text)),
    close: (reason: string) => void closed.push(reason),
  };
  await manager.follow(tenant, id, { connection: true }, follower);
  clock.advance(hourMs - 2_000);
  await pass(1);
  expect(await sessions()).toEqual([id]);
  await pass(2);
  await expect.poll(sessions).toEqual([]);
  expect(told.at(-1)).toMatchObject({ type: 'state', to: 'deleted', reason: 'expired' });
  expect(closed).toEqual(['deleted']);
  expect(source.last.disposed).toBe(true);
  expect(await registry.findSnapshotById(tenant, snapshotId)).toBeNull();
  await expect(manager.find(tenant, id)).rejects.toMatchObject({ code: 'session_not_found' });
});

it.each(['pause', 'hibernate'] as const)('one ends that was told to %s', async (verb) => {
  const id = await create();
  await manager.states[verb](tenant, id, soon());
  clock.advance(hourMs - 1_000);
  await pass(2);
  await expect.poll(sessions).toEqual([]);
  expect(source.last.disposed).toBe(true);
  expect((await manager.states.listAll(tenant, { limit: 1, offset: 0 })).total).toBe(0);
});

it('one ends whose time came while the service was down', async () => {
  const [running, hibernated, later] = [
    await create(),
    await create(),
    await create({ idle: { expireAfterMs: 3 * hourMs } }),
  ];
  await manager.states.hibernate(tenant, hibernated, soon());
  await manager.stop();
  clock.advance(2 * hourMs);
  for (const sandbox of source.started) source.left.set(sandbox.sandboxId, sandbox);
  expect(await sessions()).toEqual([running, hibernated, later]);
  manager = sessionManager({ registry, source, snapshots, clock });
  await manager.recover();
  await expect.poll(sessions).toEqual([later]);
  expect(source.started.map(({ disposed }) => disposed)).toEqual([true, true, false]);
});

it('says when it will be, and that every use puts it off', async () => {
  const id = await create();
  const start = clock.now();
  expect((await recordOf(id)).expiresAt).toBe(start + hourMs);
  const uses = [
    () => manager.variables(tenant, id, { includeValues: false }, soon()),
    () => manager.states.take(tenant, id, null, soon()),
    () => manager.states.pause(tenant, id, soon()),
    () => manager.states.resume(tenant, id, soon()),
    () => manager.restart(tenant, id, soon()),
    () => manager.configure(tenant, id, { idle }, soon()),
  ];
  for (const use of uses) {
    clock.advance(hourMs - 5_000);
    await use();
    await expect.poll(async () => (await recordOf(id)).expiresAt).toBe(clock.now() + hourMs);
    expect((await recordOf(id)).lastUsedAt).toBe(clock.now());
  }
});

it('looking at it puts nothing off, and being connected to it neither', async () => {
  const id = await create();
  await manager.follow(tenant, id, { connection: true }, { event: () => {}, close: () => {} });
  clock.advance(hourMs - 1_000);
  await manager.find(tenant, id);
  await manager.metrics(tenant, id, soon());
  await pass(2);
  await expect.poll(sessions).toEqual([]);
});

it('never is while something is executed; from its end on it counts', async () => {
  const id = await create();
  const request = { code: '1', timeout: 6 * hourMs };
  const { executionId } = await manager.submit(tenant, id, request);
  expect((await recordOf(id)).expiresAt).toBeNull();
  clock.advance(5 * hourMs);
  await pass(2);
  expect((await recordOf(id)).state).toBe('busy');
  source.last.finish(executionId, 1);
  await manager.ended(tenant, id, executionId, soon());
  expect((await recordOf(id)).expiresAt).toBe(clock.now() + hourMs);
  clock.advance(hourMs);
  await pass(2);
  await expect.poll(sessions).toEqual([]);
});

it('waits for a question that is being answered', async () => {
  const id = await create();
  const answer = Promise.withResolvers<void>();
  source.last.answering = answer.promise;
  const asked = manager.variables(tenant, id, { includeValues: false }, soon());
  clock.advance(hourMs);
  await pass(3);
  expect(await sessions()).toEqual([id]);
  answer.resolve();
  expect(await asked).toMatchObject({ items: [] });
});

it('is decided by the last use, also by one that was not worth storing', async () => {
  const id = await create({ idle: { expireAfterMs: 2_000 } });
  const stored = (await recordOf(id)).expiresAt!;
  await leap(900);
  await manager.variables(tenant, id, { includeValues: false }, soon());
  expect((await recordOf(id)).expiresAt).toBe(stored);
  await leap(100);
  await pass(1);
  expect(await sessions()).toEqual([id]);
  expect((await recordOf(id)).expiresAt).toBe(stored + 900);
  await pass(1);
  await expect.poll(sessions).toEqual([]);
});

it('is not for the time being where it cannot be; others do not wait for that', async () => {
  const stuck = await create();
  const other = await create();
  vi.spyOn(snapshots, 'all').mockImplementation(async (sessionId) => {
    if (sessionId === stuck) throw new AppError('storage_failed');
    return [];
  });
  clock.advance(hourMs);
  await pass(2);
  expect(await sessions()).toEqual([stuck]);
  expect(other).not.toBe(stuck);
  vi.restoreAllMocks();
  await expect
    .poll(async () => {
      await pass(1);
      return sessions();
    })
    .toEqual([]);
});

it('one that this process could not take over yet is left alone until then', async () => {
  const id = await create();
  const sandbox = source.last as ScriptedSandbox;
  await manager.stop();
  source.left.set(sandbox.sandboxId, sandbox);
  source.failure = new AppError('runtime_unavailable');
  clock.advance(hourMs);
  manager = sessionManager({ registry, source, snapshots, clock });
  await manager.recover();
  await pass(1);
  expect(await sessions()).toEqual([id]);
  source.failure = null;
  await pass(4);
  await expect.poll(sessions).toEqual([]);
  expect(sandbox.disposed).toBe(true);
});
