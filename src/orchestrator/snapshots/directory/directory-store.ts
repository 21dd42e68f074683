// Snapshots in a directory of one process. docs/decisions/0011-snapshot-store.md says why it is made like that.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { PackedStore } from '../packed/packed-store.ts';
import type { SnapshotStore } from '../snapshot-store.ts';
import { DirectoryStorage } from './directory-storage.ts';
import { directoryMode, syncDirectory } from './durable-files.ts';

export type DirectoryStoreOptions = {
  /** Made when it is not there. One process at a time: the caller sees to that. */
  readonly directory: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Bytes of the file system that stay free; a put that would take more fails with `storage_full`. */
  readonly reserveBytes: number;
  /** See `PackedStoreOptions`. */
  readonly partsKnownMax?: number;
};

/** Throws what the file system says. */
export async function openDirectoryStore(options: DirectoryStoreOptions): Promise<SnapshotStore> {
  const { directory, reserveBytes, ...others } = options;
  await mkdir(directory, { recursive: true, mode: directoryMode });
  await syncDirectory(dirname(directory));
  return new PackedStore({ storage: new DirectoryStorage(directory, reserveBytes), ...others });
}
