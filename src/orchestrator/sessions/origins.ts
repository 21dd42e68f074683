// The states that a session's sandboxes begin with: which versions there are to go on from, and how one gets into a fresh sandbox.
import { spanned } from '../foundation/trace.ts';
import type { SessionRecord, SnapshotRecord } from '../registry/records.ts';
import type { Agent } from '../sandbox/agent.ts';
import type { SessionOptions } from './session-options.ts';

/** The state that a sandbox starts with. `fork`: it is another session's. `filesOnly`: without its values. */
export type Origin = {
  readonly snapshot: SnapshotRecord;
  readonly fork: boolean;
  readonly filesOnly?: boolean;
};

/** Brings into a fresh sandbox what it is to begin with. */
export type Bring = (agent: Agent, signal: AbortSignal) => Promise<void>;

export type OriginsOptions = Pick<
  SessionOptions,
  'snapshots' | 'clock' | 'log' | 'observe' | 'tracer'
>;

export class Origins {
  readonly #options: OriginsOptions;

  constructor(options: OriginsOptions) {
    this.#options = options;
  }

  /** The state that a session was stored as last, if it ever was. */
  async last({ sessionId, version }: SessionRecord): Promise<Origin | null> {
    const snapshot = await this.#options.snapshots.upTo(sessionId, version);
    return snapshot && { snapshot, fork: false };
  }

  /** For one that is no good: the one before it. */
  async before(origin: Origin): Promise<Origin | null> {
    const snapshot = await this.#options.snapshots.before(origin.snapshot);
    return snapshot && { ...origin, snapshot };
  }

  /** Null: nothing is brought. */
  bring(origin: Origin | null, sessionId: string): Bring {
    return async (agent, signal) => {
      if (origin === null) return;
      const { snapshot, fork, filesOnly = false } = origin;
      const { snapshots, clock, log, observe, tracer } = this.#options;
      const begun = clock.monotonic();
      await spanned(tracer, 'state restore', {}, () =>
        agent.restore(snapshots.open(snapshot, signal), { fork, filesOnly }, signal),
      );
      const { snapshotId, sizeBytes } = snapshot;
      const durationMs = clock.monotonic() - begun;
      log.debug({ sessionId, snapshotId, sizeBytes, durationMs }, 'state restored');
      observe?.({ type: 'stateRestored', part: filesOnly ? 'files' : 'state', ms: durationMs });
    };
  }
}
