// One tenant's snapshots in a directory. See directory-store.ts for what lies where.
import assert from 'node:assert';
import {
  type PutOptions,
  type StoredSnapshot,
  snapshotIdPattern,
  type TenantSnapshots,
} from '../snapshot-store.ts';
import { remove, syncDirectory } from './durable-files.ts';
import { readSnapshot } from './read-snapshot.ts';
import { isMissing, storageError } from './storage-error.ts';
import type { TenantHome } from './tenant-home.ts';
import { writeSnapshot } from './write-snapshot.ts';

export class TenantDirectory implements TenantSnapshots {
  readonly #home: TenantHome;
  readonly #reserveBytes: number;

  constructor(home: TenantHome, reserveBytes: number) {
    this.#home = home;
    this.#reserveBytes = reserveBytes;
  }

  async put(
    snapshotId: string,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<StoredSnapshot> {
    assertId(snapshotId);
    const home = this.#home;
    assert(!home.putting.has(snapshotId), `snapshot ${snapshotId} is being put already`);
    home.putting.add(snapshotId);
    try {
      await stored(async () => {
        assert(!(await home.hasSnapshot(snapshotId)), `there is a snapshot ${snapshotId} already`);
        await home.make();
        await home.learn();
      });
      const reserveBytes = this.#reserveBytes;
      return await writeSnapshot(home, snapshotId, content, { ...options, reserveBytes });
    } finally {
      home.putting.delete(snapshotId);
    }
  }

  open(snapshotId: string, signal: AbortSignal): AsyncIterable<Buffer> {
    assertId(snapshotId);
    return readSnapshot(this.#home, snapshotId, signal);
  }

  async verify(snapshotId: string, signal: AbortSignal): Promise<void> {
    const content = this.open(snapshotId, signal)[Symbol.asyncIterator]();
    while (!(await content.next()).done);
  }

  async delete(snapshotId: string): Promise<void> {
    assertId(snapshotId);
    const home = this.#home;
    await stored(() =>
      home.indexTurns.take(async () => {
        await remove(home.indexPath(snapshotId));
        // Even if it was gone: perhaps nobody could say so of the disk.
        await syncDirectory(home.snapshots).catch(ignoreMissing);
      }),
    );
  }

  async list(): Promise<string[]> {
    return await stored(() => this.#home.snapshotIds());
  }
}

/** Failures of the file system in it become AppErrors. */
async function stored<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error);
  }
}

/** A tenant that never stored anything has no directory. */
function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

/** SECURITY: an id becomes the name of a file. */
function assertId(snapshotId: string): void {
  assert(snapshotIdPattern.test(snapshotId), `not an id of a snapshot: ${snapshotId}`);
}
