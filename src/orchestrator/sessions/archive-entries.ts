// What the registry adds to an archive that travels: entries of its own before those that the agent wrote, `version.json` and then
// `history/000000.ndjson` and so on. The orchestrator puts them there and takes them away again; what comes after them it passes on unread.
// SECURITY: such an entry is one whose header is, to the byte, what this file would write. Nothing else of a tar is understood.
import { refusal } from './archive-refusal.ts';
import { versionDocumentBytesMax } from './archived-version.ts';

const blockBytes = 512;
/** A piece ends with the line that takes it over this; every piece is whole lines. */
const pieceBytesMin = 1024 * 1024;
const piecesMax = 1_000_000;
const versionName = 'version.json';

/** The document as the first entry of a tar that goes on after it. */
export function versionEntry(document: Buffer): Buffer {
  return entryOf(versionName, [document], document.byteLength);
}

/** Lines as the entries of a tar that goes on after them. */
export async function* historyEntries(lines: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let number = 0;
  for await (const line of lines) {
    held.push(line);
    heldBytes += line.byteLength;
    if (heldBytes < pieceBytesMin) continue;
    yield entryOf(historyName(number++), held, heldBytes);
    held = [];
    heldBytes = 0;
  }
  if (heldBytes > 0) yield entryOf(historyName(number), held, heldBytes);
}

/** An archive as it comes: what tells of its version, its history, which must be read to its end, and then the rest. */
export class IncomingArchive {
  readonly #content: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(content: AsyncIterable<Uint8Array>) {
    this.#content = content[Symbol.asyncIterator]();
  }

  /** The document of its version; null when the archive has none. Throws as `history` does. */
  async version(): Promise<Buffer | null> {
    const sizeBytes = sizeIn(await this.#peek(), versionName);
    if (sizeBytes === null) return null;
    if (sizeBytes > versionDocumentBytesMax) throw refusal('document_malformed');
    await this.#skip(blockBytes);
    const parts: Buffer[] = [];
    for await (const part of this.#take(sizeBytes)) parts.push(part);
    await this.#skip(paddingOf(sizeBytes));
    return Buffer.concat(parts);
  }

  /** Bytes of lines; none when the archive has no history. Throws AppError `snapshot_refused`, and what the content throws. */
  async *history(): AsyncIterable<Buffer> {
    for (let number = 0; number < piecesMax; number++) {
      const sizeBytes = sizeIn(await this.#peek(), historyName(number));
      if (sizeBytes === null) return;
      await this.#skip(blockBytes);
      yield* this.#take(sizeBytes);
      await this.#skip(paddingOf(sizeBytes));
    }
  }

  /** What comes after the history, unread. */
  async *archive(): AsyncIterable<Uint8Array> {
    try {
      if (this.#held.byteLength > 0) yield this.#held;
      for (let next = await this.#content.next(); !next.done; next = await this.#content.next())
        yield next.value;
    } finally {
      await this.close();
    }
  }

  /** Lets go of the content; nothing can be read after that. */
  async close(): Promise<void> {
    await this.#content.return?.();
  }

  /** One block, or less at the end of the content. */
  async #peek(): Promise<Buffer> {
    while (this.#held.byteLength < blockBytes && (await this.#pull()));
    return this.#held.subarray(0, blockBytes);
  }

  async *#take(bytes: number): AsyncIterable<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (this.#held.byteLength === 0 && !(await this.#pull())) throw refusal('not_an_archive');
      const part = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(part.byteLength);
      left -= part.byteLength;
      yield part;
    }
  }

  async #skip(bytes: number): Promise<void> {
    for await (const _ of this.#take(bytes));
  }

  async #pull(): Promise<boolean> {
    const next = await this.#content.next();
    if (next.done) return false;
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    this.#held = this.#held.byteLength === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    return true;
  }
}

function historyName(number: number): string {
  return `history/${String(number).padStart(6, '0')}.ndjson`;
}

function entryOf(name: string, content: readonly Buffer[], sizeBytes: number): Buffer {
  const padding = Buffer.alloc(paddingOf(sizeBytes));
  return Buffer.concat([headerOf(name, sizeBytes), ...content, padding]);
}

function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
}

/** Null when the block is not the header of the entry with this name. */
function sizeIn(block: Buffer, name: string): number | null {
  const digits = block.toString('latin1', 124, 135);
  if (block.byteLength < blockBytes || !/^[0-7]{11}$/.test(digits)) return null;
  const sizeBytes = Number.parseInt(digits, 8);
  return block.equals(headerOf(name, sizeBytes)) ? sizeBytes : null;
}

/** As POSIX has it: a plain file of nobody's, without a date. */
function headerOf(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0);
  header.write('0000644\x000000000\x000000000\0', 100);
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
