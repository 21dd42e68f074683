import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  automaticReasons,
  type RetentionPolicy,
  snapshotReasons,
} from '../../../src/orchestrator/registry/records.ts';
import {
  planRetention,
  type RetentionCandidate,
} from '../../../src/orchestrator/sessions/plan-retention.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Half past ten in the morning, UTC. */
const now = Date.UTC(2026, 4, 20, 10, 30);

const taken = (version: number, createdAt: number): RetentionCandidate => ({
  version,
  createdAt,
  label: null,
  reason: 'execution',
});

/** The versions that stay of some that were taken at these times, the oldest first. */
function kept(policy: RetentionPolicy, times: readonly number[], current: number | null = null) {
  const versions = times.map((at, index) => taken(index + 1, at));
  const gone = planRetention(versions, policy, current, now);
  return versions.filter((each) => !gone.includes(each)).map(({ version }) => version);
}

describe('retention', () => {
  it('keeps the last ones', () => {
    expect(kept({ last: 2 }, [1, 2, 3, 4])).toEqual([3, 4]);
  });

  it('keeps the newest of each hour, the present one being the first', () => {
    const times = [
      now - 3 * hourMs,
      now - 2 * hourMs - 10 * 60_000,
      now - 2 * hourMs,
      now - 40 * 60_000,
      now - 31 * 60_000,
      now - 20 * 60_000,
      now,
    ];
    expect(kept({ hourly: 3 }, times)).toEqual([3, 5, 7]);
    expect(kept({ hourly: 1 }, times)).toEqual([7]);
  });

  it('keeps the newest of each day, which ends at midnight UTC', () => {
    const midnight = now - (now % dayMs);
    expect(kept({ daily: 2 }, [midnight - dayMs - 1, midnight - 1, midnight, now])).toEqual([2, 4]);
  });

  it('keeps what any part of the policy keeps', () => {
    const times = [now - 26 * hourMs, now - 25 * hourMs, now - hourMs, now - 2, now - 1, now];
    expect(kept({ last: 2, hourly: 2, daily: 2 }, times)).toEqual([2, 3, 5, 6]);
  });

  it('never lets go of what the session stands on', () => {
    expect(kept({ last: 1 }, [1, 2, 3], 1)).toEqual([1, 3]);
  });

  const policies = fc
    .record(
      {
        last: fc.integer({ min: 1, max: 8 }),
        hourly: fc.integer({ min: 1, max: 50 }),
        daily: fc.integer({ min: 1, max: 8 }),
      },
      { requiredKeys: [] },
    )
    .filter((policy) => Object.keys(policy).length > 0);
  const histories = fc
    .array(
      fc.record({
        agoMs: fc.integer({ min: -hourMs, max: 12 * dayMs }),
        label: fc.option(fc.constantFrom('a', 'b')),
        reason: fc.constantFrom(...snapshotReasons),
      }),
      { maxLength: 60 },
    )
    .map((all) =>
      all.map(({ agoMs, label, reason }, index) => ({
        version: index + 1,
        createdAt: now - agoMs,
        label,
        reason,
      })),
    );

  it('never lets go of what the session stands on, what has a label, or what was asked for', () => {
    fc.assert(
      fc.property(histories, policies, fc.nat(60), (versions, policy, current) => {
        for (const gone of planRetention(versions, policy, current, now)) {
          expect(gone.version).not.toBe(current);
          expect(gone.label).toBeNull();
          expect(automaticReasons).toContain(gone.reason);
        }
      }),
    );
  });

  it('always keeps the newest, and nothing goes at a second look that stayed at the first', () => {
    fc.assert(
      fc.property(histories, policies, fc.nat(60), (versions, policy, current) => {
        const gone = planRetention(versions, policy, current, now);
        const left = versions.filter((each) => !gone.includes(each));
        const newest = versions.at(-1);
        if (policy.last !== undefined && newest) expect(left).toContain(newest);
        expect(planRetention(left, policy, current, now)).toEqual([]);
      }),
    );
  });

  it('is as good as its word about hours and days', () => {
    fc.assert(
      fc.property(histories, policies, (versions, { hourly = 0, daily = 0 }) => {
        const gone = planRetention(versions, { hourly, daily }, null, now);
        for (const [spanMs, count] of [
          [hourMs, hourly],
          [dayMs, daily],
        ] as const) {
          for (let back = 0; back < count; back++) {
            const span = Math.floor(now / spanMs) - back;
            const isIn = (each: RetentionCandidate) => Math.floor(each.createdAt / spanMs) === span;
            const left = versions.filter((each) => isIn(each) && !gone.includes(each));
            expect(left.length > 0).toBe(versions.some(isIn));
          }
        }
      }),
    );
  });
});
