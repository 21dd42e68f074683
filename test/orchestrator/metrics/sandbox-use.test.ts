import { beforeEach, expect, it } from 'vitest';
import type { GroupReading } from '../../../src/orchestrator/metrics/control-groups.ts';
import { Instruments } from '../../../src/orchestrator/metrics/instruments.ts';
import { SandboxUse } from '../../../src/orchestrator/metrics/sandbox-use.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { sampleOf, seriesOf } from '../../helpers/samples.ts';

/** By container, what the kernel would say. */
let kernel: Map<string, GroupReading>;
let reads: string[];
/** How long a reading takes. */
let readMs: number;
let clock: FakeClock;
let instruments: Instruments;
let use: SandboxUse;

beforeEach(() => {
  kernel = new Map();
  reads = [];
  readMs = 0;
  clock = new FakeClock();
  instruments = new Instruments();
  const read = (runtimeId: string) => {
    reads.push(runtimeId);
    clock.advance(readMs);
    return kernel.get(runtimeId) ?? null;
  };
  use = new SandboxUse({ instruments, groups: { read }, clock });
});

function runs(runtimeId: string, cpuSeconds: number, memoryBytes = 1000, pidsRefused = 0): void {
  const throttledSeconds = cpuSeconds / 10;
  kernel.set(runtimeId, { cpuSeconds, throttledSeconds, memoryBytes, pids: 7, pidsRefused });
}

async function collected(): Promise<string> {
  clock.advance(2_000);
  use.collect();
  return (await instruments.text()).text;
}

it('a tenant’s use is that of all its sandboxes, and grows with it', async () => {
  for (const one of ['a', 'b']) use.take(one, 'acme');
  runs('a', 1);
  runs('b', 2, 3000);
  await collected();
  runs('a', 1.5);
  const text = await collected();
  expect(sampleOf(text, 'cellar_tenant_cpu_seconds_total{tenant="acme"}')).toBe(3.5);
  expect(sampleOf(text, 'cellar_tenant_cpu_throttled_seconds_total{tenant="acme"}')).toBeCloseTo(
    0.35,
  );
  expect(sampleOf(text, 'cellar_tenant_pids{tenant="acme"}')).toBe(14);
  expect(sampleOf(text, 'cellar_tenant_memory_bytes{tenant="acme"}')).toBe(4000);
  expect(sampleOf(text, 'cellar_tenant_sandboxes{tenant="acme"}')).toBe(2);
});

it('what a container used until it went is counted, also when nobody collected meanwhile', async () => {
  use.take('a', 'acme');
  runs('a', 4);
  use.last('a');
  const text = await collected();
  expect(sampleOf(text, 'cellar_tenant_cpu_seconds_total{tenant="acme"}')).toBe(4);
  expect(sampleOf(text, 'cellar_tenant_sandboxes{tenant="acme"}')).toBe(0);
});

it('a container that waits for a session is nobody’s', async () => {
  runs('waiting', 4);
  use.last('waiting');
  await collected();
  expect(reads).toEqual([]);
});

it('refused processes are hits of that limit', async () => {
  use.take('a', 'acme');
  runs('a', 1, 1000, 2);
  await collected();
  runs('a', 1, 1000, 5);
  expect(sampleOf(await collected(), 'cellar_limits_hit_total{limit="pids"}')).toBe(5);
});

it('reads a bounded time long, those first that were not read for longest, until all had their turn', async () => {
  readMs = 1;
  const all = Array.from({ length: 20 }, (_, i) => `c${i}`);
  for (const one of all) {
    use.take(one, 'acme');
    runs(one, 1);
  }
  for (let round = 0; round < 4; round++) {
    const before = reads.length;
    await collected();
    expect(reads.length - before).toBeLessThanOrEqual(6);
  }
  expect(new Set(reads)).toEqual(new Set(all));
});

it('two who collect at once cost one reading', async () => {
  use.take('a', 'acme');
  runs('a', 1);
  await collected();
  use.collect();
  expect(reads).toEqual(['a']);
});

it('containers that cannot be read are told', async () => {
  use.take('elsewhere', 'acme');
  expect(sampleOf(await collected(), 'cellar_sandboxes_unread')).toBe(1);
});

it('a tenant that gives its place to a greater one leaves no series behind, and nothing is counted twice', async () => {
  for (let i = 0; i < 20; i++) {
    use.take(`c${i}`, `tenant-${i}`);
    runs(`c${i}`, 1);
  }
  await collected();
  use.take('new', 'newcomer');
  runs('new', 100);
  const text = await collected();
  expect(sampleOf(text, 'cellar_tenant_cpu_seconds_total{tenant="newcomer"}')).toBe(100);
  expect(seriesOf(text, 'cellar_tenant_cpu_seconds_total').length).toBeLessThanOrEqual(21);
  expect(sampleOf(text, 'cellar_tenant_sandboxes{tenant="other"}')).toBe(1);
});
