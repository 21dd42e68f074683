// Sessions that sleep are rows in the registry and nothing else, and nobody notices. Registry and snapshot store are the real ones;
// a test plays the agents.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { SessionConfig } from '../../../src/orchestrator/registry/records.ts';
import type { ForkSource, LiveEvent } from '../../../src/orchestrator/sessions/session-service.ts';
import { collect } from '../../helpers/archives.ts';
import { type SessionWorld, sessionManager, sessionWorld } from '../../helpers/session-manager.ts';
import { admissionLimits, config } from '../../helpers/session-settings.ts';

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
  changes: Partial<SessionConfig> & { name?: string; from?: ForkSource } = {},
): Promise<string> {
  const { name, from, ...settings } = changes;
  const wanted = {
    language: 'anarchy',
    config: { ...config, ...settings },
    ...(name === undefined ? {} : { name }),
    ...(from === undefined ? {} : { from }),
  };
  return (await manager.create(tenant, wanted, soon())).record.sessionId;
}
const hibernate = (id: string) => manager.states.hibernate(tenant, id, soon());
const resume = (id: string) => manager.states.resume(tenant, id, soon());
const remove = (id: string) => manager.delete(tenant, id, { force: true }, soon());
const recordOf = async (id: string) => (await manager.find(tenant, id)).record;
const stateOf = async (id: string) => (await recordOf(id)).state;

/** A session with one execution behind it that sleeps and is not in memory. */
async function createAsleep(changes: Parameters<typeof create>[0] = {}): Promise<string> {
  const id = await create(changes);
  await run(id);
  await hibernate(id);
  await expectForgotten(id);
  return id;
}

async function run(id: string): Promise<string> {
  const { executionId } = await manager.submit(tenant, id, { code: '1' });
  await expect.poll(() => source.last.executions.at(-1)?.executionId).toBe(executionId);
  source.last.finish(executionId, 1);
  await manager.ended(tenant, id, executionId, soon());
  return executionId;
}

/** What only the registry knows of a session is shown when no object is there that thinks otherwise. */
async function expectForgotten(id: string): Promise<void> {
  const marked = Date.UTC(2031, 0, 1);
  const stored = (await registry.findSession(tenant, id))!;
  await registry.apply({ sessionId: id, session: { expiresAt: marked } });
  await expect.poll(async () => (await recordOf(id)).expiresAt).toBe(marked);
  await registry.apply({ sessionId: id, session: { expiresAt: stored.expiresAt } });
}

async function follow(id: string, since?: number) {
  const events: LiveEvent[] = [];
  const subscription = await manager.follow(
    tenant,
    id,
    { connection: true, ...(since === undefined ? {} : { since }) },
    { event: (event) => void events.push(event), close: () => {} },
  );
  return { events, ...subscription };
}

describe('a sleeping session', () => {
  it('is not in memory, has no timers, and is as it was when it comes back', async () => {
    const idle = { hibernateAfterMs: 60_000 };
    const id = await createAsleep({ idle, persistence: { policy: 'interval' }, env: { A: 'b' } });
    const before = await recordOf(id);
    // The registry's own timer is all that is left.
    clock.advance(20_000);
    expect(clock.pending).toBe(0);
    expect(manager.sandboxIds()).toEqual(new Set());
    await resume(id);
    expect(source.started).toHaveLength(2);
    expect(await recordOf(id)).toMatchObject({ state: 'idle', config: before.config, version: 1 });
    expect(manager.sandboxIds()).toEqual(new Set([source.last.sandboxId]));
  });

  it('is let go of when it was idle for too long, and its version that was due wakes nobody', async () => {
    const idle = { hibernateAfterMs: 5_000 };
    const id = await create({ idle, persistence: { policy: 'interval', intervalMs: 30_000 } });
    await run(id);
    await run(id);
    clock.advance(6_000);
    await expect.poll(() => stateOf(id)).toBe('hibernated');
    await expectForgotten(id);
    clock.advance(600_000);
    await expectForgotten(id);
    expect(source.started).toHaveLength(1);
  });

  it('is shown, listed and read from without being woken, loaded or written', async () => {
    const id = await createAsleep({ name: 'demo' });
    const asleep = await create({ name: 'awake' });
    const apply = vi.spyOn(registry, 'apply');
    const [execution] = (await manager.history(tenant, 'demo', page, true)).items;
    expect(execution?.record).toMatchObject({ status: 'success' });
    const { executionId } = execution!.record;
    expect((await manager.execution(tenant, id, executionId)).record.status).toBe('success');
    expect((await manager.ended(tenant, id, executionId, soon())).record.status).toBe('success');
    const ended = { code: 'execution_ended' };
    await expect(manager.cancel(tenant, id, executionId)).rejects.toMatchObject(ended);
    await expect(manager.stdin(tenant, id, executionId, 'x')).rejects.toMatchObject(ended);
    expect((await manager.find(tenant, 'demo')).record).toMatchObject({ state: 'hibernated' });
    const { items, total } = await manager.list(tenant, {}, page);
    expect(items.map(({ record }) => record.sessionId).sort()).toEqual([id, asleep].sort());
    expect(total).toBe(2);
    expect(await manager.metrics(tenant, id, soon())).toMatchObject({ memoryBytes: 0 });
    expect((await manager.states.list(tenant, 'demo', page)).total).toBe(1);
    const { content } = await manager.states.archive(tenant, 'demo', 1, soon());
    // Which version it is, what was executed, and a state of nothing.
    expect((await collect(content)).toString()).toMatch(
      /^version\.json\0.*history\/000000\.ndjson\0/s,
    );
    expect(apply).not.toHaveBeenCalled();
    expect(source.started).toHaveLength(2);
  });

  it('is changed without being woken', async () => {
    const id = await createAsleep();
    await manager.configure(tenant, id, { timeout: 77 }, soon());
    await manager.clearHistory(tenant, id);
    expect((await manager.history(tenant, id, page, false)).total).toBe(0);
    await expect(manager.states.remove(tenant, id, 1)).rejects.toMatchObject({
      code: 'snapshot_in_use',
    });
    expect((await recordOf(id)).config.timeout).toBe(77);
    await expectForgotten(id);
    expect(source.started).toHaveLength(1);
  });

  it('is deleted without being woken, and its name is free at once', async () => {
    const id = await createAsleep({ name: 'demo' });
    await expect(create({ name: 'demo' })).rejects.toMatchObject({ code: 'name_taken' });
    await remove('demo');
    expect(await registry.countSessions()).toBe(0);
    expect((await manager.states.listAll(tenant, page)).total).toBe(0);
    await expect(manager.find(tenant, id)).rejects.toMatchObject({ code: 'session_not_found' });
    expect(source.started).toHaveLength(1);
    const other = await create({ name: 'demo' });
    expect((await recordOf('demo')).sessionId).toBe(other);
  });

  it('is forked from its last version without being woken', async () => {
    const id = await createAsleep();
    const fork = await create({ from: { session: id } });
    expect(source.started).toHaveLength(2);
    expect(await stateOf(id)).toBe('hibernated');
    expect(await stateOf(fork)).toBe('idle');
  });

  it('is woken once by many who want it at the same time', async () => {
    const id = await createAsleep({ name: 'demo' });
    const submitted = await Promise.all([
      manager.submit(tenant, id, { code: 'a' }),
      manager.submit(tenant, 'demo', { code: 'b' }),
      resume('demo'),
      manager.variables(tenant, id, { includeValues: false }, soon()),
      manager.submit(tenant, 'demo', { code: 'c' }),
    ]);
    expect(source.started).toHaveLength(2);
    for (const execution of submitted) {
      if (!execution || !('executionId' in execution)) continue;
      const { executionId } = execution;
      await expect.poll(() => source.last.executions.at(-1)?.executionId).toBe(executionId);
      source.last.finish(executionId);
      await manager.ended(tenant, id, executionId, soon());
    }
    expect(source.last.executions.map(({ code }) => code)).toEqual(['a', 'b', 'c']);
  });

  it('is either deleted or run in, when both are asked for, and leaves nothing behind', async () => {
    for (const order of ['delete first', 'execute first']) {
      const id = await createAsleep();
      const submit = () => manager.submit(tenant, id, { code: '1' });
      const [one, other] = order === 'delete first' ? [remove, submit] : [submit, remove];
      const outcomes = await Promise.allSettled([one(id), other(id)]);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected')
          expect(outcome.reason).toMatchObject({ code: 'session_not_found' });
      await expect.poll(() => registry.countSessions()).toBe(0);
      await expect.poll(() => source.started.every(({ disposed }) => disposed)).toBe(true);
      expect(await registry.openExecutions(id)).toEqual([]);
      expect(manager.sandboxIds()).toEqual(new Set());
    }
  });

  it('stays in memory for who follows it, and tells them when it wakes', async () => {
    const id = await createAsleep();
    const { events, unsubscribe } = await follow(id);
    expect((await manager.find(tenant, id)).connections).toBe(1);
    expect(source.started).toHaveLength(1);
    await resume(id);
    const states = () =>
      events.map(({ text }) => JSON.parse(text)).filter(({ type }) => type === 'state');
    expect(states().map(({ to }) => to)).toEqual(['creating', 'idle']);
    await hibernate(id);
    expect(states().at(-1)).toMatchObject({ to: 'hibernated' });
    expect((await manager.find(tenant, id)).connections).toBe(1);
    unsubscribe();
    unsubscribe();
    await expectForgotten(id);
    expect((await manager.find(tenant, id)).connections).toBe(0);
  });

  it('is not woken by its version that was due, though it stays in memory', async () => {
    const id = await create({ persistence: { policy: 'interval', intervalMs: 30_000 } });
    await manager.states.take(tenant, id, null, soon());
    await run(id);
    const { unsubscribe } = await follow(id);
    await hibernate(id);
    clock.advance(600_000);
    await expect.poll(() => stateOf(id)).toBe('hibernated');
    expect((await manager.states.list(tenant, id, page)).total).toBe(2);
    expect(source.started).toHaveLength(1);
    unsubscribe();
    await expectForgotten(id);
  });

  it('numbers its events upwards however often it was let go of, and replays them all', async () => {
    const id = await create();
    const first = await follow(id);
    const seen: number[] = [];
    for (let round = 0; round < 3; round++) {
      const { events, since, unsubscribe } = await follow(id);
      expect(since).toBeGreaterThan(seen.at(-1) ?? first.since);
      await run(id);
      await hibernate(id);
      seen.push(...events.map(({ seq }) => seq));
      unsubscribe();
      if (round === 0) first.unsubscribe();
      await expectForgotten(id);
    }
    expect(seen).toEqual([...new Set(seen)].sort((one, other) => one - other));
    const replayed = await follow(id, first.since);
    const kept = replayed.events.filter(({ type }) => type === 'executionResult');
    expect(kept).toHaveLength(3);
    expect(replayed.events.map(({ seq }) => seq)).toEqual(
      seen.filter((seq) => replayed.events.some((event) => event.seq === seq)),
    );
    const middle = kept[1]!.seq;
    const later = await follow(id, middle);
    expect(later.events.map(({ seq }) => seq)).toEqual(
      replayed.events.map(({ seq }) => seq).filter((seq) => seq > middle),
    );
  });

  it('gives no number twice, even when the registry would not take them when it was let go of', async () => {
    const id = await createAsleep();
    const { number, unsubscribe } = await follow(id);
    const apply = vi.spyOn(registry, 'apply');
    apply.mockRejectedValue(new AppError('registry_unavailable'));
    let last = 0;
    for (let i = 0; i < 12_000; i++) number((seq) => (last = seq));
    unsubscribe();
    let followed = false;
    const again = follow(id).finally(() => (followed = true));
    await expect.poll(() => apply.mock.calls.length).toBeGreaterThan(0);
    apply.mockRestore();
    await expect
      .poll(() => {
        clock.advance(1_000);
        return followed;
      })
      .toBe(true);
    expect((await again).since).toBeGreaterThan(last);
  });

  it('is let go of only when its container is gone, so that a deletion can wait for that', async () => {
    const id = await create();
    const removal = Promise.withResolvers<void>();
    source.last.removal = removal.promise;
    await hibernate(id);
    let deleted = false;
    const deletion = remove(id).then(() => {
      deleted = true;
    });
    await expect.poll(async () => manager.find(tenant, id).catch(() => null)).toBeNull();
    expect(deleted).toBe(false);
    removal.resolve();
    await deletion;
    expect(await registry.countSessions()).toBe(0);
  });

  it('is not woken by a service that stops', async () => {
    const id = await createAsleep();
    await manager.stop();
    const down = { code: 'shutting_down' };
    await expect(resume(id)).rejects.toMatchObject(down);
    await expect(manager.submit(tenant, id, { code: '1' })).rejects.toMatchObject(down);
    expect(await stateOf(id)).toBe('hibernated');
    expect(source.started).toHaveLength(1);
  });

  it('is not loaded by the next process, and comes back when it is wanted', async () => {
    const id = await createAsleep();
    const awake = await create();
    const { sandbox } = await recordOf(awake);
    source.left.set(sandbox!.sandboxId, source.last);
    await manager.stop();
    manager = sessionManager({ registry, source, snapshots, clock });
    await manager.recover();
    await expectForgotten(id);
    expect(manager.sandboxIds()).toEqual(new Set([sandbox!.sandboxId]));
    await Promise.all([run(id), resume(id)]);
    expect(source.started).toHaveLength(3);
  });
});

describe('a failed session', () => {
  it('is let go of, and tried again for the next request', async () => {
    const id = await create();
    await manager.states.take(tenant, id, null, soon());
    source.failure = new AppError('runtime_unavailable');
    source.last.lose('exited');
    await expect.poll(() => stateOf(id)).toBe('failed');
    await expectForgotten(id);
    await expect(resume(id)).rejects.toMatchObject({ code: 'runtime_unavailable' });
    await expectForgotten(id);
    source.failure = null;
    await run(id);
    expect(await recordOf(id)).toMatchObject({ state: 'idle', version: 1 });
  });
});

describe('room', () => {
  const overloaded = { code: 'overloaded' };

  it('is needed by sessions that are awake, not by those that sleep', async () => {
    const asleep = await createAsleep();
    const awake = [];
    for (let i = 0; i < admissionLimits.sessionsMax; i++) awake.push(await create());
    await expect(create()).rejects.toMatchObject(overloaded);
    const before = await recordOf(asleep);
    await expect(resume(asleep)).rejects.toMatchObject(overloaded);
    await expect(manager.submit(tenant, asleep, { code: '1' })).rejects.toMatchObject(overloaded);
    await expect(manager.restart(tenant, asleep, soon())).rejects.toMatchObject(overloaded);
    expect(await recordOf(asleep)).toEqual({ ...before, seqReserved: expect.any(Number) });
    await hibernate(awake[0]!);
    await run(asleep);
    await expect(resume(awake[0]!)).rejects.toMatchObject(overloaded);
    await remove(awake[1]!);
    await resume(awake[0]!);
  });

  it('is given once to many who want it at the same time', async () => {
    const { sessionsMax } = admissionLimits;
    const asleep = [];
    for (let i = 0; i < sessionsMax + 1; i++) asleep.push(await createAsleep());
    const outcomes = await Promise.allSettled(asleep.map(resume));
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toMatchObject([{ reason: overloaded }]);
    expect(manager.sandboxIds().size).toBe(sessionsMax);
  });

  it('is free again after what could not be created or started', async () => {
    await create({ name: 'taken' });
    for (let i = 0; i < 5; i++)
      await expect(create({ name: 'taken' })).rejects.toMatchObject({ code: 'name_taken' });
    source.failure = new AppError('sandbox_failed');
    for (let i = 0; i < 5; i++)
      await expect(create()).rejects.toMatchObject({ code: 'sandbox_failed' });
    const missing = { from: { snapshot: 'snap-none' } };
    await expect(create(missing)).rejects.toMatchObject({ code: 'snapshot_not_found' });
    source.failure = null;
    for (let i = 1; i < admissionLimits.sessionsMax; i++) await create();
    await expect(create()).rejects.toMatchObject(overloaded);
  });

  it('has an end for sessions that sleep too, also in the next process', async () => {
    for (let i = 0; i < admissionLimits.sessionsStoredMax; i++) await createAsleep();
    await expect(create()).rejects.toMatchObject({ detail: expect.stringContaining('delete') });
    await manager.stop();
    manager = sessionManager({ registry, source, snapshots, clock });
    await manager.recover();
    await expect(create()).rejects.toMatchObject(overloaded);
    const { items } = await manager.list(tenant, {}, page);
    await remove(items[0]!.record.sessionId);
    await create();
    await expect(create()).rejects.toMatchObject(overloaded);
  });
});
