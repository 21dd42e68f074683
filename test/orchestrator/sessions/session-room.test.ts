// More sessions than there is room for: those that nobody uses make way, and everybody has their state all the same. Registry and
// snapshot store are the real ones; a test plays the agents.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { SessionConfig } from '../../../src/orchestrator/registry/records.ts';
import { type SessionWorld, sessionManager, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const stored = { persistence: { policy: 'hibernate' } } as const;
const overloaded = { code: 'overloaded' };

let { directory, registry, clock, source, snapshots, manager } = {} as SessionWorld;

beforeEach(async () => {
  ({ directory, registry, clock, source, snapshots, manager } = await sessionWorld());
});
afterEach(async () => {
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function create(changes: Partial<SessionConfig> = stored, tenant = 'a', signal = soon()) {
  const wanted = { language: 'anarchy', config: { ...config, ...changes } };
  const { record } = await manager.create(tenant, wanted, signal);
  return record.sessionId;
}
const stateOf = async (id: string, tenant = 'a') => (await manager.find(tenant, id)).record.state;
const resume = (id: string) => manager.states.resume('a', id, soon());
const live = () => source.started.filter(({ disposed }) => !disposed).length;
const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

describe('a session that finds no room', () => {
  it('takes that of the one that nobody used for longest, which keeps its state', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push(await create());
      source.last.state = `state of ${i}`;
      clock.advance(1000);
    }
    // The first is the one that was used last.
    await manager.variables('a', ids[0]!, { includeValues: false }, soon());
    ids.push(await create());
    expect(await Promise.all(ids.map((id) => stateOf(id)))).toEqual([
      'idle',
      'hibernated',
      'idle',
      'idle',
    ]);
    expect(live()).toBe(3);
    await resume(ids[1]!);
    expect(source.last.state).toBe('state of 1');
    expect(live()).toBe(3);
    expect(await stateOf(ids[2]!)).toBe('hibernated');
  });

  it('never takes that of one whose state would be lost', async () => {
    for (let i = 0; i < 3; i++) await create({});
    await expect(create()).rejects.toMatchObject(overloaded);
    expect(live()).toBe(3);
  });

  it('waits for one that is used, until that comes to rest', async () => {
    const id = await create();
    for (let i = 0; i < 2; i++) await create({});
    const { executionId } = await manager.submit('a', id, { code: '1' });
    let isThere = false;
    const creating = create().then(() => {
      isThere = true;
    });
    await turns();
    expect([isThere, await stateOf(id)]).toEqual([false, 'busy']);
    source.started[0]!.finish(executionId, 1);
    await creating;
    expect(await stateOf(id)).toBe('hibernated');
    expect(live()).toBe(3);
  });

  it('waits no longer than it may', async () => {
    const id = await create();
    for (let i = 0; i < 2; i++) await create({});
    await manager.submit('a', id, { code: '1' });
    const refused = expect(create()).rejects.toMatchObject({
      ...overloaded,
      retryAfterSeconds: expect.any(Number),
    });
    await turns();
    clock.advance(15_000);
    await refused;
  });

  it('leaves nothing behind when its client goes away', async () => {
    const id = await create();
    for (let i = 0; i < 2; i++) await create({});
    const { executionId } = await manager.submit('a', id, { code: '1' });
    const client = new AbortController();
    const creating = create(stored, 'a', client.signal);
    const refused = expect(creating).rejects.toBeInstanceOf(AppError);
    await turns();
    client.abort(new AppError('deadline_exceeded'));
    await refused;
    source.started[0]!.finish(executionId, 1);
    await manager.ended('a', id, executionId, soon());
    await turns();
    expect(await stateOf(id)).toBe('idle');
    expect((await manager.list('a', {}, { limit: 9, offset: 0 })).total).toBe(3);
  });
});

it('many who want one sleeping session wake it once', async () => {
  const asleep = await create();
  await manager.states.hibernate('a', asleep, soon());
  for (let i = 0; i < 3; i++) await create();
  await Promise.all([resume(asleep), resume(asleep), resume(asleep)]);
  expect(await stateOf(asleep)).toBe('idle');
  expect(live()).toBe(3);
  expect(source.started).toHaveLength(5);
});

it('two tenants get room in turn, however many one of them asks for', async () => {
  const budget = { sandboxes: 1, memoryBytes: 2 ** 40, milliCpus: 2 ** 20 };
  const limits = { service: budget, tenantOf: () => budget };
  manager = sessionManager({ registry, source, snapshots, clock, budget: limits });
  const order: string[] = [];
  const enter = (tenant: string) =>
    create(stored, tenant).then(() => {
      order.push(tenant);
    });
  const first = await create(stored, 'c');
  const { executionId } = await manager.submit('c', first, { code: '1' });
  const all = [enter('a'), enter('a'), enter('b')];
  await turns();
  source.last.finish(executionId, 1);
  await Promise.all(all);
  expect(order).toEqual(['a', 'b', 'a']);
});

describe('processors', () => {
  const budget = { sandboxes: 9, memoryBytes: 2 ** 40, milliCpus: 2000 };

  it('come from sessions that are paused for it, and are waited for to go on', async () => {
    const limits = { service: budget, tenantOf: () => budget };
    manager = sessionManager({ registry, source, snapshots, clock, budget: limits });
    const ids = [await create({})];
    clock.advance(10);
    ids.push(await create({}));
    clock.advance(10);
    ids.push(await create({}));
    expect(await Promise.all(ids.map((id) => stateOf(id)))).toEqual(['paused', 'idle', 'idle']);
    clock.advance(10);
    await resume(ids[0]!);
    expect(await Promise.all(ids.map((id) => stateOf(id)))).toEqual(['idle', 'paused', 'idle']);
    expect(live()).toBe(3);
  });
});

it('room is what its limits are, also when they change', async () => {
  const memoryBytes = 4 * config.limits.memoryBytes;
  const budget = { sandboxes: 9, memoryBytes, milliCpus: 2 ** 20 };
  const limits = { service: budget, tenantOf: () => budget };
  manager = sessionManager({ registry, source, snapshots, clock, budget: limits });
  const id = await create({});
  await create({});
  const larger = (times: number) => ({
    limits: { ...config.limits, memoryBytes: times * config.limits.memoryBytes },
  });
  await expect(manager.configure('a', id, larger(4), soon())).rejects.toMatchObject(overloaded);
  await manager.configure('a', id, larger(3), soon());
  await expect(create({})).rejects.toMatchObject(overloaded);
  source.updateFailure = new AppError('runtime_unavailable');
  await expect(manager.configure('a', id, larger(2), soon())).rejects.toBeInstanceOf(AppError);
  source.updateFailure = null;
  await expect(create({})).rejects.toMatchObject(overloaded);
  await manager.configure('a', id, larger(1), soon());
  await create({});
});

it('what an earlier process left has its room', async () => {
  for (let i = 0; i < 3; i++) await create({});
  for (const sandbox of source.started) source.left.set(sandbox.sandboxId, sandbox);
  await manager.stop();
  manager = sessionManager({ registry, source, snapshots, clock });
  await manager.recover();
  await expect(create()).rejects.toMatchObject(overloaded);
});
