// The idle ladder of a session: running, paused, hibernated, expired; each step counts from its last use. Decides and touches nothing.
import type { SessionConfig, SessionRecord, SessionState } from '../registry/records.ts';

type Idle = SessionConfig['idle'];

/** A step down that a session takes by itself. The last one, its end, is taken for all sessions by expiry.ts. */
export type Step = {
  readonly to: 'paused' | 'hibernated';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** How long after the last use that is. */
  readonly afterMs: number;
};

export type IdleFacts = {
  readonly state: SessionState;
  readonly idle: Idle;
  /** Milliseconds since 1970, as `now`. */
  readonly usedAt: number;
  readonly now: number;
  readonly canPause: boolean;
};

/** The next step down, overdue or to come; null when there is none from this state. */
export function nextStep({ state, idle, usedAt, now, canPause }: IdleFacts): Step | null {
  if (state !== 'idle' && state !== 'paused') return null;
  const step = (to: Step['to'], afterMs: number | undefined): Step | null =>
    afterMs === undefined ? null : { to, at: usedAt + afterMs, afterMs };
  const hibernated = step('hibernated', idle.hibernateAfterMs);
  const paused = state === 'idle' && canPause ? step('paused', idle.pauseAfterMs) : null;
  if (paused === null || hibernated === null) return paused ?? hibernated;
  // Freezing what is to be put away at once would be for nothing.
  return hibernated.at <= Math.max(paused.at, now) ? hibernated : paused;
}

export type StoredUse = Pick<SessionRecord, 'lastUsedAt' | 'expiresAt'>;

/** What is stored of a use at that time, milliseconds since 1970, after which nothing is under way. */
export function storedUse(at: number, { expireAfterMs }: Idle): StoredUse {
  return { lastUsedAt: at, expiresAt: expireAfterMs === undefined ? null : at + expireAfterMs };
}
