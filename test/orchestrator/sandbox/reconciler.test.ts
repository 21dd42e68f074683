import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { defaultAllowances, sandboxSpec } from '../../../src/orchestrator/sandbox/hardening.ts';
import { makeLinkDirectory } from '../../../src/orchestrator/sandbox/link-directory.ts';
import {
  Reconciler,
  type ReconcilerOptions,
} from '../../../src/orchestrator/sandbox/reconciler.ts';
import { UidPool } from '../../../src/orchestrator/sandbox/uid-pool.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { FakeRuntime } from '../../doubles/fake-runtime.ts';

const log = pino({ level: 'silent' });
const signal = new AbortController().signal;
let runDirectory = '';
let clock: FakeClock;
let runtime: FakeRuntime;
let owned: Set<string>;
let asked: number;
let uids: UidPool;

beforeEach(async () => {
  runDirectory = await mkdtemp(join(tmpdir(), 'cellar-run-'));
  clock = new FakeClock(Date.now());
  runtime = new FakeRuntime();
  runtime.now = () => clock.now();
  owned = new Set();
  asked = 0;
  uids = new UidPool({ first: 1000, count: 2 });
});
afterEach(() => rm(runDirectory, { recursive: true }));

function reconciler(changes: Partial<ReconcilerOptions> = {}): Reconciler {
  return new Reconciler({
    runtime,
    instanceId: 'inst-1',
    runDirectory,
    owned: async () => {
      asked++;
      return owned;
    },
    uids,
    clock,
    log,
    intervalMs: 30_000,
    graceMs: 60_000,
    dryRun: false,
    ...changes,
  });
}

async function start(sandboxId: string, instanceId = 'inst-1'): Promise<void> {
  const linkDirectory = await makeLinkDirectory(runDirectory, sandboxId);
  const image = 'cellar-sandbox:latest';
  const policy = { instanceId, image, seccompProfile: '{}', ...defaultAllowances };
  const limits = { memoryBytes: 1, cpus: 1, pids: 1, workspaceBytes: 1 };
  const identity = { sandboxId, uid: 1000, token: 't', runtime: 'runc', linkDirectory };
  await runtime.start(sandboxSpec(policy, limits, identity), signal);
}

async function left(): Promise<{ containers: string[]; directories: string[] }> {
  const containers = (await runtime.list('inst-1', signal)).map(({ sandboxId }) => sandboxId);
  return { containers, directories: (await readdir(runDirectory)).sort() };
}

it('removes orphans with their directories and keeps what has an owner', async () => {
  await start('sbx-a');
  await start('sbx-b');
  owned.add('sbx-a');
  clock.advance(70_000);
  await reconciler().reconcile(signal);
  expect(await left()).toEqual({ containers: ['sbx-a'], directories: ['sbx-a'] });
});

it('spares what may still be starting', async () => {
  await start('sbx-a');
  await reconciler().reconcile(signal);
  expect(await left()).toEqual({ containers: ['sbx-a'], directories: ['sbx-a'] });
});

it('spares nothing in its first round: what this process starts has an owner', async () => {
  await start('sbx-a');
  await start('sbx-b');
  owned.add('sbx-b');
  clock.advance(1_000);
  await using watcher = reconciler();
  watcher.start();
  await expect.poll(left).toEqual({ containers: ['sbx-b'], directories: ['sbx-b'] });
});

it('keeps the uid of a container that an earlier process left until that is removed', async () => {
  await start('sbx-a');
  clock.advance(1_000);
  const watcher = reconciler();
  await watcher.survey(signal);
  expect(uids.allocate('sbx-b')).toBe(1001);
  expect(() => uids.allocate('sbx-c')).toThrow();
  await watcher.reconcile(signal, 0);
  expect(uids.allocate('sbx-c')).toBe(1000);
});

it('keeps the uid of an orphan that cannot be removed', async () => {
  await start('sbx-a');
  clock.advance(1_000);
  runtime.destroy = async () => {
    throw new Error('it hangs');
  };
  await reconciler().reconcile(signal, 0);
  expect(uids.allocate('sbx-b')).toBe(1001);
  expect(() => uids.allocate('sbx-c')).toThrow();
});

it('leaves containers of another instance alone', async () => {
  await start('sbx-a', 'inst-2');
  clock.advance(70_000);
  await reconciler().reconcile(signal);
  expect(await runtime.list('inst-2', signal)).toHaveLength(1);
});

it('removes nothing in a dry run, and tells what it would', async () => {
  await start('sbx-a');
  clock.advance(70_000);
  const plan = await reconciler({ dryRun: true }).reconcile(signal);
  expect(plan).toMatchObject({ containers: [{ sandboxId: 'sbx-a' }], directories: ['sbx-a'] });
  expect(await left()).toEqual({ containers: ['sbx-a'], directories: ['sbx-a'] });
});

it('goes on with the others when one cannot be removed, and keeps its directory', async () => {
  await start('sbx-a');
  await start('sbx-b');
  clock.advance(70_000);
  const [stuck] = await runtime.list('inst-1', signal);
  const destroy = runtime.destroy.bind(runtime);
  runtime.destroy = async (runtimeId, abortSignal) => {
    if (runtimeId === stuck?.runtimeId) throw new Error('it hangs');
    return destroy(runtimeId, abortSignal);
  };
  await reconciler().reconcile(signal);
  expect(await left()).toEqual({ containers: ['sbx-a'], directories: ['sbx-a'] });
});

it('looks again every interval, also after a round that failed', async () => {
  runtime.reachable = false;
  await using watcher = reconciler();
  watcher.start();
  await expect.poll(() => clock.pending).toBe(1);
  expect(asked).toBe(0);
  runtime.reachable = true;
  clock.advance(30_000);
  await expect.poll(() => asked).toBe(1);
  await expect.poll(() => clock.pending).toBe(1);
  clock.advance(30_000);
  await expect.poll(() => asked).toBe(2);
});

it('stops when it is disposed', async () => {
  const watcher = reconciler();
  watcher.start();
  await expect.poll(() => clock.pending).toBe(1);
  await watcher[Symbol.asyncDispose]();
  expect(clock.pending).toBe(0);
});
