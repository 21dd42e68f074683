// How sessions go down the idle ladder and come up again. Registry and snapshot store are the real ones; a test plays the agents, and
// an agent that is asked while it is frozen fails the test.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { SessionConfig } from '../../../src/orchestrator/registry/records.ts';
import type { ScriptedSandbox } from '../../doubles/scripted-source.ts';
import { type SessionWorld, sessionManager, sessionWorld } from '../../helpers/session-manager.ts';
import { config, serviceBudget } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const tenant = 'default';
const page = { limit: 50, offset: 0 };

let { directory, registry, clock, source, snapshots, manager } = {} as SessionWorld;

beforeEach(async () => {
  ({ directory, registry, clock, source, snapshots, manager } = await sessionWorld());
});
afterEach(async () => {
  vi.restoreAllMocks();
  await manager.stop();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function create(changes: Partial<SessionConfig> = {}): Promise<string> {
  const wanted = { language: 'anarchy', config: { ...config, ...changes } };
  return (await manager.create(tenant, wanted, soon())).record.sessionId;
}
const recordOf = async (id: string) => (await manager.find(tenant, id)).record;
const stateOf = async (id: string) => (await recordOf(id)).state;
const pause = (id: string) => manager.states.pause(tenant, id, soon());
const submit = async (id: string) => (await manager.submit(tenant, id, { code: '1' })).executionId;

async function run(id: string): Promise<void> {
  const executionId = await submit(id);
  const sandbox = source.last;
  await expect.poll(() => sandbox.executions.at(-1)?.executionId).toBe(executionId);
  sandbox.finish(executionId, 1);
  await manager.ended(tenant, id, executionId, soon());
}

/** The states of a session as a follower is told them. */
async function follow(id: string) {
  const told: string[] = [];
  const closed: string[] = [];
  await manager.follow(
    tenant,
    id,
    { connection: true },
    {
      event: ({ type, text }) => {
        const { from, to, reason } = JSON.parse(text);
        if (type === 'state') told.push(`${from} → ${to} (${reason})`);
      },
      close: (reason) => void closed.push(reason),
    },
  );
  return { told, closed };
}

/** Another process takes over; the sandboxes are as they were. */
async function restartService(...left: ScriptedSandbox[]): Promise<void> {
  await manager.stop();
  for (const sandbox of left) source.left.set(sandbox.sandboxId, sandbox);
  manager = sessionManager({ registry, source, snapshots, clock });
  await manager.recover();
}

/** Lets what waits for its turn in queues and in the registry be done. */
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
};

describe('a paused session', () => {
  it('keeps its sandbox, and goes on with it when it is asked to execute', async () => {
    const id = await create();
    const { told } = await follow(id);
    await pause(id);
    expect([await stateOf(id), source.last.paused]).toEqual(['paused', true]);
    await run(id);
    expect(source.started).toHaveLength(1);
    expect(told).toEqual([
      'idle → paused (paused)',
      'paused → idle (resumed)',
      'idle → busy (execution)',
      'busy → idle (execution)',
    ]);
  });

  it.each([
    [
      'its variables',
      (id: string) => manager.variables(tenant, id, { includeValues: true }, soon()),
    ],
    ['a snapshot', (id: string) => manager.states.take(tenant, id, null, soon())],
    ['being resumed', (id: string) => manager.states.resume(tenant, id, soon())],
    ['other settings', (id: string) => manager.configure(tenant, id, { timeout: 1 }, soon())],
  ])('wakes for %s', async (_, ask) => {
    const id = await create();
    await pause(id);
    await ask(id);
    expect([await stateOf(id), source.last.paused]).toEqual(['idle', false]);
  });

  it('does not claim to be as it was stored', async () => {
    const id = await create();
    await manager.states.take(tenant, id, null, soon());
    await run(id);
    await pause(id);
    await manager.states.resume(tenant, id, soon());
    const told = (await registry.eventsSince(id, 0, 100)).at(-1)!.message;
    expect(JSON.parse(told)).toMatchObject({ type: 'state', from: 'paused', to: 'idle' });
    expect(JSON.parse(told)).not.toHaveProperty('version');
  });

  it('sleeps on while it is only looked at', async () => {
    const id = await create();
    await pause(id);
    await manager.find(tenant, id);
    await manager.history(tenant, id, page, true);
    await manager.metrics(tenant, id, soon());
    await manager.states.list(tenant, id, page);
    await follow(id);
    expect([await stateOf(id), source.last.paused]).toEqual(['paused', true]);
  });

  it('is paused once only', async () => {
    const id = await create();
    const { told } = await follow(id);
    await Promise.all([pause(id), pause(id)]);
    expect(told).toHaveLength(1);
  });

  it('is rolled back, restarted and deleted as any other', async () => {
    const id = await create();
    source.last.state = 'one';
    await manager.states.take(tenant, id, null, soon());
    await pause(id);
    await manager.states.rollback(tenant, id, { version: 1 }, soon());
    expect([await stateOf(id), source.last.state]).toEqual(['idle', 'one']);
    await pause(id);
    await manager.restart(tenant, id, soon());
    expect([await stateOf(id), source.started.length]).toEqual(['idle', 3]);
    await pause(id);
    await manager.delete(tenant, id, { force: false }, soon());
    expect(source.started.map(({ disposed }) => disposed)).toEqual([true, true, true]);
  });

  it('hibernates with the state that it had, without seeming to wake', async () => {
    const id = await create();
    const { told } = await follow(id);
    source.last.state = 'dozing';
    await pause(id);
    await manager.states.hibernate(tenant, id, soon());
    await manager.states.resume(tenant, id, soon());
    expect(source.last.state).toBe('dozing');
    expect(told).toEqual([
      'idle → paused (paused)',
      'paused → hibernated (hibernated)',
      'hibernated → creating (resumed)',
      'creating → idle (resumed)',
    ]);
  });

  it('is frozen again when it cannot be hibernated', async () => {
    const id = await create();
    await pause(id);
    vi.spyOn(snapshots, 'take').mockRejectedValue(new AppError('storage_full'));
    await expect(manager.states.hibernate(tenant, id, soon())).rejects.toMatchObject({
      code: 'storage_full',
    });
    expect([await stateOf(id), source.last.paused]).toEqual(['paused', true]);
  });

  it('is stored when its policy says so, and sleeps on', async () => {
    const id = await create({ persistence: { policy: 'interval', intervalMs: 60_000 } });
    const { told } = await follow(id);
    await run(id);
    source.last.state = 'in between';
    await pause(id);
    told.length = 0;
    clock.advance(60_000);
    await expect.poll(async () => (await recordOf(id)).version).toBe(1);
    await expect.poll(() => source.last.paused).toBe(true);
    expect(told).toEqual([]);
    expect((await recordOf(id)).lastUsedAt).toBe(clock.now() - 60_000);
  });

  it('stays so while the engine is away, and says so to whoever needs it', async () => {
    const id = await create();
    await pause(id);
    source.last.engineFailure = new AppError('runtime_unavailable');
    await expect(submit(id)).rejects.toMatchObject({ code: 'runtime_unavailable' });
    expect([await stateOf(id), source.last.paused]).toEqual(['paused', true]);
    await run(id);
  });

  it('whose container was killed gets another one, at once or when it is asked', async () => {
    const id = await create();
    const { told } = await follow(id);
    await pause(id);
    source.last.lose('exited');
    await expect
      .poll(() => told)
      .toEqual([
        'idle → paused (paused)',
        'paused → creating (lost)',
        'creating → idle (recovered)',
      ]);
    await pause(id);
    // The request is faster than the news.
    source.last.engineFailure = new AppError('sandbox_lost');
    await run(id);
    expect(source.started).toHaveLength(3);
    expect(source.started[1]!.disposed).toBe(true);
  });

  it('is found paused by the next process, and thawed when it is wanted', async () => {
    const id = await create();
    await pause(id);
    const sandbox = source.last;
    await restartService(sandbox);
    expect([await stateOf(id), sandbox.paused]).toEqual(['paused', true]);
    const executionId = await submit(id);
    await expect.poll(() => sandbox.executions.at(-1)?.executionId).toBe(executionId);
  });

  it('is what the engine says it is, where the process before died half-way', async () => {
    const [pausing, thawing] = [await create(), await create()];
    const [first, second] = source.started as [ScriptedSandbox, ScriptedSandbox];
    await pause(thawing);
    first.paused = true;
    second.paused = false;
    await restartService(first, second);
    expect(await stateOf(pausing)).toBe('paused');
    expect(await stateOf(thawing)).toBe('idle');
    const told = (await registry.eventsSince(pausing, 0, 100)).map(({ message }) => message).at(-1);
    expect(JSON.parse(told!)).toMatchObject({ from: 'idle', to: 'paused' });
  });

  it('whose container has gone meanwhile begins anew in the next process', async () => {
    const id = await create();
    await pause(id);
    await restartService();
    await expect.poll(() => stateOf(id)).toBe('idle');
    expect(source.started).toHaveLength(2);
  });

  it('runs in the next process if it was frozen while it worked', async () => {
    const id = await create();
    await submit(id);
    const sandbox = source.last;
    sandbox.paused = true;
    await restartService(sandbox);
    expect([await stateOf(id), sandbox.paused]).toEqual(['busy', false]);
  });
});

describe('a rollback of a session that sleeps', () => {
  /** Version 1 holds `one`, version 2, on which it sleeps, `two`. */
  async function asleep(): Promise<string> {
    const id = await create();
    source.last.state = 'one';
    await manager.states.take(tenant, id, null, soon());
    source.last.state = 'two';
    await manager.states.hibernate(tenant, id, soon());
    await expect.poll(() => source.last.disposed).toBe(true);
    return id;
  }
  const rollback = (id: string) => manager.states.rollback(tenant, id, { version: 1 }, soon());
  const alive = () => source.started.filter(({ disposed }) => !disposed).length;

  it('brings that version into the one sandbox that is started for it', async () => {
    const id = await asleep();
    const { told } = await follow(id);
    await rollback(id);
    expect(source.started).toHaveLength(2);
    expect(source.last.state).toBe('one');
    expect(await recordOf(id)).toMatchObject({ state: 'idle', version: 1 });
    expect(told).toEqual(['hibernated → idle (rolledBack)']);
    await run(id);
    await pause(id);
    await manager.states.hibernate(tenant, id, soon());
    expect(alive()).toBe(0);
    expect(await recordOf(id)).toMatchObject({ state: 'hibernated', version: 3 });
  });

  it('needs no more room than the session will have', async () => {
    const one = { ...serviceBudget.service, sandboxes: 1 };
    const budget = { service: one, tenantOf: () => one };
    manager = sessionManager({ registry, source, snapshots, clock, budget });
    const id = await asleep();
    await rollback(id);
    await manager.states.hibernate(tenant, id, soon());
    // It has given back what it had: there is room for another one.
    await create();
  });

  it.each([
    ['there is no such version', { version: 7 }, 'snapshot_not_found'],
    ['no sandbox can be started', { version: 1 }, 'runtime_unavailable'],
  ])('leaves it asleep as it was when %s', async (_, wanted, code) => {
    const id = await asleep();
    const { told } = await follow(id);
    source.failure = new AppError('runtime_unavailable');
    const failed = manager.states.rollback(tenant, id, wanted, soon());
    await expect(failed).rejects.toMatchObject({ code });
    source.failure = null;
    expect(await recordOf(id)).toMatchObject({ state: 'hibernated', version: 2, sandbox: null });
    expect(told).toEqual([]);
    await run(id);
    expect(source.last.state).toBe('two');
  });

  it('leaves it asleep as it was when the version is no good', async () => {
    const id = await asleep();
    vi.spyOn(snapshots, 'open').mockImplementationOnce(() => {
      throw new AppError('snapshot_damaged');
    });
    await expect(rollback(id)).rejects.toMatchObject({ code: 'snapshot_damaged' });
    expect(await recordOf(id)).toMatchObject({ state: 'hibernated', version: 2, sandbox: null });
    await expect.poll(alive).toBe(0);
  });

  it('goes with the session when that is deleted meanwhile', async () => {
    const id = await asleep();
    const engine = Promise.withResolvers<void>();
    source.engine = engine.promise;
    const rolledBack = rollback(id);
    rolledBack.catch(() => {});
    await expect.poll(() => source.signals.length).toBe(2);
    const deleted = manager.delete(tenant, id, { force: false }, soon());
    engine.resolve();
    await deleted;
    await expect(rolledBack).rejects.toBeInstanceOf(AppError);
    await expect.poll(alive).toBe(0);
  });

  it.each([1, 2])(
    'comes before what is asked for meanwhile, with room for %i',
    async (sandboxes) => {
      const all = { ...serviceBudget.service, sandboxes };
      manager = sessionManager({
        registry,
        source,
        snapshots,
        clock,
        budget: { service: all, tenantOf: () => all },
      });
      const id = await asleep();
      const engine = Promise.withResolvers<void>();
      source.engine = engine.promise;
      const rolledBack = rollback(id);
      await expect.poll(() => source.signals.length).toBe(2);
      const submitted = submit(id);
      await settled();
      engine.resolve();
      const executionId = await submitted;
      await rolledBack;
      await expect.poll(alive).toBe(1);
      const living = source.started.find(({ disposed }) => !disposed)!;
      expect(living.state).toBe('one');
      await expect
        .poll(() => living.executions.map((each) => each.executionId))
        .toEqual([executionId]);
      expect((await recordOf(id)).version).toBe(1);
      living.finish(executionId);
      await manager.ended(tenant, id, executionId, soon());
      await manager.states.hibernate(tenant, id, soon());
      expect((await recordOf(id)).state).toBe('hibernated');
      for (let count = 0; count < sandboxes; count++) await create();
    },
  );
});

describe('pausing', () => {
  it('is refused while something runs or waits', async () => {
    const id = await create();
    await submit(id);
    await expect(pause(id)).rejects.toMatchObject({ code: 'session_busy' });
    expect([await stateOf(id), source.last.paused]).toEqual(['busy', false]);
  });

  it('is refused while a question is being answered', async () => {
    const id = await create();
    const answer = Promise.withResolvers<void>();
    source.last.answering = answer.promise;
    const asked = manager.variables(tenant, id, { includeValues: false }, soon());
    await settled();
    await expect(pause(id)).rejects.toMatchObject({ code: 'session_busy' });
    await expect(manager.states.hibernate(tenant, id, soon())).rejects.toMatchObject({
      code: 'session_busy',
    });
    answer.resolve();
    expect(await asked).toMatchObject({ items: [] });
    await pause(id);
    expect(await stateOf(id)).toBe('paused');
  });

  it('is refused clearly where the engine cannot do it', async () => {
    source.canPause = false;
    const id = await create({ idle: { pauseAfterMs: 1_000 } });
    await expect(pause(id)).rejects.toMatchObject({ code: 'pause_unsupported' });
    clock.advance(100_000);
    await settled();
    expect(await stateOf(id)).toBe('idle');
  });

  it('that fails leaves the session as it was', async () => {
    const id = await create();
    source.last.engineFailure = new AppError('runtime_unavailable');
    await expect(pause(id)).rejects.toMatchObject({ code: 'runtime_unavailable' });
    expect(await stateOf(id)).toBe('idle');
    await run(id);
  });

  it('leaves what sleeps deeper alone', async () => {
    const id = await create();
    await manager.states.hibernate(tenant, id, soon());
    await pause(id);
    expect(await stateOf(id)).toBe('hibernated');
  });
});

describe('an unused session', () => {
  it('goes down step by step, each counted from its last use', async () => {
    const id = await create({ idle: { pauseAfterMs: 10_000, hibernateAfterMs: 60_000 } });
    const { told } = await follow(id);
    clock.advance(9_000);
    await run(id);
    told.length = 0;
    clock.advance(9_999);
    await settled();
    expect(told).toEqual([]);
    clock.advance(1);
    await expect.poll(() => told).toEqual(['idle → paused (paused)']);
    clock.advance(49_999);
    await settled();
    expect(told).toHaveLength(1);
    clock.advance(1);
    await expect.poll(() => told.slice(1)).toEqual(['paused → hibernated (hibernated)']);
  });

  it('was used until what it executed has ended', async () => {
    const id = await create({ idle: { pauseAfterMs: 10_000 } });
    const executionId = (await manager.submit(tenant, id, { code: '1', timeout: 60_000 }))
      .executionId;
    clock.advance(30_000);
    source.last.finish(executionId, 1);
    await manager.ended(tenant, id, executionId, soon());
    clock.advance(9_999);
    await settled();
    expect(await stateOf(id)).toBe('idle');
    clock.advance(1);
    await expect.poll(() => stateOf(id)).toBe('paused');
  });

  it('goes down again after it was woken', async () => {
    const id = await create({ idle: { pauseAfterMs: 10_000, hibernateAfterMs: 60_000 } });
    for (let times = 0; times < 3; times++) {
      clock.advance(10_000);
      await expect.poll(() => stateOf(id)).toBe('paused');
      await manager.variables(tenant, id, { includeValues: false }, soon());
      expect(await stateOf(id)).toBe('idle');
    }
  });

  it('counts from the last use in the next process too', async () => {
    const id = await create({ idle: { pauseAfterMs: 10_000 } });
    const sandbox = source.last;
    clock.advance(9_000);
    await restartService(sandbox);
    clock.advance(999);
    await settled();
    expect(await stateOf(id)).toBe('idle');
    clock.advance(1);
    await expect.poll(() => stateOf(id)).toBe('paused');
  });

  it('tries again later what could not be done', async () => {
    const id = await create({ idle: { pauseAfterMs: 10_000 } });
    source.last.engineFailure = new AppError('runtime_unavailable');
    clock.advance(10_000);
    await settled();
    expect(await stateOf(id)).toBe('idle');
    clock.advance(9_999);
    await settled();
    expect(await stateOf(id)).toBe('idle');
    clock.advance(1);
    await expect.poll(() => stateOf(id)).toBe('paused');
  });

  it('takes up a ladder that it is given later', async () => {
    const id = await create();
    clock.advance(5_000);
    await manager.configure(tenant, id, { idle: { pauseAfterMs: 1_000 } }, soon());
    clock.advance(1_000);
    await expect.poll(() => stateOf(id)).toBe('paused');
  });

  it('that the policy interval has stored is not woken to be stored again', async () => {
    const id = await create({ persistence: { policy: 'interval', intervalMs: 60_000 } });
    await run(id);
    await manager.states.hibernate(tenant, id, soon());
    clock.advance(600_000);
    await settled();
    expect(await stateOf(id)).toBe('hibernated');
    expect(source.started).toHaveLength(1);
  });
});
