import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { PooledSource } from '../../../src/orchestrator/pool/pooled-source.ts';
import { WarmPool, type WarmPoolOptions } from '../../../src/orchestrator/pool/warm-pool.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { ScriptedSource } from '../../doubles/scripted-source.ts';

const limits = { memoryBytes: 2 ** 28, cpus: 1, pids: 64, workspaceBytes: 2 ** 26 };
const log = pino({ level: 'silent' });
const patient = new AbortController().signal;
const minuteMs = 60_000;

let clock: FakeClock;
let direct: ScriptedSource;
let image: string;
let pool: WarmPool;
let source: PooledSource;

beforeEach(() => {
  clock = new FakeClock();
  direct = new ScriptedSource();
  image = 'image-1';
  make({});
});
afterEach(() => pool[Symbol.asyncDispose]());

function make(options: Partial<WarmPoolOptions>): void {
  pool = new WarmPool({
    source: direct,
    image: async () => image,
    limits,
    floor: 2,
    ceiling: 5,
    memoryBytesLeft: () => 2 ** 40,
    startsAtOnceMax: 2,
    startMsMax: 10_000,
    ageMsMax: 60 * minuteMs,
    clock,
    log,
    ...options,
  });
  source = new PooledSource({ direct, pool, log });
}

/** What is under way goes on, with as much time as it asks for. */
async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  clock.advance(ms);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
}

async function fill(count = 2): Promise<void> {
  pool.open();
  await expect
    .poll(async () => {
      await settle(50);
      return pool.figures.ready;
    })
    .toBe(count);
}

const startedIds = () => direct.started.map(({ sandboxId }) => sandboxId);

describe('a warm pool', () => {
  it('starts as many as its floor says, and no more', async () => {
    await fill();
    await settle(minuteMs);
    expect(startedIds()).toEqual(['sbx-1', 'sbx-2']);
    expect(pool.figures).toMatchObject({ ready: 2, starting: 0, wanted: 2, hits: 0, misses: 0 });
  });

  it('warms every one up before it waits', async () => {
    await fill();
    expect(direct.started.map(({ prepared }) => prepared)).toEqual([true, true]);
  });

  it('starts another where one cannot be warmed up', async () => {
    direct.unprepared = new AppError('sandbox_failed');
    pool.open();
    await settle();
    expect(direct.started.every(({ disposed }) => disposed)).toBe(true);
    expect(direct.released).toEqual(['sbx-1', 'sbx-2']);
    direct.unprepared = null;
    for (let i = 0; i < 5; i++) await settle(1_000);
    expect(pool.figures).toMatchObject({ ready: 2, failedStarts: 2 });
  });

  it('gives away the oldest one, whose identity tells that it runs', async () => {
    await fill();
    const plan = source.plan(limits);
    expect(plan).toMatchObject({ sandboxId: 'sbx-1', runtimeId: 'container of sbx-1' });
    const sandbox = await source.start(plan, { ...limits }, patient);
    expect(sandbox).toBe(direct.started[0]);
    expect(pool.figures).toMatchObject({ hits: 1, misses: 0 });
  });

  it('gives each away once, and starts another in its place', async () => {
    await fill();
    const plans = [source.plan(limits), source.plan(limits), source.plan(limits)];
    expect(new Set(plans.map(({ sandboxId }) => sandboxId)).size).toBe(3);
    expect(plans.map(({ runtimeId }) => runtimeId !== null)).toEqual([true, true, false]);
    expect(pool.figures).toMatchObject({ hits: 2, misses: 1 });
    await settle(50);
    expect(pool.figures.ready).toBeGreaterThanOrEqual(2);
  });

  it('stands back for those who come one right after the other, while it has something to give', async () => {
    make({ floor: 5 });
    await fill(5);
    for (let i = 0; i < 4; i++) {
      source.plan(limits);
      await settle(90);
      expect(startedIds()).toHaveLength(5);
    }
    await settle(20);
    expect(startedIds().length).toBeGreaterThan(5);
  });

  it('stands back for nobody once all are taken, and not for ever', async () => {
    make({ floor: 1 });
    await fill(1);
    source.plan(limits);
    await settle(50);
    expect(startedIds()).toHaveLength(2);
    await pool[Symbol.asyncDispose]();
    direct.started.length = 0;
    make({ floor: 1000, ceiling: 1000, startsAtOnceMax: 1000 });
    await fill(1000);
    for (let takenMs = 0; takenMs <= 1000; takenMs += 50) {
      source.plan(limits);
      await settle(50);
    }
    expect(startedIds().length).toBeGreaterThan(1000);
  });

  it('never hands one over a second time', async () => {
    await fill();
    const plan = source.plan(limits);
    await source.start(plan, limits, patient);
    const again = source.start(plan, limits, patient);
    await expect(again).rejects.toMatchObject({ code: 'sandbox_lost' });
    source.release(plan);
    expect(direct.released).toEqual([plan.sandboxId]);
  });

  it('takes back what was planned and not started', async () => {
    await fill();
    const plan = source.plan(limits);
    source.release(plan);
    expect(direct.released).toEqual([]);
    expect(source.plan(limits)).toEqual(plan);
  });

  it('starts a fresh one where that is asked for', async () => {
    await fill();
    const plan = source.plan(limits, { fresh: true });
    expect(plan.runtimeId).toBeNull();
    expect(pool.figures.ready).toBe(2);
  });

  it('starts more where they are wanted often, up to its ceiling', async () => {
    await fill();
    for (let i = 0; i < 20; i++) source.plan(limits);
    await settle(50);
    for (let i = 0; i < 5; i++) await settle(50);
    expect(pool.figures).toMatchObject({ ready: 5, wanted: 5 });
  });

  it('shrinks again when nobody comes any more', async () => {
    await fill();
    for (let i = 0; i < 20; i++) source.plan(limits);
    for (let i = 0; i < 10; i++) await settle(50);
    for (let i = 0; i < 30; i++) await settle(15_000);
    expect(pool.figures).toMatchObject({ ready: 2, wanted: 2, retired: { surplus: 3 } });
    expect(direct.started.filter(({ disposed }) => disposed)).toHaveLength(3);
  });

  it('starts no more at once than it may, and fewer while a session waits for its own', async () => {
    make({ floor: 5 });
    const engine = Promise.withResolvers<void>();
    direct.engine = engine.promise;
    const urgent = source.start(source.plan(limits), limits, patient);
    pool.open();
    await settle(50);
    expect(pool.figures.starting).toBe(1);
    engine.resolve();
    await urgent;
    await settle(50);
    for (let i = 0; i < 5; i++) await settle(50);
    expect(pool.figures).toMatchObject({ ready: 5, starting: 0 });
  });
});

describe('other limits', () => {
  it('are set before the sandbox is handed over', async () => {
    await fill();
    const wanted = { ...limits, memoryBytes: 2 ** 29, cpus: 2 };
    const plan = source.plan(wanted);
    expect(plan.runtimeId).not.toBeNull();
    await source.start(plan, wanted, patient);
    expect(direct.updates).toEqual([{ sandboxId: plan.sandboxId, limits: wanted }]);
  });

  it('cost nothing where they are the same', async () => {
    await fill();
    await source.start(source.plan(limits), limits, patient);
    expect(direct.updates).toEqual([]);
  });

  it('cannot be had of a waiting sandbox with another workspace', async () => {
    await fill();
    expect(source.plan({ ...limits, workspaceBytes: 2 ** 20 }).runtimeId).toBeNull();
    expect(pool.figures).toMatchObject({ ready: 2, misses: 1 });
  });

  it('that are wanted again and again get sandboxes of their own', async () => {
    await fill();
    const wanted = { ...limits, workspaceBytes: 2 ** 20 };
    for (let i = 0; i < 2; i++) source.plan(wanted);
    for (let i = 0; i < 5; i++) await settle(50);
    const plan = source.plan(wanted);
    expect(plan.runtimeId).not.toBeNull();
    await source.start(plan, wanted, patient);
    expect(direct.updates).toEqual([]);
  });

  it('of ever new kinds do not make the pool grow', async () => {
    await fill();
    for (let i = 1; i <= 50; i++) {
      const wanted = { ...limits, workspaceBytes: i };
      for (let j = 0; j < 2; j++) source.release(source.plan(wanted));
      await settle(50);
    }
    for (let i = 0; i < 5; i++) await settle(50);
    expect(pool.figures.ready).toBeLessThanOrEqual(5);
    const running = direct.started.filter(({ disposed }) => !disposed);
    expect(running).toHaveLength(pool.figures.ready);
  });

  it('that the engine refuses to change are said to be a loss, and the sandbox goes', async () => {
    await fill();
    direct.updateFailure = new AppError('not_changeable');
    const wanted = { ...limits, cpus: 2 };
    const plan = source.plan(wanted);
    const started = source.start(plan, wanted, patient);
    await expect(started).rejects.toMatchObject({ code: 'sandbox_lost' });
    await settle();
    expect(direct.started[0]?.disposed).toBe(true);
    expect(direct.released).toContain(plan.sandboxId);
    expect(pool.figures.retired.unfit).toBe(1);
  });
});

describe('a waiting sandbox', () => {
  it('that is lost is removed and replaced', async () => {
    await fill();
    direct.started[0]!.lose('exited');
    await settle();
    expect(direct.started[0]?.disposed).toBe(true);
    expect(direct.released).toEqual(['sbx-1']);
    await settle(1_000);
    await settle();
    expect(pool.figures).toMatchObject({ ready: 2, retired: { lost: 1 } });
  });

  it('that is lost between plan and start is said to be lost', async () => {
    await fill();
    const plan = source.plan(limits);
    direct.started[0]!.lose('exited');
    await settle();
    const started = source.start(plan, limits, patient);
    await expect(started).rejects.toMatchObject({ code: 'sandbox_lost' });
    expect(direct.started[0]?.disposed).toBe(true);
  });

  it('whose link is down is given to nobody', async () => {
    await fill();
    for (const sandbox of direct.started) sandbox.agent.connected = false;
    expect(source.plan(limits).runtimeId).toBeNull();
    direct.started[1]!.agent.connected = true;
    expect(source.plan(limits).sandboxId).toBe('sbx-2');
  });

  it('that is too old is replaced, one after the other', async () => {
    make({ ageMsMax: minuteMs });
    await fill();
    await settle(15_000);
    await settle(15_000);
    await settle(15_000);
    await settle(15_000);
    expect(pool.figures.retired.aged).toBe(1);
    await settle(15_000);
    expect(pool.figures.retired.aged).toBe(2);
    await settle(50);
    expect(pool.figures.ready).toBe(2);
    expect(direct.released).toEqual(['sbx-1', 'sbx-2']);
  });

  it('of an outdated image is replaced', async () => {
    await fill();
    image = 'image-2';
    await settle(15_000);
    await settle(50);
    expect(pool.figures).toMatchObject({ ready: 2, retired: { outdated: 2 } });
    expect(source.plan(limits).sandboxId).toBe('sbx-3');
  });
});

describe('starts that fail', () => {
  it('are tried again, ever more seldom', async () => {
    direct.failure = new AppError('runtime_unavailable');
    pool.open();
    const attempts: number[] = [];
    for (let i = 0; i < 4; i++) {
      await settle();
      attempts.push(pool.figures.failedStarts);
      await settle(1_000);
    }
    expect(attempts[0]).toBe(2);
    expect(attempts.at(-1)).toBeLessThanOrEqual(6);
    direct.failure = null;
    for (let i = 0; i < 30; i++) await settle(1_000);
    expect(pool.figures.ready).toBe(2);
  });

  it('leave nothing behind', async () => {
    direct.failure = new AppError('sandbox_failed');
    pool.open();
    await settle();
    expect(direct.released).toEqual(['sbx-1', 'sbx-2']);
  });
});

describe('the end', () => {
  it('removes whatever waits', async () => {
    await fill();
    await pool[Symbol.asyncDispose]();
    expect(direct.started.every(({ disposed }) => disposed)).toBe(true);
    expect(direct.released.toSorted()).toEqual(['sbx-1', 'sbx-2']);
    expect(clock.pending).toBe(0);
  });

  it('gives up starts that are under way, and waits until they are undone', async () => {
    const undoing = Promise.withResolvers<void>();
    direct.engine = new Promise(() => {});
    direct.undoing = undoing.promise;
    pool.open();
    await settle();
    let hasEnded = false;
    const end = pool[Symbol.asyncDispose]().then(() => {
      hasEnded = true;
    });
    await settle();
    expect(direct.signals.every(({ aborted }) => aborted)).toBe(true);
    expect(hasEnded).toBe(false);
    undoing.resolve();
    await end;
    expect(direct.released).toEqual(['sbx-1', 'sbx-2']);
  });

  it('waits until what had just started is removed', async () => {
    const warming = Promise.withResolvers<void>();
    const removal = Promise.withResolvers<void>();
    direct.warming = warming.promise;
    pool.open();
    await settle();
    for (const sandbox of direct.started) sandbox.removal = removal.promise;
    let hasEnded = false;
    const end = pool[Symbol.asyncDispose]().then(() => {
      hasEnded = true;
    });
    warming.resolve();
    await settle();
    expect(hasEnded).toBe(false);
    removal.resolve();
    await end;
    expect(direct.released).toEqual(['sbx-1', 'sbx-2']);
  });

  it('removes what was started in spite of it, and starts no more', async () => {
    await fill();
    const plan = source.plan(limits);
    await pool[Symbol.asyncDispose]();
    expect(direct.started.every(({ disposed }) => disposed)).toBe(true);
    await expect(source.start(plan, limits, patient)).rejects.toMatchObject({
      code: 'sandbox_lost',
    });
    expect(source.plan(limits).runtimeId).toBeNull();
    await settle(minuteMs);
    expect(direct.started).toHaveLength(2);
  });
});
