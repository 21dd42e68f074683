// What sandboxes use is what the kernel counted, whatever becomes of the orchestrator meanwhile.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerCounters } from '../helpers/container-counters.ts';
import { type Service, startService } from '../helpers/start-service.ts';

const pollMsMax = 60_000;
const tolerance = 0.05;

let service: Service;

beforeAll(async () => {
  service = await startService({ CELLAR_USAGE_INTERVAL_MS: '500', CELLAR_TIMEOUT_MS: '60000' });
});

afterAll(() => service[Symbol.asyncDispose]());

async function usageOf(id: string): Promise<any> {
  const { status, body } = await service.request('GET', `/api/sessions/${id}/usage`);
  expect(status).toBe(200);
  return body;
}

/** What a session has used, as it is billed; whether it still is there or not. */
async function billed(id: string): Promise<any> {
  const { body } = await service.request('GET', '/api/usage?by=session&limit=200');
  return body.items.find(({ session }: { session: string }) => session === id);
}

/** What a service has written of a session by itself: nobody asks it. */
function writtenOf({ dataDirectory }: Service, id: string) {
  const path = join(dataDirectory, 'registry.db');
  using connection = new DatabaseSync(path, { readOnly: true });
  const sums = 'sum(cpuSeconds) as cpuSeconds, sum(executions) as executions';
  return connection
    .prepare(`select ${sums} from usage where sessionId = ? group by sessionId`)
    .get(id);
}

async function runtimeIdOf(id: string): Promise<string> {
  const { sandbox } = (await service.request('GET', `/api/sessions/${id}`)).body;
  const containers = await service.containers();
  return containers.find(({ Labels }) => Labels['cellar.sandbox'] === sandbox.id)!.Id;
}

/** The counted and the kernel’s own processor seconds of a container that rests: they are read until they agree to be of one moment. */
async function atRest(id: string) {
  const runtimeId = await runtimeIdOf(id);
  for (;;) {
    const before = containerCounters(runtimeId).cpuSeconds;
    const { length } = (await usageOf(id)).points;
    await expect
      .poll(async () => (await usageOf(id)).points.length, { timeout: pollMsMax })
      .toBeGreaterThan(length + 1);
    const counted = (await usageOf(id)).totals.cpuSeconds;
    const kernel = containerCounters(runtimeId).cpuSeconds;
    if (kernel - before < 0.02) return { counted, kernel };
  }
}

function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected) / expected, `${actual}, not ${expected}`).toBeLessThan(
    tolerance,
  );
}

describe('what a session has used', () => {
  it('is the processor time that the kernel counted, while it lives and when it is gone', async () => {
    const { id } = await service.createSession();
    const before = await atRest(id);
    await service.execute(id, 'while (true) {}', { timeout: 6_000 });
    const after = await atRest(id);
    const used = after.kernel - before.kernel;
    expect(used).toBeGreaterThan(1);
    expectClose(after.counted - before.counted, used);
    expect((await service.request('DELETE', `/api/sessions/${id}`)).status).toBe(204);
    await expect
      .poll(async () => (await billed(id)).cpuSeconds, { timeout: pollMsMax })
      .toBeGreaterThanOrEqual(after.counted);
    expect((await billed(id)).executions).toBe(1);
  });

  it('is the memory that it held, for as long as it held it', async () => {
    const { id } = await service.createSession();
    const runtimeId = await runtimeIdOf(id);
    const empty = containerCounters(runtimeId).memoryBytes;
    await service.execute(
      id,
      'kept = []; for (i = 0; i < 3000000; i++) { kept.push("a text of its own: " + i) } len(kept)',
    );
    await atRest(id);
    const held = containerCounters(runtimeId).memoryBytes;
    expect(held - empty).toBeGreaterThan(50_000_000);
    const before = (await usageOf(id)).totals;
    await expect
      .poll(async () => (await usageOf(id)).totals.sandboxSeconds, { timeout: pollMsMax })
      .toBeGreaterThan(before.sandboxSeconds + 3);
    const after = (await usageOf(id)).totals;
    const seconds = after.sandboxSeconds - before.sandboxSeconds;
    expectClose((after.memoryByteSeconds - before.memoryByteSeconds) / seconds, held);
  });

  it.each([
    ['the host shows', {}],
    ['only the engine knows', { CELLAR_CONTROL_GROUPS_DIR: '/nowhere' }],
  ])('between two looks is counted when it is deleted: what %s', async (_, environment) => {
    await using slow = await startService({ CELLAR_USAGE_INTERVAL_MS: '600000', ...environment });
    const { id } = await slow.createSession();
    const { sandbox } = (await slow.request('GET', `/api/sessions/${id}`)).body;
    const containers = await slow.containers();
    const runtimeId = containers.find(({ Labels }) => Labels['cellar.sandbox'] === sandbox.id)!.Id;
    const before = containerCounters(runtimeId).cpuSeconds;
    await slow.execute(id, 'while (true) {}', { timeout: 4_000 });
    const used = containerCounters(runtimeId).cpuSeconds - before;
    expect((await slow.request('DELETE', `/api/sessions/${id}`)).status).toBe(204);
    // It is written without anybody asking, long before the next look.
    await expect.poll(() => writtenOf(slow, id), { timeout: pollMsMax }).toBeDefined();
    const { cpuSeconds } = writtenOf(slow, id)!;
    expect(cpuSeconds).toBeGreaterThan(used * (1 - tolerance));
    // And what its start in the session's hands took.
    expect(cpuSeconds).toBeLessThan(used + 1);
    const [row] = (await slow.request('GET', '/api/usage?by=session')).body.items;
    expect(row.cpuSeconds).toBeCloseTo(cpuSeconds as number, 5);
  });

  it('stays when it sleeps, and what its state takes is counted', async () => {
    const { id } = await service.createSession();
    await service.execute(id, 'x = 1');
    expect((await service.request('POST', `/api/sessions/${id}/hibernate`, {})).status).toBe(200);
    await expect.poll(async () => (await usageOf(id)).points, { timeout: pollMsMax }).toEqual([]);
    const asleep = (await usageOf(id)).totals;
    expect(asleep.sandboxSeconds).toBeGreaterThan(0);
    await expect
      .poll(async () => (await usageOf(id)).totals.storedByteSeconds, { timeout: pollMsMax })
      .toBeGreaterThan(asleep.storedByteSeconds);
    expect({ ...(await usageOf(id)).totals, storedByteSeconds: 0 }).toEqual({
      ...asleep,
      storedByteSeconds: 0,
    });
  });
});

describe('a service that is killed', () => {
  it('has written what was counted an interval ago', async () => {
    const { id } = await service.createSession();
    for (let i = 0; i < 5; i++) await service.execute(id, `${i}`);
    await expect.poll(() => writtenOf(service, id)?.executions, { timeout: pollMsMax }).toBe(5);
    await service.kill('SIGKILL');
    await service.start();
    expect((await usageOf(id)).totals.executions).toBe(5);
    const { items } = (await service.request('GET', '/api/usage')).body;
    const { body } = await service.request('GET', '/api/usage?by=session&limit=200');
    const sum = body.items.reduce((all: number, row: any) => all + row.executions, 0);
    expect(items[0].executions).toBe(sum);
  });

  it('has counted a sandbox once and wholly when the next one has taken it over', async () => {
    const { id } = await service.createSession();
    await service.execute(id, '1');
    const before = await atRest(id);
    const started = (await usageOf(id)).totals;
    const path = `/api/sessions/${id}/execute`;
    const body = { code: 'while (true) {}', timeout: 60_000 };
    const { executionId } = (await service.request('POST', path, body, { prefer: 'respond-async' }))
      .body;
    const runtimeId = await runtimeIdOf(id);
    const burned = () => containerCounters(runtimeId).cpuSeconds - before.kernel;
    await expect.poll(burned, { timeout: pollMsMax }).toBeGreaterThan(1);
    await service.kill('SIGKILL');
    await expect.poll(burned, { timeout: pollMsMax }).toBeGreaterThan(2);
    await service.start();
    await expect.poll(burned, { timeout: pollMsMax }).toBeGreaterThan(3);
    // An orderly stop, too.
    await service.kill('SIGTERM');
    await service.start();
    await service.request('POST', `/api/sessions/${id}/executions/${executionId}/cancel`);
    const after = await atRest(id);
    expectClose(after.counted - before.counted, after.kernel - before.kernel);
    const { totals } = await usageOf(id);
    expect(totals.sandboxSeconds).toBeGreaterThan(started.sandboxSeconds + 3);
    expect(totals.executions).toBe(2);
  });
});

it('a tenant has used what its sessions have', async () => {
  const { body } = await service.request('GET', '/api/usage?by=session&limit=200');
  const [tenant] = (await service.request('GET', '/api/usage')).body.items;
  const sum = (what: string) =>
    body.items.reduce((all: number, row: Record<string, number>) => all + row[what]!, 0);
  expect(tenant.executions).toBe(sum('executions'));
  expectClose(tenant.cpuSeconds, sum('cpuSeconds'));
  expectClose(tenant.sandboxSeconds, sum('sandboxSeconds'));
});
