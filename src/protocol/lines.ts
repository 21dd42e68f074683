// Newline-delimited JSON over any byte stream. Refuses a line that is longer than the limit before it is
// held in memory as a whole, and anything that is not JSON: the peer may be hostile.
import { limits } from './limits.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

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
  // SECURITY: an unfinished line is copied, never kept as a list of views: a peer that sends single bytes would
  // otherwise have each of them cost an object and the chunk that it is a part of.
  #unfinished = new Uint8Array(0);
  #unfinishedBytes = 0;

  constructor(maxBytes: number = limits.lineBytesMax) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array): unknown[] {
    const messages: unknown[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, start);
      if (end === -1) break;
      messages.push(parseMessage(this.#complete(chunk.subarray(start, end))));
      start = end + 1;
    }
    if (start < chunk.byteLength) this.#keep(chunk.subarray(start));
    return messages;
  }

  #complete(part: Uint8Array): Uint8Array {
    if (this.#unfinishedBytes === 0) {
      this.#refuseOver(part.byteLength);
      return part;
    }
    this.#keep(part);
    const line = this.#unfinished.subarray(0, this.#unfinishedBytes);
    this.#unfinished = new Uint8Array(0);
    this.#unfinishedBytes = 0;
    return line;
  }

  #keep(part: Uint8Array): void {
    const bytes = this.#unfinishedBytes + part.byteLength;
    this.#refuseOver(bytes);
    if (bytes > this.#unfinished.byteLength) {
      const grown = new Uint8Array(Math.min(this.#maxBytes, 2 * bytes));
      grown.set(this.#unfinished.subarray(0, this.#unfinishedBytes));
      this.#unfinished = grown;
    }
    this.#unfinished.set(part, this.#unfinishedBytes);
    this.#unfinishedBytes = bytes;
  }

  #refuseOver(bytes: number): void {
    if (bytes > this.#maxBytes) throw new LineError(`a line is over ${this.#maxBytes} bytes`);
  }
}

/** The message in the bytes of one line or body. Throws LineError when they are not JSON, or nested too deep. */
export function parseMessage(bytes: Uint8Array): unknown {
  let message: unknown;
  try {
    message = JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw new LineError('a message is not JSON', { cause });
  }
  if (!isNestedWithin(message, limits.nestingDepthMax))
    throw new LineError(`a message nests deeper than ${limits.nestingDepthMax}`);
  return message;
}

/**
 * Whether a parsed JSON value has at most `depth` objects and arrays inside one another. Whoever later walks or
 * prints a value by recursion may then do so without fear for the stack.
 */
export function isNestedWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  for (const part of Array.isArray(value) ? value : Object.values(value))
    if (typeof part === 'object' && part !== null && !isNestedWithin(part, depth - 1)) return false;
  return true;
}
