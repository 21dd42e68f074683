// Where the history is in an archive that travels: in entries of its own, `history/000000.ndjson` and so on, before those that the agent
// wrote. The orchestrator puts them there and takes them away again; what comes after them it passes on unread.
// SECURITY: an entry of history is one whose header is, to the byte, what this file would write. Nothing else of a tar is understood.
import { refusal } from './archive-refusal.ts';

const blockBytes = 512;
/** A piece ends with the line that takes it over this; every piece is whole lines. */
const pieceBytesMin = 1024 * 1024;
const piecesMax = 1_000_000;

/** Lines as the entries of a tar that goes on after them. */
export async function* historyEntries(lines: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let number = 0;
  for await (const line of lines) {
    held.push(line);
    heldBytes += line.byteLength;
    if (heldBytes < pieceBytesMin) continue;
    yield entryOf(number++, held, heldBytes);
    held = [];
    heldBytes = 0;
  }
  if (heldBytes > 0) yield entryOf(number, held, heldBytes);
}

/** An archive as it comes: first its history, which must be read to its end, then the rest. */
export class IncomingArchive {
  readonly #content: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(content: AsyncIterable<Uint8Array>) {
    this.#content = content[Symbol.asyncIterator]();
  }

  /** Bytes of lines; none when the archive has no history. Throws AppError `snapshot_refused`, and what the content throws. */
  async *history(): AsyncIterable<Buffer> {
    for (let number = 0; number < piecesMax; number++) {
      const sizeBytes = historySizeOf(await this.#peek(), number);
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

function entryOf(number: number, content: readonly Buffer[], sizeBytes: number): Buffer {
  const padding = Buffer.alloc(paddingOf(sizeBytes));
  return Buffer.concat([headerOf(number, sizeBytes), ...content, padding]);
}

function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
}

/** Null when the block is not the header of this piece of history. */
function historySizeOf(block: Buffer, number: number): number | null {
  const digits = block.toString('latin1', 124, 135);
  if (block.byteLength < blockBytes || !/^[0-7]{11}$/.test(digits)) return null;
  const sizeBytes = Number.parseInt(digits, 8);
  return block.equals(headerOf(number, sizeBytes)) ? sizeBytes : null;
}

/** As POSIX has it: a plain file of nobody's, without a date. */
function headerOf(number: number, sizeBytes: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  header.write(`history/${String(number).padStart(6, '0')}.ndjson`, 0);
  header.write('0000644\x000000000\x000000000\0', 100);
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
