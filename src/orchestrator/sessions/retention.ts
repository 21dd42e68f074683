// Lets versions go that their session's policy does not keep: of one session when it has a new version, and of all sessions every now
// and then, since hours and days pass for those that sleep too.
import type { Clock } from '../foundation/clock.ts';
import type { RetentionPolicy, SessionConfig, SnapshotRecord } from '../registry/records.ts';
import type { RetainedSession, SessionRegistry } from '../registry/session-registry.ts';
import { planRetention } from './plan-retention.ts';
import type { Snapshots } from './snapshots.ts';

/** Sessions that are looked up together. */
const pageLength = 100;

export type RetentionOptions = {
  readonly registry: SessionRegistry;
  readonly snapshots: Snapshots;
  readonly clock: Clock;
  /** So many of the newest stay where a session's configuration says nothing. */
  readonly keepDefault: number;
};

export class Retention {
  readonly #options: RetentionOptions;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** What goes when a session gets a version: that one is then the one that it stands on. */
  async surplusWith(session: RetainedSession, coming: SnapshotRecord): Promise<SnapshotRecord[]> {
    const stored = await this.#options.registry.automaticSnapshots(session.sessionId);
    return this.#plan(session.config, [coming, ...stored], coming.version);
  }

  /** Of every session, in memory or not. Gives how many versions went. */
  async sweep(signal: AbortSignal): Promise<number> {
    const { registry } = this.#options;
    let removed = 0;
    for (let after = ''; ; ) {
      const sessions = await registry.sessionsWithAutomaticSnapshots(after, pageLength);
      for (const session of sessions) {
        signal.throwIfAborted();
        removed += await this.#thin(session);
      }
      const last = sessions.at(-1);
      if (last === undefined || sessions.length < pageLength) return removed;
      after = last.sessionId;
    }
  }

  async #thin({ sessionId, version, config }: RetainedSession): Promise<number> {
    const { registry, snapshots } = this.#options;
    const stored = await registry.automaticSnapshots(sessionId);
    return snapshots.release(this.#plan(config, stored, version));
  }

  #plan(
    { persistence }: SessionConfig,
    versions: readonly SnapshotRecord[],
    current: number | null,
  ): SnapshotRecord[] {
    const { clock, keepDefault } = this.#options;
    const { keep = keepDefault } = persistence;
    const policy: RetentionPolicy = typeof keep === 'number' ? { last: keep } : keep;
    return planRetention(versions, policy, current, clock.now());
  }
}
