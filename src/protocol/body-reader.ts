// A body that begins with lines of JSON and goes on with plain bytes, such as those of a file.
import { limits } from './limits.ts';
import { LineError, parseMessage } from './lines.ts';

/** Reads no further than it is asked to, so that flow control holds the sender. */
export class BodyReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next line, parsed. Throws LineError for a body that ends before, and for a line that is too long or no JSON. */
  async line(): Promise<unknown> {
    const line = new Uint8Array(limits.fileLineBytesMax);
    for (let bytes = 0; ; ) {
      const end = this.#held.indexOf(0x0a);
      const part = end === -1 ? this.#held : this.#held.subarray(0, end);
      if (bytes + part.byteLength > line.byteLength)
        throw new LineError(`a line is over ${line.byteLength} bytes`);
      // SECURITY: copied, so that a peer that sends single bytes costs no more than one that does not.
      line.set(part, bytes);
      bytes += part.byteLength;
      if (end !== -1) {
        this.#held = this.#held.subarray(end + 1);
        return parseMessage(line.subarray(0, bytes));
      }
      const { value, done } = await this.#chunks.next();
      if (done) throw new LineError('a body ended within its first lines');
      this.#held = value;
    }
  }

  /** The bytes after the lines. */
  async *rest(): AsyncGenerator<Uint8Array> {
    try {
      if (this.#held.byteLength > 0) yield this.#held;
      this.#held = new Uint8Array(0);
      for (;;) {
        const { value, done } = await this.#chunks.next();
        if (done) return;
        yield value;
      }
    } finally {
      await this.close();
    }
  }

  /** What is left is not wanted. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
