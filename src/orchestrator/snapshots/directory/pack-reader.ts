// Reads parts out of packs, with few files open at a time: an old session's snapshot may lie in hundreds of packs.
import { type FileHandle, open } from 'node:fs/promises';
import type { Place } from './snapshot-index.ts';
import { isMissing } from './storage-error.ts';

const filesOpenMax = 16;

type OpenPack = { readonly handle: Promise<FileHandle>; reads: number };

export class PackReader implements AsyncDisposable {
  readonly #pathOf: (pack: string) => string;
  /** Least recently opened first. */
  readonly #open = new Map<string, OpenPack>();

  constructor(pathOf: (pack: string) => string) {
    this.#pathOf = pathOf;
  }

  /** The bytes stored there; null when the pack is missing or too short. */
  async read(place: Place): Promise<Buffer | null> {
    const pack = this.#openPack(place.pack);
    pack.reads++;
    try {
      return await readExactly(await pack.handle, place);
    } catch (error) {
      if (!isMissing(error)) throw error;
      return null;
    } finally {
      pack.reads--;
      await this.#closeIdle(filesOpenMax);
    }
  }

  /** No read may be running. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closeIdle(0);
  }

  #openPack(id: string): OpenPack {
    let pack = this.#open.get(id);
    if (pack === undefined) {
      pack = { handle: open(this.#pathOf(id), 'r'), reads: 0 };
      pack.handle.catch(() => {});
      this.#open.set(id, pack);
    }
    return pack;
  }

  async #closeIdle(openMax: number): Promise<void> {
    for (const [id, pack] of this.#open) {
      if (this.#open.size <= openMax) return;
      if (pack.reads > 0) continue;
      this.#open.delete(id);
      await (await pack.handle.catch(() => null))?.close();
    }
  }
}

async function readExactly(handle: FileHandle, { offset, storedBytes }: Place) {
  const bytes = Buffer.allocUnsafeSlow(storedBytes);
  for (let length = 0; length < storedBytes; ) {
    const rest = storedBytes - length;
    const { bytesRead } = await handle.read(bytes, length, rest, offset + length);
    if (bytesRead === 0) return null;
    length += bytesRead;
  }
  return bytes;
}
