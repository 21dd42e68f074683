// Snapshots in a directory of one process. What two snapshots of a tenant have in common is stored once.
//
//   <directory>/<tenant>/snapshots/<snapshot id>.json            the index: its parts, their digests, where they are
//   <directory>/<tenant>/snapshots/<snapshot id>.json.temporary  an index being written, or the rest of a dead write
//   <directory>/<tenant>/packs/<32 hexadecimal digits>.pack      parts one after another, most of them compressed
//
// A snapshot is there when its index is; every file is synced before the index gets its name. A pack is written by one
// put and never changed; it may hold parts of later snapshots as well. docs/decisions/0011-snapshot-store.md says why.
import assert from 'node:assert';
import { randomUUID } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { abortable } from '../../foundation/abortable.ts';
import type { Clock } from '../../foundation/clock.ts';
import {
  type Collected,
  type SnapshotStore,
  snapshotIdPattern,
  type TenantSnapshots,
} from '../snapshot-store.ts';
import { directoryMode, remove, syncDirectory, writeSynced } from './durable-files.ts';
import { assertFreeSpace } from './free-space.ts';
import { collectGarbage } from './garbage.ts';
import { KnownParts } from './known-parts.ts';
import { storageError, throwIfAborted } from './storage-error.ts';
import { TenantDirectory } from './tenant-directory.ts';
import { TenantHome, temporaryEnding } from './tenant-home.ts';

export type DirectoryStoreOptions = {
  /** Made when it is not there. One process at a time: the caller sees to that. */
  readonly directory: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Bytes of the file system that stay free; a put that would take more fails with `storage_full`. */
  readonly reserveBytes: number;
  /** Parts of earlier snapshots that are remembered so as not to be stored again: about 200 bytes of memory each. */
  readonly partsKnownMax?: number;
};

/** The parts of about 16 GiB of content. */
const partsKnownMaxDefault = 262_144;

export class DirectoryStore implements SnapshotStore {
  readonly #options: DirectoryStoreOptions;
  readonly #known: KnownParts;
  readonly #homes = new Map<string, TenantHome>();

  /** Throws what the file system says. */
  static async open(options: DirectoryStoreOptions): Promise<DirectoryStore> {
    await mkdir(options.directory, { recursive: true, mode: directoryMode });
    await syncDirectory(dirname(options.directory));
    return new DirectoryStore(options);
  }

  private constructor(options: DirectoryStoreOptions) {
    this.#options = options;
    this.#known = new KnownParts(options.partsKnownMax ?? partsKnownMaxDefault);
  }

  of(tenant: string): TenantSnapshots {
    // SECURITY: it becomes the name of a directory.
    assert(snapshotIdPattern.test(tenant), `not a name of a tenant: ${tenant}`);
    return new TenantDirectory(this.#home(tenant), this.#options.reserveBytes);
  }

  async tenants(): Promise<string[]> {
    try {
      return (await directoriesIn(this.#options.directory)).map(({ name }) => name).sort();
    } catch (error) {
      throw storageError(error);
    }
  }

  async collect(graceMs: number, signal: AbortSignal): Promise<Collected> {
    const { clock, directory, reserveBytes } = this.#options;
    const options = { changedBefore: clock.now() - graceMs, reserveBytes, signal };
    const sum = { filesRemoved: 0, bytesFreed: 0, damaged: [] as Collected['damaged'][number][] };
    try {
      for (const { name: tenant } of await directoriesIn(directory)) {
        throwIfAborted(signal);
        const home = this.#home(tenant);
        const garbage = await home.packTurns.take(() => collectGarbage(home, options));
        sum.filesRemoved += garbage.filesRemoved;
        sum.bytesFreed += garbage.bytesFreed;
        sum.damaged.push(...garbage.damaged.map((snapshotId) => ({ tenant, snapshotId })));
      }
    } catch (error) {
      throw storageError(error);
    }
    return sum;
  }

  async check(signal: AbortSignal): Promise<void> {
    try {
      await abortable(this.#tryWriting(), signal);
    } catch (error) {
      throw storageError(error);
    }
  }

  async #tryWriting(): Promise<void> {
    const { directory, reserveBytes } = this.#options;
    await assertFreeSpace(directory, reserveBytes);
    const path = join(directory, `check-${randomUUID()}${temporaryEnding}`);
    try {
      await writeSynced(path, 'Can this be written?');
    } finally {
      await remove(path);
    }
  }

  #home(tenant: string): TenantHome {
    let home = this.#homes.get(tenant);
    if (home === undefined) {
      home = new TenantHome(this.#options.directory, tenant, this.#known);
      this.#homes.set(tenant, home);
    }
    return home;
  }
}

async function directoriesIn(path: string): Promise<Dirent[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && snapshotIdPattern.test(entry.name));
}
