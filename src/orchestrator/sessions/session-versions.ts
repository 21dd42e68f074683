// The versions of one session: takes them, numbers them, keeps as many as its policy says.
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { SnapshotRecord } from '../registry/records.ts';
import type { Agent } from '../sandbox/agent.ts';
import type { Retention } from './retention.ts';
import type { SessionOptions } from './session-options.ts';
import type { Change, SessionStore } from './session-store.ts';
import type { SnapshotRequest, Snapshots, StoredContent, VersionChoice } from './snapshots.ts';

/** Records that go. `stored` is called when that is on the disk: then their content goes too. */
export type Removal = {
  readonly removedSnapshots: readonly string[];
  readonly stored: () => Promise<void>;
};

export type VersionChange = Removal & {
  readonly record: SnapshotRecord;
  readonly session: NonNullable<Change['session']>;
  readonly newSnapshots: readonly SnapshotRecord[];
};

export type SessionVersionsOptions = {
  readonly store: SessionStore;
  readonly snapshots: Snapshots;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the session's configuration says nothing. */
  readonly defaults: Pick<SessionOptions['limits'], 'persistenceIntervalMs'>;
  /** The policy `interval` wants a version now. */
  readonly due: () => void;
};

export class SessionVersions {
  readonly #options: SessionVersionsOptions;
  #takenAt: number | null = null;
  #cancelDue: (() => void) | null = null;

  constructor(options: SessionVersionsOptions) {
    this.#options = options;
  }

  /** Stores what the agent has; `keep` or `forget` must follow. */
  async take(agent: Agent, request: SnapshotRequest, signal: AbortSignal): Promise<StoredContent> {
    const content = await this.#options.snapshots.take(this.#record, agent, request, signal);
    this.#takenAt = this.#options.clock.monotonic();
    return content;
  }

  /** Makes it the session's newest version, unless its sandbox has gone meanwhile: then it is a state that nobody has any more. */
  async keep(
    content: StoredContent,
    isCurrent: () => boolean,
    effectOf?: SnapshotRequest['effect'],
  ): Promise<SnapshotRecord> {
    const { record, stored, ...made } = await this.current(content, isCurrent);
    const change = { ...made, ...(effectOf && { effect: effectOf(record) }) };
    if (await this.#options.store.applyStubbornly(change, true)) await stored();
    return record;
  }

  /** As `changeFor`. Throws `sandbox_lost` when it is a state that nobody has any more. */
  async current(content: StoredContent, isCurrent: () => boolean): Promise<VersionChange> {
    if (isCurrent()) return await this.changeFor(content);
    await this.forget(content);
    throw new AppError('sandbox_lost');
  }

  /**
   * What makes it the newest version, for storing together with something else. With it go as many of the oldest that nobody asked for as
   * the policy does not keep; `stored` removes their content, for which it must be sure that their records are gone.
   */
  async changeFor(content: StoredContent): Promise<VersionChange> {
    const { version: parent, versionLast } = this.#record;
    const version = versionLast + 1;
    const record = { ...content, version, parent };
    const surplus = await this.#options.retention.surplusWith(this.#record, record);
    return {
      record,
      session: { version, versionLast: version, complete: true },
      newSnapshots: [record],
      removedSnapshots: idsOf(surplus),
      stored: () => this.#discard(surplus),
    };
  }

  forget(content: StoredContent): Promise<void> {
    return this.#options.snapshots.discard(content);
  }

  /** Throws `snapshot_not_found`. */
  find(wanted: VersionChoice): Promise<SnapshotRecord> {
    return this.#options.snapshots.find(this.#record.sessionId, wanted);
  }

  /** Throws `snapshot_not_found`. */
  label(version: number, label: string | null): Promise<SnapshotRecord> {
    return this.#options.snapshots.label(this.#record.sessionId, version, label);
  }

  /** Throws `snapshot_not_found`, and `snapshot_in_use` for the one that the session would fall back to. */
  async remove(version: number): Promise<void> {
    const snapshot = await this.find({ version });
    if (version === this.#record.version) throw new AppError('snapshot_in_use');
    await this.#options.snapshots.remove(snapshot);
  }

  /** What lets all of them go, or none, for storing together with something else. */
  async removal(keepSnapshots: boolean): Promise<Removal> {
    const all = keepSnapshots ? [] : await this.#options.snapshots.all(this.#record.sessionId);
    return { removedSnapshots: idsOf(all), stored: () => this.#discard(all) };
  }

  async #discard(snapshots: readonly SnapshotRecord[]): Promise<void> {
    for (const snapshot of snapshots) await this.#options.snapshots.discard(snapshot);
  }

  /** Something has changed: under the policy `interval` there is a version soon. */
  schedule(): void {
    const { clock, due, defaults } = this.#options;
    if (this.#cancelDue !== null) return;
    const { intervalMs = defaults.persistenceIntervalMs } = this.#record.config.persistence;
    const elapsedMs = this.#takenAt === null ? intervalMs : clock.monotonic() - this.#takenAt;
    this.#cancelDue = clock.after(Math.max(0, intervalMs - elapsedMs), () => {
      this.#cancelDue = null;
      due();
    });
  }

  /** Nothing is due any more, until something changes again. */
  close(): void {
    this.#cancelDue?.();
    this.#cancelDue = null;
  }

  get #record() {
    return this.#options.store.record;
  }
}

function idsOf(snapshots: readonly SnapshotRecord[]): string[] {
  return snapshots.map(({ snapshotId }) => snapshotId);
}
