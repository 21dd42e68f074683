// What was used is told from the registry, little by little, and forgotten in time.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { nothing } from '../../../src/orchestrator/usage/amounts.ts';
import {
  type UsagePlace,
  type UsageQuestion,
  UsageReport,
} from '../../../src/orchestrator/usage/usage-report.ts';
import { UsageSweeper } from '../../../src/orchestrator/usage/usage-sweeper.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { sessionRecord, snapshotRecord } from '../../helpers/records.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const today = Date.UTC(2026, 10, 23);
const patient = new AbortController().signal;

let directory: string;
let clock: FakeClock;
let registry: SqliteRegistry;
let report: UsageReport;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cellar-usage-'));
  clock = new FakeClock(today);
  registry = await SqliteRegistry.open({ directory, clock });
  const meter = { flush: async () => {}, samplesOf: () => [] };
  report = new UsageReport({ registry: registry.usage, meter, clock });
});

afterEach(async () => {
  await registry.close();
  await rm(directory, { recursive: true });
});

/** Processor seconds of a session in some hours. */
async function used(tenant: string, sessionId: string, hours: Record<number, number>) {
  const amounts = Object.entries(hours).map(
    ([hour, cpuSeconds]) => [Number(hour), { ...nothing, cpuSeconds }] as const,
  );
  await registry.usage.add([
    { tenant, sessionId, hours: new Map(amounts), readings: [], ended: [] },
  ]);
}

async function rows(question: Partial<UsageQuestion>, after: UsagePlace | null = null) {
  const all = {
    tenant: null,
    by: 'tenant',
    interval: 'total',
    span: { from: today - dayMs, to: today + dayMs },
  } as const;
  const found = [];
  for await (const row of report.rows({ ...all, ...question }, after, patient)) found.push(row);
  return found;
}

/** The rows in short: tenant, session, hours since today began, processor seconds. */
async function shown(question: Partial<UsageQuestion>, after: UsagePlace | null = null) {
  return (await rows(question, after)).map((row) =>
    [row.tenant, row.sessionId, (row.from - today) / hourMs, row.cpuSeconds].join(' '),
  );
}

function store(id: string, storedBytes: number, sessionId: string | null = 'ses-1') {
  const record = snapshotRecord({ snapshotId: id, sessionId, storedBytes, version: null });
  return registry.addSnapshot(record);
}

describe('a report', () => {
  beforeEach(async () => {
    await used('blue', 'ses-a', { [today]: 1, [today + hourMs]: 2 });
    await used('blue', 'ses-b', { [today - hourMs]: 4 });
    await used('red', 'ses-c', { [today]: 8 });
    await used('red', 'ses-d', { [today - 2 * dayMs]: 16 });
  });

  it('sums up tenants, and what each of their sessions used', async () => {
    expect(await shown({})).toEqual(['blue  -24 7', 'red  -24 8']);
    expect(await shown({ by: 'session' })).toEqual([
      'blue ses-a -24 3',
      'blue ses-b -24 4',
      'red ses-c -24 8',
    ]);
    expect(await shown({ by: 'session', tenant: 'red' })).toEqual(['red ses-c -24 8']);
  });

  it('tells hours and days', async () => {
    expect(await shown({ interval: 'hour', tenant: 'blue' })).toEqual([
      'blue  -1 4',
      'blue  0 1',
      'blue  1 2',
    ]);
    expect(await shown({ interval: 'day' })).toEqual(['blue  -24 4', 'blue  0 3', 'red  0 8']);
  });

  it('goes on after any of its rows', async () => {
    for (const by of ['tenant', 'session'] as const)
      for (const interval of ['hour', 'day', 'total'] as const) {
        const whole = await rows({ by, interval });
        expect(whole.length).toBeGreaterThan(1);
        for (const [index, row] of whole.entries())
          expect(await rows({ by, interval }, row)).toEqual(whole.slice(index + 1));
      }
  });

  it('names the sessions that still are there', async () => {
    await registry.createSession(
      sessionRecord({ sessionId: 'ses-a', tenant: 'blue', name: 'mine' }),
    );
    const names = (await rows({ by: 'session', tenant: 'blue' })).map(({ name }) => name);
    expect(names).toEqual(['mine', null]);
  });

  it('reads as many owners as there are', async () => {
    for (let i = 0; i < 120; i++) await used('green', `ses-${1000 + i}`, { [today]: 1 });
    expect(await rows({ by: 'session', tenant: 'green' })).toHaveLength(120);
    for (let i = 0; i < 120; i++) await used(`tenant-${1000 + i}`, '', { [today]: 1 });
    expect(await rows({})).toHaveLength(123);
  });

  it('ends with its signal', async () => {
    const over = AbortSignal.abort(new Error('too late'));
    const all = { tenant: null, by: 'tenant', interval: 'total' } as const;
    const span = { from: today, to: today + hourMs };
    const read = async () => {
      for await (const _ of report.rows({ ...all, span }, null, over));
    };
    await expect(read()).rejects.toThrow('too late');
  });
});

describe('what snapshots take', () => {
  it('is counted from their coming to their going, by the second', async () => {
    await store('snap-1', 100);
    clock.advance(10_000);
    await store('snap-2', 50);
    clock.advance(10_000);
    await registry.removeSnapshots(['snap-1', 'snap-unknown']);
    clock.advance(10_000);
    await registry.removeSnapshots(['snap-2']);
    clock.advance(10_000);
    const { totals } = await report.session({ tenant: 'default', sessionId: 'ses-1' });
    expect(totals.storedByteSeconds).toBe(1000 + 1500 + 500);
  });

  it('is counted through hours in which nothing happens', async () => {
    await store('snap-1', 100);
    clock.advance(5 * hourMs);
    const [row] = await rows({ tenant: 'default' });
    expect(row?.storedByteSeconds).toBe(100 * 5 * 3600);
    const hours = await rows({ tenant: 'default', interval: 'hour', by: 'session' });
    expect(hours.map(({ storedByteSeconds }) => storedByteSeconds)).toEqual(Array(5).fill(360_000));
  });

  it('of no session is its tenant’s alone', async () => {
    await store('snap-1', 100, null);
    clock.advance(1_000);
    expect(await rows({ tenant: 'default' })).toMatchObject([{ storedByteSeconds: 100 }]);
    expect(await rows({ tenant: 'default', by: 'session' })).toEqual([]);
  });

  it('is not taken back by a clock that is set back', async () => {
    await store('snap-1', 100);
    clock.advance(10_000);
    await store('snap-2', 100);
    clock.setNow(today - dayMs);
    await registry.removeSnapshots(['snap-1', 'snap-2']);
    clock.setNow(today + hourMs);
    const { totals } = await report.session({ tenant: 'default', sessionId: 'ses-1' });
    expect(totals.storedByteSeconds).toBe(1000);
  });
});

describe('in time', () => {
  function sweeper() {
    const days = { tenantMs: 10 * dayMs, sessionMs: 2 * dayMs };
    return new UsageSweeper({
      registry: registry.usage,
      ...days,
      clock,
      log: createLog('silent'),
    });
  }

  it('hours of sessions go, and stay in those of their tenants until those go', async () => {
    await used('red', 'ses-c', { [today - 20 * dayMs]: 1, [today - 5 * dayMs]: 2, [today]: 4 });
    await sweeper().sweep();
    const span = { from: today - 30 * dayMs, to: today + dayMs };
    const owner = { tenant: 'red', sessionId: 'ses-c' };
    expect(await registry.usage.hours(owner, span)).toMatchObject([{ cpuSeconds: 4 }]);
    expect(await registry.usage.hours({ ...owner, sessionId: '' }, span)).toMatchObject([
      { cpuSeconds: 2 },
      { cpuSeconds: 4 },
    ]);
  });

  it('more hours go than are removed at a time', async () => {
    const hours = Array.from({ length: 1200 }, (_, i) => [today - 11 * dayMs - i * hourMs, 1]);
    await used('red', 'ses-c', Object.fromEntries(hours));
    await sweeper().sweep();
    expect(await registry.usage.tenants('', 10)).toEqual([]);
  });

  it('what is stored since long ago is still counted, and what is gone is forgotten', async () => {
    await store('snap-1', 100);
    await store('snap-2', 100, 'ses-2');
    clock.advance(hourMs);
    await store('snap-3', 100);
    await registry.removeSnapshots(['snap-2']);
    clock.advance(20 * dayMs);
    const last = { from: clock.now() - dayMs, to: clock.now() };
    const before = await rows({ tenant: 'default', span: last });
    await sweeper().sweep();
    expect(await rows({ tenant: 'default', span: last })).toEqual(before);
    expect(before[0]?.storedByteSeconds).toBe(200 * 86_400);
    expect(await registry.usage.sessions('default', '', 10)).toEqual(['ses-1']);
    const steps = await registry.usage.storage(
      { tenant: 'default', sessionId: 'ses-1' },
      { from: 0, to: clock.now() },
    );
    expect(steps).toHaveLength(1);
  });

  it('what nobody counts any more is forgotten', async () => {
    const reading = { runtimeId: 'c1', at: today, cpuSeconds: 1, memoryBytes: 1 };
    const change = { tenant: 'red', sessionId: 'ses-1', hours: new Map(), ended: [] };
    await registry.usage.add([{ ...change, readings: [reading] }]);
    clock.advance(23 * hourMs);
    await sweeper().sweep();
    expect(await registry.usage.readings()).toEqual([reading]);
    clock.advance(2 * hourMs);
    await sweeper().sweep();
    expect(await registry.usage.readings()).toEqual([]);
  });
});
