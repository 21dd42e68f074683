// What the next process makes of an operation that was cut off: all of it, or nothing. A registry that takes no more changes from a
// certain one on stands for the death of the first process.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type {
  IdempotencyKey,
  SessionChange,
  SessionConfig,
} from '../../../src/orchestrator/registry/records.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
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

async function create(
  changes: Partial<SessionConfig> = {},
  name = 'demo',
  from?: ForkSource,
  idempotencyKey?: IdempotencyKey,
) {
  const wanted = { name, language: 'anarchy', config: { ...config, ...changes }, idempotencyKey };
  const made = await manager.create(tenant, { ...wanted, ...(from ? { from } : {}) }, soon());
  return made.record.sessionId;
}
const take = (id: string) => manager.states.take(tenant, id, null, soon());
const stored = async () => (await registry.listTenantSnapshots(tenant, page)).items;
const recordOf = async (id: string) => (await manager.find(tenant, id)).record;
const versionsOf = async (id: string) =>
  (await manager.states.list(tenant, id, page)).items.map(({ version }) => version);

/** The process dies right before it stores a change that is like this. */
async function diesBefore(
  isLast: (change: SessionChange) => boolean,
  work: () => Promise<unknown>,
): Promise<void> {
  const apply = registry.apply.bind(registry);
  const died = Promise.withResolvers<void>();
  const mock = vi.spyOn(registry, 'apply').mockImplementation((change) => {
    if (!isLast(change)) return apply(change);
    died.resolve();
    return new Promise(() => {});
  });
  work().catch(() => {});
  await died.promise;
  mock.mockRestore();
  await nextProcess();
}

async function nextProcess(): Promise<void> {
  manager = sessionManager({ registry, source, snapshots, clock });
  await manager.recover();
  await snapshots.sweep();
}

it('a deletion that was not stored leaves every version', async () => {
  const id = await create();
  await take(id);
  await take(id);
  source.left.set(source.last.sandboxId, source.last);
  await diesBefore(
    ({ session }) => session?.state === 'deleted',
    () => manager.delete(tenant, id, { force: true }, soon()),
  );
  expect(await versionsOf(id)).toEqual([2, 1]);
  expect((await recordOf(id)).version).toBe(2);
});

it('a deletion that was stored is finished: sandbox, records and content go', async () => {
  const id = await create();
  await take(id);
  source.left.set(source.last.sandboxId, source.last);
  const died = Promise.withResolvers<void>();
  const durable = vi.spyOn(registry, 'durable').mockImplementation(() => {
    died.resolve();
    return new Promise(() => {});
  });
  void manager.delete(tenant, id, { force: true }, soon()).catch(() => {});
  await died.promise;
  durable.mockRestore();
  await nextProcess();
  expect(await registry.sessionsToRecover()).toEqual([]);
  expect(await stored()).toEqual([]);
  expect(await readdir(join(directory, 'snapshots', tenant, 'snapshots'))).toEqual([]);
});

it('a restart changes the sandbox in one change, and is never without a version to fall back to', async () => {
  const id = await create();
  await take(id);
  const { sandbox } = await recordOf(id);
  const changes = vi.spyOn(registry, 'apply');
  await manager.restart(tenant, id, soon());
  const made = changes.mock.calls.map(([{ session }]) => session);
  const moves = made.filter((session) => session?.sandbox !== undefined);
  expect(moves).toMatchObject([{ version: 1 }]);
  expect(moves[0]!.sandbox!.sandboxId).not.toBe(sandbox!.sandboxId);
  expect(made.some((session) => session?.version === null)).toBe(false);
  expect((await recordOf(id)).version).toBe(2);
});

it('a hibernation is stored in one change, before the sandbox goes', async () => {
  const id = await create();
  const sandbox = source.last;
  source.left.set(sandbox.sandboxId, sandbox);
  await diesBefore(
    ({ session }) => session?.state === 'hibernated',
    () => manager.states.hibernate(tenant, id, soon()),
  );
  expect(sandbox.disposed).toBe(false);
  expect(await recordOf(id)).toMatchObject({ state: 'idle', version: null });
  expect(await stored()).toEqual([]);
});

it('a fork that was not told is undone with its version, and its name is free', async () => {
  const origin = await create();
  source.last.state = 'mine';
  source.left.set(source.last.sandboxId, source.last);
  await diesBefore(
    ({ session, sessionId }) => session?.complete === true && sessionId !== origin,
    () => create({}, 'fork', { session: origin }),
  );
  await expect(manager.find(tenant, 'fork')).rejects.toMatchObject({ code: 'session_not_found' });
  expect((await stored()).length).toBe((await versionsOf(origin)).length);
  expect((await readdir(join(directory, 'snapshots', tenant, 'snapshots'))).length).toBe(1);
  await create({}, 'fork');
});

it('a fork whose sandbox could not be started is undone as well', async () => {
  const origin = await create();
  await take(origin);
  source.left.set(source.last.sandboxId, source.last);
  source.engine = Promise.reject(new Error('no room'));
  source.engine.catch(() => {});
  await diesBefore(
    ({ session }) => session?.state === 'deleted',
    () => create({}, 'fork', { session: origin, version: 1 }),
  );
  await expect(manager.find(tenant, 'fork')).rejects.toMatchObject({ code: 'session_not_found' });
});

it('a fork that is being made is nobody’s yet', async () => {
  const origin = await create();
  await take(origin);
  source.engine = new Promise(() => {});
  void create({}, 'fork', { session: origin, version: 1 }).catch(() => {});
  await expect.poll(() => source.signals.length).toBe(2);
  await expect(manager.find(tenant, 'fork')).rejects.toMatchObject({ code: 'session_not_found' });
  const submitted = manager.submit(tenant, 'fork', { code: '1' });
  await expect(submitted).rejects.toMatchObject({ code: 'session_not_found' });
  const { total, items } = await manager.list(tenant, {}, page);
  expect([total, items.map(({ record }) => record.name)]).toEqual([1, ['demo']]);
});

it('a session that was not told has wholly come to be', async () => {
  await diesBefore(
    ({ session }) => session?.state === 'idle',
    () => create(),
  );
  await manager.states.resume(tenant, 'demo', soon());
  expect(await recordOf('demo')).toMatchObject({ state: 'idle', version: null });
});

it('the number of versions is the number of those there are', async () => {
  const id = await create({ persistence: { policy: 'none', keep: 1 } });
  const count = async () => (await manager.find(tenant, id)).snapshots;
  await take(id);
  await take(id);
  expect(await count()).toBe(2);
  await manager.states.remove(tenant, id, 1);
  expect(await count()).toBe(1);
  await manager.states.hibernate(tenant, id, soon());
  await manager.states.resume(tenant, id, soon());
  await manager.states.hibernate(tenant, id, soon());
  expect(await count()).toBe((await versionsOf(id)).length);
});

it.each([
  ['a session', (key: IdempotencyKey) => create({}, 'made', undefined, key)],
  [
    'an execution',
    async (key: IdempotencyKey) => {
      const submitted = await manager.submit(tenant, 'demo', { code: '1', idempotencyKey: key });
      return submitted.executionId;
    },
  ],
  [
    'a snapshot',
    async (key: IdempotencyKey) =>
      (await manager.states.take(tenant, 'demo', null, soon(), key)).snapshotId,
  ],
  ['a fork', (key: IdempotencyKey) => create({}, 'made', { session: 'demo' }, key)],
])('%s is stored together with the key of the request for it', async (_, make) => {
  await create();
  await registry.claimIdempotencyKey(key.scope, key.key, 'hash', 0);
  const made = await make(key);
  await reopen();
  const claim = await registry.claimIdempotencyKey(key.scope, key.key, 'hash', 0);
  expect(claim).toEqual({ outcome: 'cutOff', made });
});

it('the key of a request for a fork that was undone is free', async () => {
  await create();
  source.left.set(source.last.sandboxId, source.last);
  await registry.claimIdempotencyKey(key.scope, key.key, 'hash', 0);
  await diesBefore(
    ({ effect }) => effect !== undefined,
    () => create({}, 'made', { session: 'demo' }, key),
  );
  await reopen();
  const claim = await registry.claimIdempotencyKey(key.scope, key.key, 'hash', 0);
  expect(claim).toEqual({ outcome: 'claimed' });
});

const key = { scope: 'default POST /x', key: 'key' };

async function reopen(): Promise<void> {
  await manager.stop();
  await registry.close();
  registry = await SqliteRegistry.open({ directory, clock });
}

it('an execution is not told to have ended while nobody can ask what became of it', async () => {
  const id = await create();
  const sandbox = source.last;
  const { executionId } = await manager.submit(tenant, id, { code: 'x' }, soon());
  source.left.set(sandbox.sandboxId, sandbox);
  source.failure = new AppError('runtime_unavailable');
  await manager.stop();
  await nextProcess();
  await expect(manager.ended(tenant, id, executionId, soon())).rejects.toMatchObject({
    code: 'runtime_unavailable',
  });
  expect((await manager.execution(tenant, id, executionId)).record.endedAt).toBeNull();
});

it('an execution that goes on in the next process has all of its output', async () => {
  const id = await create();
  const sandbox = source.last;
  const { executionId } = await manager.submit(tenant, id, { code: 'x' }, soon());
  const write = (content: string) =>
    sandbox.emit({ type: 'output', executionId, channel: 'stdout', content });
  const written = async () => {
    const { output } = await manager.execution(tenant, id, executionId);
    return output.map(({ content }) => content);
  };
  sandbox.emit({ type: 'started', executionId });
  write('before');
  await expect.poll(written).toEqual(['before']);
  await manager.stop();
  source.left.set(sandbox.sandboxId, sandbox);
  await nextProcess();
  expect(await written()).toEqual(['before']);
  const ended = manager.ended(tenant, id, executionId, soon());
  write('after');
  sandbox.end(executionId);
  expect((await ended).output.map(({ content }) => content)).toEqual(['before', 'after']);
});
