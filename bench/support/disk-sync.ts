// What it costs on this machine's disk to make a small write durable: no result that was promised to survive can be
// told sooner than that.
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** About what one transaction adds to the registry's log. */
const pages = Buffer.alloc(8 * 1024, 1);
/** The log is written over and over as well. */
const fileBytesMax = 4 * 1024 * 1024;

/** The file goes with the directory that it is in. */
export class DiskSync implements AsyncDisposable {
  readonly #file: FileHandle;
  #position = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async in(directory: string): Promise<DiskSync> {
    return new DiskSync(await open(join(directory, 'disk-sync'), 'w'));
  }

  async write(): Promise<void> {
    await this.#file.write(pages, 0, pages.byteLength, this.#position);
    await this.#file.datasync();
    this.#position = (this.#position + pages.byteLength) % fileBytesMax;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
