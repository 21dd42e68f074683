// Which of a session's versions are let go: a pure function of what there is, what the policy keeps, and the time.
import {
  automaticReasons,
  type RetentionPolicy,
  type SnapshotRecord,
} from '../registry/records.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const automatic: ReadonlySet<SnapshotRecord['reason']> = new Set(automaticReasons);

export type RetentionCandidate = Pick<SnapshotRecord, 'version' | 'createdAt' | 'label' | 'reason'>;

/**
 * The versions to let go. What stays in any case: `current` (the session stands on it), what has a label, and what was asked for. Of
 * the others the `last` newest stay, the newest of each of the last `hourly` hours, and of each of the last `daily` days; hours and days
 * are those of UTC, the present one is the first. `now` is in milliseconds since 1970.
 */
export function planRetention<Candidate extends RetentionCandidate>(
  candidates: readonly Candidate[],
  { last = 0, hourly = 0, daily = 0 }: RetentionPolicy,
  current: number | null,
  now: number,
): Candidate[] {
  const unasked = candidates
    .filter(({ label, reason }) => label === null && automatic.has(reason))
    .toSorted((one, other) => (other.version ?? 0) - (one.version ?? 0));
  const kept = new Set([
    ...unasked.slice(0, last),
    ...newestOfEach(unasked, hourMs, hourly, now),
    ...newestOfEach(unasked, dayMs, daily, now),
  ]);
  return unasked.filter((each) => !kept.has(each) && each.version !== current);
}

/** Of each of the last `count` spans of time the newest; `newestFirst` gives the order. */
function newestOfEach<Candidate extends RetentionCandidate>(
  newestFirst: readonly Candidate[],
  spanMs: number,
  count: number,
  now: number,
): Candidate[] {
  const oldestSpan = Math.floor(now / spanMs) - count;
  const bySpan = new Map<number, Candidate>();
  for (const candidate of newestFirst) {
    const span = Math.floor(candidate.createdAt / spanMs);
    if (span > oldestSpan && !bySpan.has(span)) bySpan.set(span, candidate);
  }
  return [...bySpan.values()];
}
