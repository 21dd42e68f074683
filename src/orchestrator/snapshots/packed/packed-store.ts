// Snapshots as parts in packs. What two snapshots of a tenant have in common is stored once.
//
//   <tenant>/snapshots/<snapshot id>.json            the index: its parts, their digests, where they are
//   <tenant>/packs/<32 hexadecimal digits>.pack      parts one after another, most of them compressed
//
// A snapshot is there when its index is; everything it refers to is stored for good before. A pack is written by one
// put and never changed; it may hold parts of later snapshots as well. docs/decisions/0011-snapshot-store.md says why.
import assert from 'node:assert';
import type { Clock } from '../../foundation/clock.ts';
import {
  type Collected,
  type SnapshotStore,
  snapshotIdPattern,
  type TenantSnapshots,
} from '../snapshot-store.ts';
import { Buffers } from './buffers.ts';
import { collectGarbage } from './garbage.ts';
import { KnownParts } from './known-parts.ts';
import type { PackStorage } from './pack-storage.ts';
import { PackedSnapshots } from './packed-snapshots.ts';
import { TenantHome } from './tenant-home.ts';
import { throwIfAborted } from './throw-if-aborted.ts';

export type PackedStoreOptions = {
  /** One process at a time: the caller sees to that. */
  readonly storage: PackStorage;
  readonly clock: Pick<Clock, 'now'>;
  /** Parts of earlier snapshots that are remembered so as not to be stored again: about 200 bytes of memory each. */
  readonly partsKnownMax?: number;
};

/** The parts of about 16 GiB of content. */
const partsKnownMaxDefault = 262_144;

/** What one large put uses at the same time. */
const freeBytesMax = 16 * 1024 ** 2;

const listMsMax = 60_000;

export class PackedStore implements SnapshotStore {
  readonly #options: PackedStoreOptions;
  readonly #known: KnownParts;
  readonly #buffers = new Buffers(freeBytesMax);
  readonly #homes = new Map<string, TenantHome>();

  constructor(options: PackedStoreOptions) {
    this.#options = options;
    this.#known = new KnownParts(options.partsKnownMax ?? partsKnownMaxDefault);
  }

  of(tenant: string): TenantSnapshots {
    // SECURITY: it becomes the name of a directory, or part of an object's.
    assert(snapshotIdPattern.test(tenant), `not a name of a tenant: ${tenant}`);
    return new PackedSnapshots(this.#home(tenant));
  }

  async tenants(): Promise<string[]> {
    return await this.#options.storage.tenants(AbortSignal.timeout(listMsMax));
  }

  async collect(graceMs: number, signal: AbortSignal): Promise<Collected> {
    const { clock, storage } = this.#options;
    const options = { changedBefore: clock.now() - graceMs, signal };
    const sum = { filesRemoved: 0, bytesFreed: 0, damaged: [] as Collected['damaged'][number][] };
    for (const tenant of await storage.tenants(signal)) {
      throwIfAborted(signal);
      const home = this.#home(tenant);
      // Reading all of its indexes takes long, and requests that cost money where each is paid for.
      if (home.changesCollected === home.changes) continue;
      const garbage = await home.packTurns.take(() => collectGarbage(home, options));
      if (garbage.filesRemoved > 0) home.usage.forget();
      sum.filesRemoved += garbage.filesRemoved;
      sum.bytesFreed += garbage.bytesFreed;
      sum.damaged.push(...garbage.damaged.map((snapshotId) => ({ tenant, snapshotId })));
    }
    return sum;
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#options.storage.check(signal);
  }

  #home(tenant: string): TenantHome {
    let home = this.#homes.get(tenant);
    if (home === undefined) {
      home = new TenantHome(tenant, {
        storage: this.#options.storage.of(tenant),
        known: this.#known,
        buffers: this.#buffers,
      });
      this.#homes.set(tenant, home);
    }
    return home;
  }
}
