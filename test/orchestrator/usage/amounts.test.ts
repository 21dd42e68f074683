import { describe, expect, it } from 'vitest';
import { nothing, spread, usedBetween } from '../../../src/orchestrator/usage/amounts.ts';

const hour = 3_600_000;
const noon = Date.UTC(2026, 10, 23, 12);

describe('between two readings', () => {
  it('processor time is what the counter grew by, memory the mean over the time', () => {
    const before = { cpuSeconds: 10, memoryBytes: 100 };
    expect(usedBetween(before, { cpuSeconds: 13, memoryBytes: 300 }, 4_000)).toEqual({
      ...nothing,
      cpuSeconds: 3,
      memoryByteSeconds: 800,
      sandboxSeconds: 4,
    });
  });

  it('a counter that is lower than before began anew: what it shows was used since', () => {
    const before = { cpuSeconds: 10, memoryBytes: 0 };
    const { cpuSeconds } = usedBetween(before, { cpuSeconds: 2, memoryBytes: 0 }, 1_000);
    expect(cpuSeconds).toBe(2);
  });

  it('the first reading counts from where it is: what was before is nobody’s', () => {
    const { cpuSeconds, memoryByteSeconds } = usedBetween(
      null,
      { cpuSeconds: 5, memoryBytes: 100 },
      2_000,
    );
    expect([cpuSeconds, memoryByteSeconds]).toEqual([0, 200]);
  });

  it('without a second reading only the time is known', () => {
    const before = { cpuSeconds: 10, memoryBytes: 100 };
    expect(usedBetween(before, null, 1_500)).toEqual({ ...nothing, sandboxSeconds: 1.5 });
  });

  it('no time passes backwards', () => {
    const reading = { cpuSeconds: 1, memoryBytes: 100 };
    expect(usedBetween(reading, reading, -5_000)).toEqual(nothing);
  });
});

describe('what was used in a stretch of time', () => {
  const used = { ...nothing, cpuSeconds: 12, memoryByteSeconds: 1200, sandboxSeconds: 120 };

  it('is its hour’s where it lies in one', () => {
    expect([...spread(used, noon + 130_000, 120_000)]).toEqual([[noon, used]]);
    expect([...spread(used, noon + 120_000, 120_000)]).toEqual([[noon, used]]);
  });

  it('is split over hours by the time in each', () => {
    const parts = spread(used, noon + 30_000, 120_000);
    expect([...parts.keys()]).toEqual([noon - hour, noon]);
    expect(parts.get(noon - hour)).toEqual({
      ...nothing,
      cpuSeconds: 9,
      memoryByteSeconds: 900,
      sandboxSeconds: 90,
    });
    expect(parts.get(noon)?.cpuSeconds).toBeCloseTo(3, 9);
  });

  it('goes over as many hours as it took, and nothing of it is lost', () => {
    const parts = [...spread(used, noon + 1_000, 3 * hour)];
    expect(parts.map(([at]) => at)).toEqual([noon - 3 * hour, noon - 2 * hour, noon - hour, noon]);
    const total = parts.reduce((all, [, { cpuSeconds }]) => all + cpuSeconds, 0);
    expect(total).toBeCloseTo(12, 9);
  });

  it('that ends with an hour has no part in the next one', () => {
    expect([...spread(used, noon, 120_000)].map(([at]) => at)).toEqual([noon - hour]);
  });

  it('that took no time is of this moment', () => {
    expect([...spread(used, noon, 0)]).toEqual([[noon, used]]);
  });
});
