// How sessions come by sandboxes that waited for them: whose they are is stored before they are used, and one that is no good
// costs nobody a session.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { PooledSource } from '../../../src/orchestrator/pool/pooled-source.ts';
import { WarmPool } from '../../../src/orchestrator/pool/warm-pool.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import type { SessionManager } from '../../../src/orchestrator/sessions/session-manager.ts';
import type { Snapshots } from '../../../src/orchestrator/sessions/snapshots.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { ScriptedSource } from '../../doubles/scripted-source.ts';
import { sessionManager, snapshotsIn } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const log = createLog('silent');

let directory: string;
let registry: SqliteRegistry;
let clock: FakeClock;
let direct: ScriptedSource;
let pool: WarmPool;
let snapshots: Snapshots;
let manager: SessionManager;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cellar-sessions-'));
  clock = new FakeClock();
  registry = await SqliteRegistry.open({ directory, clock });
  direct = new ScriptedSource();
  snapshots = await snapshotsIn(directory, registry, clock);
  pool = new WarmPool({
    source: direct,
    image: async () => 'image',
    limits: config.limits,
    floor: 2,
    ceiling: 4,
    memoryBytesLeft: () => 2 ** 40,
    startsAtOnceMax: 2,
    startMsMax: 10_000,
    ageMsMax: 3_600_000,
    clock,
    log,
  });
  const source = new PooledSource({ direct, pool, log });
  manager = sessionManager({ registry, source, snapshots, clock });
  pool.open();
  await expect.poll(() => pool.figures.ready).toBe(2);
});
afterEach(async () => {
  await pool[Symbol.asyncDispose]();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function create(name?: string) {
  const wanted = { language: 'anarchy', config, ...(name ? { name } : {}) };
  return (await manager.create('default', wanted, soon())).record;
}

const stored = () => registry.sandboxes();

it('stores whose it is before the sandbox is touched', async () => {
  const [first] = direct.started;
  const seen: unknown[] = [];
  first!.agent.configure = async () => void seen.push(...(await stored()));
  const { sandbox } = await create();
  expect(seen).toEqual([sandbox]);
  expect(sandbox).toMatchObject({ sandboxId: 'sbx-1', runtimeId: 'container of sbx-1' });
});

it('is not used up by a session that could not be stored', async () => {
  await create('taken');
  await expect(create('taken')).rejects.toMatchObject({ code: 'name_taken' });
  expect(pool.figures.ready).toBe(1);
  expect(direct.released).toEqual([]);
  expect((await create()).sandbox?.sandboxId).toBe('sbx-2');
});

it('is put away by the next process when this one ends before the sandbox is used', async () => {
  const [first] = direct.started;
  first!.agent.configure = () => new Promise(() => {});
  const creating = create();
  creating.catch(() => {});
  await expect.poll(async () => (await stored()).length).toBe(1);
  // What the next process finds: the record, and the container.
  direct.left.set('sbx-1', first!);
  const next = sessionManager({ registry, source: direct, snapshots, clock });
  await next.recover();
  expect(first!.disposed).toBe(true);
  const [record] = await stored();
  expect(record?.sandboxId).not.toBe('sbx-1');
  await next.stop();
});

it('gives way to a fresh sandbox when it does not take its session', async () => {
  const [first] = direct.started;
  first!.agent.configure = async () => {
    throw new AppError('sandbox_lost');
  };
  const record = await create();
  expect(record).toMatchObject({ state: 'idle' });
  expect(record.sandbox?.sandboxId).not.toBe('sbx-1');
  // Another one that waited could be as bad.
  expect(record.sandbox?.sandboxId).not.toBe('sbx-2');
  expect(direct.last.configured).toHaveLength(1);
  await expect.poll(() => direct.released).toEqual(['sbx-1']);
});

it('gives way to a fresh sandbox when it dies before it is used', async () => {
  const [first] = direct.started;
  const createSession = registry.createSession.bind(registry);
  registry.createSession = async (record) => {
    await createSession(record);
    first!.lose('exited');
    await expect.poll(() => first!.disposed).toBe(true);
  };
  expect((await create()).sandbox?.sandboxId).not.toBe('sbx-1');
});

it('serves a rollback, and gives way to a fresh one there as well', async () => {
  const { sessionId } = await create();
  direct.started[0]!.state = 'first';
  const { version } = await manager.states.take('default', sessionId, null, soon());
  direct.started[1]!.agent.configure = async () => {
    throw new AppError('sandbox_lost');
  };
  await manager.states.rollback('default', sessionId, { version: version! }, soon());
  expect(direct.last.state).toBe('first');
  const { record } = await manager.find('default', sessionId);
  expect(record.sandbox?.sandboxId).toBe(direct.last.sandboxId);
  expect(direct.started[1]?.disposed).toBe(true);
});

it('is not replaced by a fresh one when the session is deleted meanwhile', async () => {
  const [first] = direct.started;
  const reached = Promise.withResolvers<void>();
  first!.agent.configure = (_request, signal) => {
    reached.resolve();
    return new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason)),
    );
  };
  const creating = create('mine');
  creating.catch(() => {});
  await reached.promise;
  await manager.delete('default', 'mine', { force: true }, soon());
  await expect(creating).rejects.toBeInstanceOf(AppError);
  expect(direct.started.filter(({ disposed }) => !disposed)).toHaveLength(pool.figures.ready);
});
