// A pack being written into a file. The file is made with the first batch.
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PackTarget } from '../packed/pack-storage.ts';
import { throwIfAborted } from '../packed/throw-if-aborted.ts';
import { fileMode, syncDirectory, writeFully } from './durable-files.ts';
import { assertFreeSpace } from './free-space.ts';
import { stored } from './storage-error.ts';

/** How often the free space is looked at. */
const spaceCheckBatches = 16;

export class PackFile implements PackTarget {
  readonly batchBytes = 1024 * 1024;
  /** One batch is written while the next one is collected. */
  readonly writesMax = 1;
  readonly #path: string;
  readonly #reserveBytes: number;
  readonly #signal: AbortSignal;
  #handle: FileHandle | null = null;

  constructor(path: string, reserveBytes: number, signal: AbortSignal) {
    this.#path = path;
    this.#reserveBytes = reserveBytes;
    this.#signal = signal;
  }

  async write(batch: Buffer, number: number): Promise<void> {
    throwIfAborted(this.#signal);
    await stored(async () => {
      const handle = await this.#open();
      if (number % spaceCheckBatches === spaceCheckBatches - 1)
        await assertFreeSpace(this.#path, this.#reserveBytes);
      await writeFully(handle, batch, number * this.batchBytes);
    });
  }

  async finish(rest: Buffer, number: number): Promise<void> {
    await stored(async () => {
      const handle = await this.#open();
      await writeFully(handle, rest, number * this.batchBytes);
      // Side by side: the name is there since the file was opened, and each waits for the disk.
      const syncs = await Promise.allSettled([handle.sync(), syncDirectory(dirname(this.#path))]);
      await this[Symbol.asyncDispose]();
      for (const sync of syncs) if (sync.status === 'rejected') throw sync.reason;
    });
  }

  async discard(): Promise<void> {
    await stored(async () => {
      await this[Symbol.asyncDispose]();
      await rm(this.#path, { force: true });
    });
  }

  /** Closes the file and leaves it as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  async #open(): Promise<FileHandle> {
    this.#handle ??= await open(this.#path, 'wx', fileMode);
    return this.#handle;
  }
}
