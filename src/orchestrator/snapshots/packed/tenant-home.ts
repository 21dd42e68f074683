// What running work knows about one tenant's packs and indexes: shared by put, open, delete and collect.
import { AppError } from '../../foundation/errors.ts';
import type { Buffers } from './buffers.ts';
import type { KnownParts } from './known-parts.ts';
import type { StoredFile, TenantStorage } from './pack-storage.ts';
import { PackUses } from './pack-uses.ts';
import { decodeIndex, type Snapshot } from './snapshot-index.ts';
import { TenantUsage } from './tenant-usage.ts';
import { Turns } from './turns.ts';

/** Indexes that are read at the same time. */
const readsMax = 8;

export class TenantHome {
  readonly tenant: string;
  readonly storage: TenantStorage;
  readonly known: KnownParts;
  /** For parts and batches that are being written. */
  readonly buffers: Buffers;
  readonly uses = new PackUses();
  readonly usage: TenantUsage;
  /** Snapshots that are being put. */
  readonly putting = new Set<string>();
  /** Who removes packs, or must not see one go. */
  readonly packTurns = new Turns();
  /** Who removes or replaces an index. */
  readonly indexTurns = new Turns();
  /** Goes up whenever something may have become garbage. */
  changes = 0;
  /** What `changes` was before a collection that left nothing to be done; -1 before there was one. */
  changesCollected = -1;

  constructor(
    tenant: string,
    shared: {
      readonly storage: TenantStorage;
      readonly known: KnownParts;
      readonly buffers: Buffers;
    },
  ) {
    this.tenant = tenant;
    this.storage = shared.storage;
    this.usage = new TenantUsage(shared.storage);
    this.known = shared.known;
    this.buffers = shared.buffers;
  }

  /** Whether a running put writes a snapshot or a pack with this id. */
  isInUse(id: string): boolean {
    return this.putting.has(id) || this.uses.has(id);
  }

  /** Throws AppError `snapshot_not_found` and `snapshot_damaged`. */
  async readIndex(snapshotId: string, signal: AbortSignal): Promise<Snapshot> {
    const text = await this.storage.readIndex(snapshotId, signal);
    if (text === null) throw new AppError('snapshot_not_found');
    const snapshot = decodeIndex(text, this.tenant, snapshotId);
    if (snapshot === null) throw new AppError('snapshot_damaged');
    return snapshot;
  }

  /** Learns where parts are from the newest snapshots, unless that is known. */
  async learn(signal: AbortSignal): Promise<void> {
    if (this.known.has(this.tenant)) return;
    // No pack can go between the moment its name is read and the moment it is known.
    await this.packTurns.take(async () => {
      if (this.known.has(this.tenant)) return;
      this.known.add(this.tenant, []);
      try {
        await this.#learnNewest(signal);
      } catch (error) {
        this.known.forget(this.tenant);
        throw error;
      }
    });
  }

  async #learnNewest(signal: AbortSignal): Promise<void> {
    const newest = this.#newest(await this.storage.indexes(signal));
    for (let start = 0; start < newest.length; start += readsMax) {
      const reads = newest
        .slice(start, start + readsMax)
        .map(({ id }) => this.readIndex(id, signal).catch(skipUnusable));
      for (const snapshot of await Promise.all(reads))
        if (snapshot !== null) this.known.add(this.tenant, snapshot.parts);
    }
  }

  /** As many as can be remembered, the oldest first. */
  #newest(indexes: StoredFile[]): StoredFile[] {
    let partsLeft = this.known.partsMax;
    const newest = indexes
      .toSorted((left, right) => right.changedAt - left.changedAt)
      .filter(({ sizeBytes }) => {
        const fits = partsLeft > 0;
        partsLeft -= sizeBytes / indexBytesPerPart;
        return fits;
      });
    return newest.reverse();
  }
}

/** About what one part takes in an index. */
const indexBytesPerPart = 90;

/** Whether an index is no good; all else says nothing about it. */
export function isUnusable(error: unknown): error is AppError {
  return (
    error instanceof AppError && ['snapshot_not_found', 'snapshot_damaged'].includes(error.code)
  );
}

function skipUnusable(error: unknown): null {
  if (isUnusable(error)) return null;
  throw error;
}
