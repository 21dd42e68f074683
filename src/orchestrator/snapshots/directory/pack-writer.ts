// Writes the new parts of one put, one after another, into one file: syncing a file for each part would take longer than
// everything else together. The file is made when there is a first part.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { Buffers } from './buffers.ts';
import { partBytesMax } from './content-parts.ts';
import { fileMode, writeFully } from './durable-files.ts';
import { assertFreeSpace } from './free-space.ts';
import type { Place } from './snapshot-index.ts';

/** Parts are collected up to so many bytes before they are written. */
const batchBytes = 1024 * 1024;
/** How often the free space is looked at, in bytes written. */
const spaceCheckBytes = 16 * 1024 * 1024;

export class PackWriter {
  readonly id = randomBytes(16).toString('hex');
  readonly #path: string;
  readonly #reserveBytes: number;
  #handle: FileHandle | null = null;
  readonly #buffers = new Buffers(batchBytes + partBytesMax);
  #batch = this.#buffers.take();
  #batchSizeBytes = 0;
  #writtenBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(pathOf: (pack: string) => string, reserveBytes: number) {
    this.#path = pathOf(this.id);
    this.#reserveBytes = reserveBytes;
  }

  get sizeBytes(): number {
    return this.#writtenBytes + this.#batchSizeBytes;
  }

  /** Copies the part and says where it will be; `ready` resolves when there is room for the next one. */
  append(stored: Buffer): { readonly place: Place; readonly ready: Promise<void> } {
    const place = { pack: this.id, offset: this.sizeBytes, storedBytes: stored.length };
    this.#batch.set(stored, this.#batchSizeBytes);
    this.#batchSizeBytes += stored.length;
    if (this.#batchSizeBytes < batchBytes) return { place, ready: Promise.resolve() };
    // One batch is written while the next one is collected.
    const ready = this.#writing;
    this.#flush();
    return { place, ready };
  }

  /** Everything is on the disk when this resolves; the file's name may not be. */
  async finish(): Promise<void> {
    if (this.#batchSizeBytes > 0) this.#flush();
    await this.#writing;
    await this.#handle?.sync();
    await this.close();
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await this.close();
    await rm(this.#path, { force: true });
  }

  /** Leaves what was written as it is. */
  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  #flush(): void {
    const bytes = this.#batch.subarray(0, this.#batchSizeBytes);
    const position = this.#writtenBytes;
    this.#batch = this.#buffers.take();
    this.#batchSizeBytes = 0;
    this.#writtenBytes += bytes.length;
    this.#writing = this.#writing.then(() => this.#write(bytes, position));
    // Whoever waits next is told; until then a failure is nobody's surprise.
    this.#writing.catch(() => {});
  }

  async #write(bytes: Buffer, position: number): Promise<void> {
    const isCheckDue =
      Math.floor(position / spaceCheckBytes) !==
      Math.floor((position + bytes.length) / spaceCheckBytes);
    this.#handle ??= await open(this.#path, 'wx', fileMode);
    if (isCheckDue) await assertFreeSpace(this.#path, this.#reserveBytes);
    await writeFully(this.#handle, bytes, position);
    this.#buffers.give(bytes);
  }
}
