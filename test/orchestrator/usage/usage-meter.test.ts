// What containers use comes to the registry, with a kernel that the test plays.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import type { UsageChange, UsageOwner } from '../../../src/orchestrator/registry/usage-records.ts';
import type { Measurement } from '../../../src/orchestrator/usage/live-usage.ts';
import { UsageMeter } from '../../../src/orchestrator/usage/usage-meter.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

const intervalMs = 10_000;
const session = { tenant: 'red', sessionId: 'ses-1' };
const tenant = { tenant: 'red', sessionId: '' };

let directory: string;
let clock: FakeClock;
let registry: SqliteRegistry;
let kernel: Map<string, Measurement>;
/** What the engine says of containers that the kernel does not show. */
let engine: Map<string, Measurement>;
let meter: UsageMeter;
/** Of meters that were opened: only the last one’s process lives. */
let processes: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cellar-usage-'));
  clock = new FakeClock();
  kernel = new Map();
  engine = new Map();
  processes = 0;
  registry = await SqliteRegistry.open({ directory, clock });
  meter = await opened();
});

afterEach(async () => {
  await registry.close();
  await rm(directory, { recursive: true });
});

async function opened(add = (changes: readonly UsageChange[]) => registry.usage.add(changes)) {
  const { usage } = registry;
  const own = ++processes;
  const one = new UsageMeter({
    registry: {
      add: async (changes) => {
        if (own === processes) await add(changes);
      },
      readings: () => usage.readings(),
    },
    groups: { read: (runtimeId) => kernel.get(runtimeId) ?? null },
    engine: async (runtimeId) => {
      const measured = engine.get(runtimeId);
      if (measured === undefined) throw new Error('no such container');
      return measured;
    },
    intervalMs,
    clock,
    log: createLog('silent'),
  });
  await one.open();
  return one;
}

function runs(cpuSeconds: number, memoryBytes = 1000, runtimeId = 'c1'): void {
  kernel.set(runtimeId, { cpuSeconds, memoryBytes, pids: 2 });
}

function take(runtimeId = 'c1', owner: UsageOwner = session, by = meter): void {
  by.observe({ type: 'sandboxTaken', ...owner, runtimeId });
}

/** Time passes, and the round that it brings is at its end. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  // Whoever asks for a flush waits for the writing that is under way; the round has begun it.
  await new Promise((resolve) => setImmediate(resolve));
  await meter.flush();
}

async function totals(owner: UsageOwner = session) {
  await meter.flush();
  return registry.usage.total(owner);
}

describe('a sandbox', () => {
  it('is counted from when its session got it, to its last moment', async () => {
    runs(5);
    take();
    runs(6);
    await pass(intervalMs);
    clock.advance(2_000);
    runs(6.5);
    await meter.end('c1');
    const expected = { cpuSeconds: 1.5, sandboxSeconds: 12, memoryByteSeconds: 12_000 };
    expect(await totals()).toMatchObject(expected);
    expect(await totals(tenant)).toMatchObject(expected);
    expect(await registry.usage.readings()).toEqual([]);
  });

  it('that lived shorter than an interval is counted, too', async () => {
    runs(1);
    take();
    clock.advance(3_000);
    runs(2.25);
    await meter.end('c1');
    expect(await totals()).toMatchObject({ cpuSeconds: 1.25, sandboxSeconds: 3 });
  });

  it('that ended by itself keeps what was read last, and the time until it was removed', async () => {
    runs(0);
    take();
    runs(4);
    await pass(intervalMs);
    clock.advance(1_000);
    kernel.clear();
    await meter.end('c1');
    expect(await totals()).toMatchObject({ cpuSeconds: 4, sandboxSeconds: 11 });
  });

  it('beside another one of the session is counted with it', async () => {
    runs(0);
    runs(0, 500, 'c2');
    take();
    take('c2');
    runs(1);
    runs(2, 500, 'c2');
    await pass(intervalMs);
    expect(await totals()).toMatchObject({
      cpuSeconds: 3,
      sandboxSeconds: 20,
      memoryByteSeconds: 15_000,
    });
    expect(meter.samplesOf(session, 0)).toMatchObject([
      { cpuSeconds: 3, memoryBytes: 1500, pids: 4 },
    ]);
  });

  it('that the host does not show is asked for at the engine', async () => {
    engine.set('c1', { cpuSeconds: 1, memoryBytes: 100, pids: 1 });
    take();
    await new Promise((resolve) => setImmediate(resolve));
    engine.set('c1', { cpuSeconds: 3, memoryBytes: 100, pids: 1 });
    await pass(intervalMs);
    engine.set('c1', { cpuSeconds: 3.5, memoryBytes: 100, pids: 1 });
    await meter.end('c1');
    expect(await totals()).toMatchObject({ cpuSeconds: 2.5, memoryByteSeconds: 1000 });
  });

  it('of no session is its tenant’s', async () => {
    runs(0);
    meter.observe({ type: 'sandboxTaken', tenant: 'red', sessionId: null, runtimeId: 'c1' });
    runs(2);
    await meter.end('c1');
    expect(await totals(tenant)).toMatchObject({ cpuSeconds: 2 });
    expect(await registry.usage.sessions('red', '', 10)).toEqual([]);
  });

  it('is counted on from where an earlier process stood, its time too', async () => {
    runs(1);
    take();
    runs(2);
    await pass(intervalMs);
    // That process is killed here.
    runs(4);
    clock.advance(5_000);
    meter = await opened();
    take();
    expect(await totals()).toMatchObject({
      cpuSeconds: 3,
      sandboxSeconds: 15,
      memoryByteSeconds: 15_000,
    });
    runs(5);
    await pass(intervalMs);
    expect(await totals()).toMatchObject({ cpuSeconds: 4, sandboxSeconds: 25 });
  });

  it('whose counters began anew while nobody looked is not counted backwards', async () => {
    runs(10);
    take();
    await pass(intervalMs);
    meter = await opened();
    runs(2);
    take();
    expect(await totals()).toMatchObject({ cpuSeconds: 2 });
  });

  it('of an orderly stop is counted up to then', async () => {
    runs(1);
    take();
    runs(3);
    clock.advance(4_000);
    await meter[Symbol.asyncDispose]();
    meter = await opened();
    runs(4);
    take();
    expect(await totals()).toMatchObject({ cpuSeconds: 3, sandboxSeconds: 4 });
  });

  it('goes over an hour’s end with each part in its hour, wherever the clock is set', async () => {
    const noon = Date.UTC(2026, 10, 23, 12);
    clock.setNow(noon - 2_500);
    runs(0);
    take();
    runs(4);
    await pass(intervalMs);
    const span = { from: 0, to: noon + 10 * 3_600_000 };
    const hours = () => registry.usage.hours(session, span);
    expect(await hours()).toMatchObject([
      { hour: noon - 3_600_000, cpuSeconds: 1, sandboxSeconds: 2.5 },
      { hour: noon, cpuSeconds: 3, sandboxSeconds: 7.5 },
    ]);
    // Set back by an hour and a half: what is used now is of that time, and as much as ever.
    clock.setNow(noon - 5_400_000);
    runs(5);
    await pass(intervalMs);
    expect(await hours()).toMatchObject([
      { hour: noon - 7_200_000, cpuSeconds: 1, sandboxSeconds: 10 },
      { hour: noon - 3_600_000, cpuSeconds: 1 },
      { hour: noon, cpuSeconds: 3 },
    ]);
  });
});

describe('events', () => {
  it('count executions that ran, and the network’s bytes', async () => {
    const ended = { type: 'executionEnded', ...session, status: 'success', error: null } as const;
    const rest = { truncated: false, ms: 1 };
    meter.observe({ ...ended, ...rest, dispatched: true });
    meter.observe({ ...ended, ...rest, dispatched: true });
    meter.observe({ ...ended, ...rest, dispatched: false });
    meter.observe({ type: 'networkUsed', ...session, sentBytes: 5, receivedBytes: 0 });
    meter.observe({ type: 'networkUsed', ...session, sentBytes: 0, receivedBytes: 9 });
    for (const owner of [session, tenant])
      expect(await totals(owner)).toMatchObject({
        executions: 2,
        networkSentBytes: 5,
        networkReceivedBytes: 9,
      });
  });
});

it('more sessions than are written at a time are all written', async () => {
  for (let i = 0; i < 250; i++) {
    runs(i, 1000, `c${i}`);
    take(`c${i}`, { tenant: 'red', sessionId: `ses-${i}` });
    runs(i + 1, 1000, `c${i}`);
  }
  await pass(intervalMs);
  expect(await totals(tenant)).toMatchObject({ cpuSeconds: 250, sandboxSeconds: 2500 });
  expect(await registry.usage.readings()).toHaveLength(250);
});

it('what the registry did not take is written later, once', async () => {
  let broken = true;
  meter = await opened(async (changes) => {
    if (broken) throw new Error('disk full');
    await registry.usage.add(changes);
  });
  runs(0);
  take();
  runs(1);
  await pass(intervalMs);
  runs(3);
  await meter.end('c1');
  await meter.flush();
  expect(await registry.usage.total(session)).toMatchObject({ cpuSeconds: 0 });
  broken = false;
  expect(await totals()).toMatchObject({ cpuSeconds: 3, sandboxSeconds: 10 });
  expect(await totals()).toMatchObject({ cpuSeconds: 3 });
});
