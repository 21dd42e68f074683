import { describe, expect, it } from 'vitest';
import {
  type ClassFacts,
  demandOf,
  planRefill,
  type RefillFacts,
} from '../../../src/orchestrator/pool/plan-refill.ts';

const second = 1000;
const starts = { startMs: 500, startsAtOnceMax: 2 };
const memoryBytes = 2 ** 28;
const memoryBytesLeft = 100 * memoryBytes;

function demand(arrivals: readonly number[], countMax = 100): number {
  return demandOf(arrivals, { ...starts, countMax });
}

/** So many arrivals a second, evenly, for so long. */
function steady(perSecond: number, seconds: number, begin = 0): number[] {
  return Array.from({ length: perSecond * seconds }, (_, i) => begin + (i * second) / perSecond);
}

describe('the demand', () => {
  it('is nothing after silence, and after a single arrival', () => {
    expect(demand([])).toBe(0);
    expect(demand([1000])).toBe(0);
  });

  it('is one where the next comes long after one start', () => {
    expect(demand(steady(1, 60))).toBe(1);
  });

  it('is all of those that came at once', () => {
    expect(demand(Array.from({ length: 30 }, () => 5000))).toBe(30);
  });

  it('remembers a burst beside calmer times', () => {
    const burst = Array.from({ length: 12 }, (_, i) => 60_000 + i);
    expect(demand([...steady(1, 60), ...burst, ...steady(1, 60, 61_000)])).toBeGreaterThanOrEqual(
      12,
    );
  });

  it('grows with a ramp', () => {
    const ramp = [1, 2, 4].map((rate) => steady(rate, 60));
    const [slow, medium, fast] = ramp.map((arrivals) => demand(arrivals));
    expect(slow).toBeLessThan(medium!);
    expect(medium).toBeLessThan(fast!);
  });

  it('is as much as there may be when more come than can be started', () => {
    expect(demand(steady(20, 60), 16)).toBe(16);
  });

  it('is no more than there may be', () => {
    expect(demand([1, 1, 1, 1, 1], 3)).toBe(3);
  });
});

function plan(changes: Partial<RefillFacts>, ...classes: Partial<ClassFacts>[]) {
  return planRefill({
    classes: classes.map((one) => ({
      floor: 0,
      arrivals: [],
      ready: 0,
      starting: 0,
      memoryBytes,
      ...one,
    })),
    ceiling: 10,
    memoryBytesLeft,
    ...starts,
    urgentStarts: 0,
    ...changes,
  });
}

describe('the refill', () => {
  it('takes no memory that sessions have, and gives back what they want', () => {
    const large = { floor: 2, ready: 1, memoryBytes: 4 * memoryBytes };
    const room = { memoryBytesLeft: 6 * memoryBytes };
    expect(plan(room, { floor: 3, ready: 3 }, large)).toEqual([
      { wanted: 3, start: 0, surplus: 0 },
      { wanted: 0, start: 0, surplus: 1 },
    ]);
    expect(plan({ memoryBytesLeft: 0 }, { floor: 3, ready: 3 })).toMatchObject([{ surplus: 3 }]);
  });

  it('starts up to the floor, so many at once as may be', () => {
    expect(plan({}, { floor: 5 })).toEqual([{ wanted: 5, start: 2, surplus: 0 }]);
    expect(plan({}, { floor: 5, ready: 2, starting: 1 })).toMatchObject([{ start: 1 }]);
    expect(plan({}, { floor: 5, ready: 4, starting: 1 })).toMatchObject([{ start: 0 }]);
  });

  it('stands back for starts that somebody waits for', () => {
    expect(plan({ urgentStarts: 1 }, { floor: 5 })).toMatchObject([{ start: 1 }]);
    expect(plan({ urgentStarts: 7 }, { floor: 5 })).toMatchObject([{ start: 0 }]);
  });

  it('starts for the demand up to the ceiling, one class after the other', () => {
    const arrivals = Array.from({ length: 8 }, () => 5000);
    const plans = plan({ startsAtOnceMax: 99 }, { floor: 2 }, { arrivals }, { arrivals });
    expect(plans.map(({ wanted, start }) => [wanted, start])).toEqual([
      [2, 2],
      [8, 8],
      [0, 0],
    ]);
  });

  it('calls those too many that nobody wants any more', () => {
    expect(plan({}, { floor: 2, ready: 5 }, { ready: 1 })).toEqual([
      { wanted: 2, start: 0, surplus: 3 },
      { wanted: 0, start: 0, surplus: 1 },
    ]);
  });
});

/** How many of the recorded arrivals a pool would have missed that follows the plan. */
function missesOf(recorded: readonly number[], { floor = 2, ceiling = 50 } = {}): number {
  const stepMs = 50;
  const arrivals: number[] = [];
  const queue = [...recorded];
  let [ready, misses] = [floor, 0];
  let starting: number[] = [];
  for (let now = 0; now <= recorded.at(-1)!; now += stepMs) {
    ready += starting.filter((end) => end <= now).length;
    starting = starting.filter((end) => end > now);
    for (; queue.length > 0 && queue[0]! <= now; queue.shift()) {
      arrivals.push(now);
      if (ready > 0) ready--;
      else misses++;
    }
    const classes = [{ floor, arrivals, ready, starting: starting.length, memoryBytes }];
    const [refill] = planRefill({ classes, ceiling, memoryBytesLeft, ...starts, urgentStarts: 0 });
    ready -= refill!.surplus;
    for (let i = 0; i < refill!.start; i++) starting.push(now + starts.startMs);
  }
  return misses;
}

describe('a pool that follows it', () => {
  it('misses nobody who comes steadily, more slowly than starts go', () => {
    expect(missesOf(steady(2, 120))).toBe(0);
  });

  it('misses a burst once, and not when it comes again', () => {
    const burst = (at: number) => Array.from({ length: 20 }, () => at);
    const once = missesOf([...burst(10_000)]);
    expect(once).toBe(18);
    expect(missesOf([...burst(10_000), ...burst(60_000), ...burst(120_000)])).toBe(once);
  });

  it('follows a ramp with few misses', () => {
    const ramp = [...steady(1, 30), ...steady(2, 30, 30_000), ...steady(3, 30, 60_000)];
    expect(missesOf(ramp)).toBeLessThan(ramp.length / 20);
  });
});
