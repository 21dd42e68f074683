// The snapshots of all sessions, content and record together. The order of the two is what makes them safe: content before its
// record when one is made, record before its content when one goes. What a crash leaves between is content without a record.
import { encodeLine } from '#protocol';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import { newId } from '../foundation/id.ts';
import type { Log } from '../foundation/log.ts';
import type { Observed } from '../foundation/observe.ts';
import type {
  RequestEffect,
  SessionRecord,
  SnapshotReason,
  SnapshotRecord,
} from '../registry/records.ts';
import type { SessionRegistry } from '../registry/session-registry.ts';
import type { Agent } from '../sandbox/agent.ts';
import { historyIdOf, snapshotOf } from '../snapshots/history-id.ts';
import type { SnapshotStore } from '../snapshots/snapshot-store.ts';
import { IncomingArchive } from './archive-entries.ts';
import { checkVersion } from './archived-version.ts';
import { decodeHistory, type HistoryLine } from './history-line.ts';

/** A version by its number or by its label. */
export type VersionChoice = { readonly version: number } | { readonly label: string };

type Discarded = Pick<SnapshotRecord, 'tenant' | 'snapshotId'> &
  Partial<Pick<SnapshotRecord, 'reason'>>;

export type SnapshotRequest = {
  readonly label: string | null;
  readonly reason: SnapshotReason;
  /** Stored with the record. */
  readonly effect?: (made: SnapshotRecord) => RequestEffect;
};

/** Content that is stored and has no record yet. */
export type StoredContent = Omit<SnapshotRecord, 'version' | 'parent'>;

export type SnapshotBounds = {
  /** Of one session. */
  readonly snapshotsPerSessionMax: number;
  /** Of one tenant, in the store. */
  readonly snapshotTenantBytesMax: number;
  /** Largest content of one snapshot. */
  readonly snapshotBytesMax: number;
};

export type SnapshotsOptions = SnapshotBounds &
  Observed & {
    readonly store: SnapshotStore;
    readonly registry: SessionRegistry;
    readonly clock: Clock;
    readonly log: Log;
  };

const pageLength = 500;

export class Snapshots {
  readonly #options: SnapshotsOptions;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** Stores the state of a session whose agent runs nothing. On the disk when it resolves. Throws `snapshot_limit_reached`. */
  async take(
    session: Pick<SessionRecord, 'sessionId' | 'tenant' | 'language'>,
    agent: Agent,
    { label, reason }: SnapshotRequest,
    signal: AbortSignal,
  ): Promise<StoredContent> {
    const { sessionId, tenant, language } = session;
    if (reason !== 'hibernate') await this.#assertRoom(sessionId);
    const { clock, log, observe } = this.#options;
    const begun = clock.monotonic();
    const content = await this.#put(tenant, agent.snapshot(signal), signal);
    const { snapshotId, sizeBytes, storedBytes } = content;
    const durationMs = clock.monotonic() - begun;
    log.debug({ sessionId, snapshotId, sizeBytes, storedBytes, durationMs }, 'state stored');
    observe?.({ type: 'snapshotTaken', reason, ms: durationMs, sizeBytes, storedBytes });
    return { ...content, sessionId, language, label, reason };
  }

  /** Stores an archive that came from outside, and its history beside it; its record belongs to no session. */
  async import(
    tenant: string,
    language: string,
    content: AsyncIterable<Uint8Array>,
    label: string | null,
    signal: AbortSignal,
  ): Promise<SnapshotRecord> {
    const incoming = new IncomingArchive(content);
    const snapshotId = newId('snap');
    try {
      const version = await incoming.version();
      if (version !== null) checkVersion(version, language);
      await this.#keepHistory(tenant, snapshotId, incoming.history(), signal);
      const stored = await this.#put(tenant, incoming.archive(), signal, snapshotId);
      const unbound = { sessionId: null, version: null, parent: null };
      return { ...stored, ...unbound, language, label, reason: 'imported' };
    } catch (error) {
      await incoming.close();
      await this.discard({ tenant, snapshotId, reason: 'imported' });
      throw error;
    }
  }

  async add(record: SnapshotRecord, effect?: RequestEffect): Promise<void> {
    await this.#options.registry.addSnapshot(record, effect);
    await this.#options.registry.durable();
  }

  /** Throws `snapshot_not_found`. */
  async find(sessionId: string, wanted: VersionChoice): Promise<SnapshotRecord> {
    const { registry } = this.#options;
    const found =
      'version' in wanted
        ? await registry.findSnapshot(sessionId, wanted.version)
        : await registry.findSnapshotByLabel(sessionId, wanted.label);
    if (found === null) throw new AppError('snapshot_not_found');
    return found;
  }

  /** The label is this version's from now on, and no other's of its session. Throws `snapshot_not_found`. */
  async label(sessionId: string, version: number, label: string | null): Promise<SnapshotRecord> {
    const { registry } = this.#options;
    const labelled = await registry.labelSnapshot(sessionId, version, label);
    if (labelled === null) throw new AppError('snapshot_not_found');
    await registry.durable();
    return labelled;
  }

  open(snapshot: SnapshotRecord, signal: AbortSignal): AsyncIterable<Buffer> {
    return this.#options.store.of(snapshot.tenant).open(snapshot.snapshotId, signal);
  }

  /** Removes one that no living session has, for good. */
  async remove(snapshot: SnapshotRecord): Promise<void> {
    const { registry } = this.#options;
    await registry.removeSnapshots([snapshot.snapshotId]);
    // A record that came back after a power cut would promise content that is gone.
    await registry.durable();
    await this.discard(snapshot);
  }

  /** Removes those that are still without a label and that their session does not stand on; gives how many went. */
  async release(snapshots: readonly SnapshotRecord[]): Promise<number> {
    if (snapshots.length === 0) return 0;
    const { registry } = this.#options;
    const ids = snapshots.map(({ snapshotId }) => snapshotId);
    const released = new Set(await registry.releaseSnapshots(ids));
    await registry.durable();
    for (const snapshot of snapshots)
      if (released.has(snapshot.snapshotId)) await this.discard(snapshot);
    return released.size;
  }

  /** Removes content whose record is gone, or was never made. What cannot be removed now is at the next start. */
  async discard({ tenant, snapshotId, reason }: Discarded) {
    const ids = reason === 'imported' ? [snapshotId, historyIdOf(snapshotId)] : [snapshotId];
    for (const id of ids)
      await this.#options.store
        .of(tenant)
        .delete(id)
        .catch((error: unknown) =>
          this.#options.log.warn({ snapshotId, err: error }, 'a snapshot was not removed'),
        );
  }

  /** What came with an imported snapshot; nothing for others. Throws AppErrors of the store. */
  async *historyOf(snapshot: SnapshotRecord, signal: AbortSignal): AsyncIterable<HistoryLine> {
    const { tenant, snapshotId, reason } = snapshot;
    if (reason !== 'imported') return;
    const historyId = historyIdOf(snapshotId);
    try {
      yield* decodeHistory(this.#options.store.of(tenant).open(historyId, signal));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'snapshot_not_found') throw error;
    }
  }

  /** The version, or the newest older one that is kept; null for a session without any. */
  async upTo(sessionId: string, version: number | null): Promise<SnapshotRecord | null> {
    const { registry } = this.#options;
    if (version === null) return null;
    const found = await registry.findSnapshot(sessionId, version);
    return found ?? (await registry.findSnapshotBelow(sessionId, version));
  }

  /** The version before one: what it was made from, or else the newest older one that is kept. */
  async before(snapshot: SnapshotRecord): Promise<SnapshotRecord | null> {
    const { registry } = this.#options;
    const { sessionId, version, parent } = snapshot;
    if (sessionId === null || version === null) return null;
    const direct = parent === null ? null : await registry.findSnapshot(sessionId, parent);
    return direct ?? (await registry.findSnapshotBelow(sessionId, version));
  }

  /** Removes content that has no record: a process died between the two. Call before sessions are served. */
  async sweep(): Promise<void> {
    const { registry, store } = this.#options;
    for (const tenant of await store.tenants()) {
      const stored = await store.of(tenant).list();
      for (let first = 0; first < stored.length; first += pageLength) {
        const some = stored.slice(first, first + pageLength);
        const unknown = new Set(
          await registry.unknownSnapshots(tenant, [...new Set(some.map(snapshotOf))]),
        );
        for (const snapshotId of some)
          if (unknown.has(snapshotOf(snapshotId))) await this.discard({ tenant, snapshotId });
      }
    }
  }

  /** Those of a session, newest first. */
  async all(sessionId: string): Promise<SnapshotRecord[]> {
    const all: SnapshotRecord[] = [];
    for (let total = 1; all.length < total; ) {
      const page = { limit: pageLength, offset: all.length };
      const listing = await this.#options.registry.listSnapshots(sessionId, page);
      all.push(...listing.items);
      total = listing.items.length === 0 ? 0 : listing.total;
    }
    return all;
  }

  /** A session that goes to sleep is let through: one that could not would hold its container for ever. */
  async #assertRoom(sessionId: string): Promise<void> {
    const { registry, snapshotsPerSessionMax } = this.#options;
    if ((await registry.countSnapshots(sessionId)) < snapshotsPerSessionMax) return;
    throw new AppError('snapshot_limit_reached', {
      detail: `A session may have ${snapshotsPerSessionMax} snapshots. Delete some, or let its policy keep fewer.`,
    });
  }

  /** Nothing is stored when there is none. */
  async #keepHistory(
    tenant: string,
    snapshotId: string,
    bytes: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<void> {
    const lines = decodeHistory(bytes)[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) return;
    const all = async function* () {
      yield encodeLine(first.value);
      for (let next = await lines.next(); !next.done; next = await lines.next())
        yield encodeLine(next.value);
    };
    await this.#put(tenant, all(), signal, historyIdOf(snapshotId));
  }

  async #put(
    tenant: string,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    snapshotId = newId('snap'),
  ) {
    const { store, clock, snapshotBytesMax, snapshotTenantBytesMax } = this.#options;
    const stored = await store.of(tenant).put(snapshotId, content, {
      sizeBytesMax: snapshotBytesMax,
      tenantBytesMax: snapshotTenantBytesMax,
      signal,
    });
    return { snapshotId, tenant, createdAt: clock.now(), ...stored };
  }
}

/** The state itself is no good: an older one may be. */
export function isStateFault(error: unknown): boolean {
  return (
    error instanceof AppError &&
    ['snapshot_damaged', 'snapshot_not_found', 'snapshot_refused', 'snapshot_unsupported'].includes(
      error.code,
    )
  );
}
