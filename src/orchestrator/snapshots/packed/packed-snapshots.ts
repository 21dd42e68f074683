// One tenant's snapshots. See packed-store.ts for what they are made of.
import assert from 'node:assert';
import { abortable } from '../../foundation/abortable.ts';
import {
  type PutOptions,
  type StoredSnapshot,
  snapshotIdPattern,
  type TenantSnapshots,
} from '../snapshot-store.ts';
import { readSnapshot } from './read-snapshot.ts';
import type { TenantHome } from './tenant-home.ts';
import { writeSnapshot } from './write-snapshot.ts';

/** For what is done whoever waits for it. */
const stepMsMax = 60_000;

export class PackedSnapshots implements TenantSnapshots {
  readonly #home: TenantHome;

  constructor(home: TenantHome) {
    this.#home = home;
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
      await abortable(this.#prepare(snapshotId, options.signal), options.signal);
      return await writeSnapshot(home, snapshotId, content, options);
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
    await home.indexTurns.take(async () => {
      try {
        await home.storage.removeIndex(snapshotId, AbortSignal.timeout(stepMsMax));
      } finally {
        home.changes++;
      }
    });
  }

  async list(): Promise<string[]> {
    const indexes = await this.#home.storage.indexes(AbortSignal.timeout(stepMsMax));
    return indexes.map(({ id }) => id);
  }

  async #prepare(snapshotId: string, signal: AbortSignal): Promise<void> {
    const { storage } = this.#home;
    const [isTaken] = await Promise.all([
      storage.hasIndex(snapshotId, signal),
      storage.prepare(signal),
      // Others that wait for this shall not learn nothing because one of them has given up.
      this.#home.learn(AbortSignal.timeout(stepMsMax)),
      this.#home.usage.learn(AbortSignal.timeout(stepMsMax)),
    ]);
    assert(!isTaken, `there is a snapshot ${snapshotId} already`);
  }
}

/** SECURITY: an id becomes the name of a file or an object. */
function assertId(snapshotId: string): void {
  assert(snapshotIdPattern.test(snapshotId), `not an id of a snapshot: ${snapshotId}`);
}
