// Newline-delimited JSON over any byte stream. Refuses a line that is longer than the limit before it is
// held in memory as a whole, and anything that is not JSON: the peer may be hostile.
import { limits } from './limits.ts';

/** A peer broke the framing: an oversized line, bytes that are no UTF-8, or text that is no JSON. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

/** One message as a line, newline included. Throws LineError when it is over `maxBytes`. */
export function encodeLine(message: unknown, maxBytes: number = limits.lineBytesMax): Buffer {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  if (line.byteLength > maxBytes)
    throw new LineError(`a line of ${line.byteLength} bytes is over ${maxBytes}`);
  return line;
}

/**
 * Cuts a byte stream into parsed lines, chunk by chunk, so that the caller stays in charge of flow control.
 * `push` returns the messages that the chunk completed; it throws LineError and must not be used after that.
 */
export class LineDecoder {
  readonly #maxBytes: number;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(maxBytes: number = limits.lineBytesMax) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array): unknown[] {
    const messages: unknown[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, start);
      if (end === -1) break;
      messages.push(this.#parse(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start < chunk.byteLength) this.#keep(chunk.subarray(start));
    return messages;
  }

  #keep(part: Uint8Array): void {
    this.#pendingBytes += part.byteLength;
    if (this.#pendingBytes > this.#maxBytes)
      throw new LineError(`a line is over ${this.#maxBytes} bytes`);
    this.#pending.push(part);
  }

  #parse(part: Uint8Array): unknown {
    if (this.#pendingBytes > 0 || part.byteLength > this.#maxBytes) {
      this.#keep(part);
      part = Buffer.concat(this.#pending);
      this.#pending = [];
      this.#pendingBytes = 0;
    }
    try {
      return JSON.parse(this.#utf8.decode(part));
    } catch (cause) {
      throw new LineError('a line is not JSON', { cause });
    }
  }
}
