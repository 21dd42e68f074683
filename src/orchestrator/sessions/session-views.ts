// Sessions as they are shown: the record, and what only the host and the session in memory know.
import type { SessionRecord } from '../registry/records.ts';
import type { SessionRegistry } from '../registry/session-registry.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { SessionView } from './session-service.ts';
import type { UsageReadings } from './usage-readings.ts';

/** What a view shows of a session that is in memory. */
export type ShownSession = {
  readonly record: SessionRecord;
  readonly connections: number;
  readonly sandbox: Sandbox | null;
};

export class SessionViews {
  readonly #registry: Pick<SessionRegistry, 'countSnapshots'>;
  readonly #usages: UsageReadings;

  constructor(options: {
    readonly registry: Pick<SessionRegistry, 'countSnapshots'>;
    readonly usages: UsageReadings;
  }) {
    this.#registry = options.registry;
    this.#usages = options.usages;
  }

  /** With the latest measurements; `session` is null for one that is not in memory. */
  async of(record: SessionRecord, session: ShownSession | null): Promise<SessionView> {
    const view = await this.listed(record, session);
    const usage = session?.sandbox && this.#usages.latest(session.sandbox);
    if (!usage) return { ...view, record };
    const { statistics } = record;
    return {
      ...view,
      record: {
        ...record,
        statistics: {
          ...statistics,
          cpuMs: statistics.cpuMs + usage.cpuMs,
          memoryPeakBytes: Math.max(statistics.memoryPeakBytes, usage.memoryPeakBytes),
        },
      },
      memoryBytes: usage.memoryBytes,
    };
  }

  /** For a list: without measurements. The record in memory is newer than the stored one. */
  async listed(stored: SessionRecord, session: ShownSession | null): Promise<SessionView> {
    return {
      record: session?.record ?? stored,
      connections: session?.connections ?? 0,
      memoryBytes: null,
      snapshots: await this.#registry.countSnapshots(stored.sessionId),
    };
  }
}
