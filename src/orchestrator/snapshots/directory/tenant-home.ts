// What one tenant has on the disk, and what running work knows about it: shared by put, open, delete and collect.
import { join } from 'node:path';
import { AppError } from '../../foundation/errors.ts';
import { lookAt, makeDirectory, namesIn, readIfThere } from './durable-files.ts';
import type { KnownParts } from './known-parts.ts';
import { PackUses } from './pack-uses.ts';
import { decodeIndex, type Snapshot } from './snapshot-index.ts';
import { Turns } from './turns.ts';

const indexEnding = '.json';
const packEnding = '.pack';
export const temporaryEnding = '.temporary';

export class TenantHome {
  readonly tenant: string;
  readonly directory: string;
  readonly snapshots: string;
  readonly packs: string;
  readonly known: KnownParts;
  readonly uses = new PackUses();
  /** Snapshots that are being put. */
  readonly putting = new Set<string>();
  /** Who removes packs, or must not see one go. */
  readonly packTurns = new Turns();
  /** Who removes or replaces an index. */
  readonly indexTurns = new Turns();
  #made: Promise<void> | null = null;

  constructor(directory: string, tenant: string, known: KnownParts) {
    this.tenant = tenant;
    this.directory = join(directory, tenant);
    this.snapshots = join(this.directory, 'snapshots');
    this.packs = join(this.directory, 'packs');
    this.known = known;
  }

  readonly indexPath = (snapshotId: string) => join(this.snapshots, snapshotId + indexEnding);
  readonly temporaryPath = (snapshotId: string) => this.indexPath(snapshotId) + temporaryEnding;
  readonly packPath = (pack: string) => join(this.packs, pack + packEnding);

  async hasSnapshot(snapshotId: string): Promise<boolean> {
    return (await lookAt(this.indexPath(snapshotId))) !== null;
  }

  /** Whether a running put writes this temporary file. */
  isBeingPut(path: string): boolean {
    return [...this.putting].some((snapshotId) => this.temporaryPath(snapshotId) === path);
  }

  /** The directories are there, on the disk too. */
  async make(): Promise<void> {
    this.#made ??= this.#makeDirectories().catch((error: unknown) => {
      this.#made = null;
      throw error;
    });
    await this.#made;
  }

  /** Ids of the snapshots that are wholly there, sorted. */
  async snapshotIds(): Promise<string[]> {
    return withEnding(await namesIn(this.snapshots), indexEnding);
  }

  async packIds(): Promise<string[]> {
    return withEnding(await namesIn(this.packs), packEnding);
  }

  /** Throws AppError `snapshot_not_found` and `snapshot_damaged`. */
  async readIndex(snapshotId: string): Promise<Snapshot> {
    const text = await readIfThere(this.indexPath(snapshotId));
    if (text === null) throw new AppError('snapshot_not_found');
    const snapshot = decodeIndex(text, this.tenant, snapshotId);
    if (snapshot === null) throw new AppError('snapshot_damaged');
    return snapshot;
  }

  /** Learns where parts are from the newest snapshots, unless that is known. */
  async learn(): Promise<void> {
    if (this.known.has(this.tenant)) return;
    // No pack can go between the moment its name is read and the moment it is known.
    await this.packTurns.take(async () => {
      if (this.known.has(this.tenant)) return;
      this.known.add(this.tenant, []);
      for (const snapshotId of await this.#newestSnapshots()) {
        const snapshot = await this.readIndex(snapshotId).catch(skipUnusable);
        if (snapshot) this.known.add(this.tenant, snapshot.parts);
      }
    });
  }

  /** As many as can be remembered, the oldest first. */
  async #newestSnapshots(): Promise<string[]> {
    const found: { snapshotId: string; changedAt: number; sizeBytes: number }[] = [];
    for (const snapshotId of await this.snapshotIds()) {
      const file = await lookAt(this.indexPath(snapshotId));
      if (file) found.push({ snapshotId, ...file });
    }
    found.sort((left, right) => right.changedAt - left.changedAt);
    let partsLeft = this.known.partsMax;
    const newest = found.filter(({ sizeBytes }) => {
      const fits = partsLeft > 0;
      partsLeft -= sizeBytes / indexBytesPerPart;
      return fits;
    });
    return newest.reverse().map(({ snapshotId }) => snapshotId);
  }

  async #makeDirectories(): Promise<void> {
    for (const path of [this.directory, this.snapshots, this.packs]) await makeDirectory(path);
  }
}

/** About what one part takes in an index. */
const indexBytesPerPart = 90;

function skipUnusable(error: unknown): null {
  if (error instanceof AppError) return null;
  throw error;
}

function withEnding(names: readonly string[], ending: string): string[] {
  return names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
}
