// What one tenant has on the disk: `snapshots` with the indexes, `packs` with the packs. A temporary file is an index being
// written, or the rest of a dead write.
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  ByteRange,
  LeftoverOptions,
  Leftovers,
  StagedIndex,
  StoredFile,
  TenantStorage,
  WritePackOptions,
} from '../packed/pack-storage.ts';
import { throwIfAborted } from '../packed/throw-if-aborted.ts';
import {
  ifThere,
  lookAt,
  makeDirectory,
  namesIn,
  readExactly,
  readIfThere,
  remove,
  syncDirectory,
  writeSynced,
} from './durable-files.ts';
import { assertFreeSpace } from './free-space.ts';
import { PackFile } from './pack-file.ts';
import { isMissing, stored } from './storage-error.ts';

const indexEnding = '.json';
const packEnding = '.pack';
export const temporaryEnding = '.temporary';

export class TenantDirectory implements TenantStorage {
  readonly #directory: string;
  readonly #snapshots: string;
  readonly #packs: string;
  readonly #reserveBytes: number;
  #made: Promise<void> | null = null;

  constructor(directory: string, reserveBytes: number) {
    this.#directory = directory;
    this.#snapshots = join(directory, 'snapshots');
    this.#packs = join(directory, 'packs');
    this.#reserveBytes = reserveBytes;
  }

  /** The directories are there, on the disk too. */
  async prepare(): Promise<void> {
    await stored(async () => {
      this.#made ??= this.#makeDirectories().catch((error: unknown) => {
        this.#made = null;
        throw error;
      });
      await this.#made;
      await assertFreeSpace(this.#packs, this.#reserveBytes);
    });
  }

  indexes(signal: AbortSignal): Promise<StoredFile[]> {
    return filesIn(this.#snapshots, indexEnding, signal);
  }

  async hasIndex(snapshotId: string): Promise<boolean> {
    return (await stored(() => lookAt(this.#indexPath(snapshotId)))) !== null;
  }

  readIndex(snapshotId: string): Promise<string | null> {
    return stored(() => readIfThere(this.#indexPath(snapshotId)));
  }

  async stageIndex(snapshotId: string, text: string): Promise<StagedIndex> {
    const path = this.#indexPath(snapshotId);
    const temporary = path + temporaryEnding;
    const discard = async () => void (await remove(temporary));
    try {
      await stored(() => writeSynced(temporary, text));
    } catch (error) {
      // On a disk that is full this may be what there is room for.
      await discard().catch(() => {});
      throw error;
    }
    return {
      commit: () =>
        stored(async () => {
          await rename(temporary, path);
          await syncDirectory(this.#snapshots);
        }),
      discard: () => stored(discard),
    };
  }

  async removeIndex(snapshotId: string): Promise<void> {
    await stored(async () => {
      await remove(this.#indexPath(snapshotId));
      // Even if it was gone: perhaps nobody could say so of the disk.
      await syncDirectory(this.#snapshots).catch(ignoreMissing);
    });
  }

  packs(signal: AbortSignal): Promise<StoredFile[]> {
    return filesIn(this.#packs, packEnding, signal);
  }

  async packSize(pack: string): Promise<number> {
    return (await stored(() => lookAt(this.#packPath(pack))))?.sizeBytes ?? 0;
  }

  async readPack(pack: string, range: ByteRange, signal: AbortSignal): Promise<Buffer | null> {
    throwIfAborted(signal);
    return await stored(async () => {
      await using handle = await ifThere(open(this.#packPath(pack), 'r'), null);
      return handle && (await readExactly(handle, range));
    });
  }

  writePack(pack: string, { signal }: WritePackOptions): PackFile {
    return new PackFile(this.#packPath(pack), this.#reserveBytes, signal);
  }

  async removePack(pack: string): Promise<number> {
    return await stored(() => remove(this.#packPath(pack)));
  }

  async removeLeftovers(options: LeftoverOptions): Promise<Leftovers> {
    const { changedBefore, isInUse, signal } = options;
    const sum = { filesRemoved: 0, bytesFreed: 0, filesKept: 0 };
    for (const file of await filesIn(this.#snapshots, indexEnding + temporaryEnding, signal)) {
      throwIfAborted(signal);
      if (file.changedAt > changedBefore || isInUse(file.id)) {
        sum.filesKept++;
        continue;
      }
      sum.bytesFreed += await stored(() => remove(this.#indexPath(file.id) + temporaryEnding));
      sum.filesRemoved++;
    }
    return sum;
  }

  #indexPath(snapshotId: string): string {
    return join(this.#snapshots, snapshotId + indexEnding);
  }

  #packPath(pack: string): string {
    return join(this.#packs, pack + packEnding);
  }

  async #makeDirectories(): Promise<void> {
    for (const path of [this.#directory, this.#snapshots, this.#packs]) await makeDirectory(path);
  }
}

/** Files that go meanwhile are left out. */
async function filesIn(path: string, ending: string, signal: AbortSignal): Promise<StoredFile[]> {
  const names = (await stored(() => namesIn(path))).filter((name) => name.endsWith(ending));
  const files: StoredFile[] = [];
  for (const name of names) {
    throwIfAborted(signal);
    const file = await stored(() => lookAt(join(path, name)));
    if (file !== null) files.push({ id: name.slice(0, -ending.length), ...file });
  }
  return files;
}

/** A tenant that never stored anything has no directory. */
function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
