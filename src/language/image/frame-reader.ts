// Chunks, cut anywhere → the payloads of an image's frames, each whole and with the right checksum.
import { Stopped } from '../runtime/raised.ts';
import { crc32 } from './crc32.ts';
import { damaged, ImageError } from './image-error.ts';
import { magic } from './image-format.ts';

const numberBytes = 4;

export class FrameReader {
  readonly #bytesMax: number;
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #received = 0;
  #checksum = 0;
  #begun = false;
  #ended = false;

  /** Throws Stopped when the image gets longer than `bytesMax`. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The last frame has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes a chunk and gives each payload that is complete; it is valid until the next one. ImageError if it is no image. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    this.#received += chunk.byteLength;
    if (this.#received > this.#bytesMax) throw tooLong(this.#bytesMax);
    this.#append(chunk);
    for (let payload = this.#next(); payload !== null; payload = this.#next()) yield payload;
  }

  #next(): Uint8Array | null {
    if (!this.#begun && !this.#begin()) return null;
    if (this.#ended) {
      if (this.#end > this.#start) throw damaged('something follows its end');
      return null;
    }
    const available = this.#end - this.#start;
    if (available < numberBytes) return null;
    const length = this.#number(this.#start);
    // SECURITY: room is made for what has come, never for what is announced.
    if (length > this.#bytesMax) throw tooLong(this.#bytesMax);
    if (available < numberBytes + length + numberBytes) return null;
    const start = this.#start + numberBytes;
    const end = start + length;
    this.#checksum = crc32(this.#bytes, this.#start, end, this.#checksum);
    if (this.#number(end) !== this.#checksum) throw damaged('a checksum is wrong');
    this.#start = end + numberBytes;
    this.#ended = length === 0;
    return this.#ended ? this.#next() : this.#bytes.subarray(start, end);
  }

  #begin(): boolean {
    const available = Math.min(this.#end - this.#start, magic.length);
    for (let i = 0; i < available; i++) {
      if (this.#bytes[this.#start + i] !== magic[i]) throw new ImageError('This is no heap image');
    }
    this.#begun = available === magic.length;
    if (this.#begun) this.#start += magic.length;
    return this.#begun;
  }

  #number(at: number): number {
    const bytes = this.#bytes;
    const high = (bytes[at + 3]! << 24) | (bytes[at + 2]! << 16);
    return (high | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0;
  }

  #append(chunk: Uint8Array): void {
    const kept = this.#end - this.#start;
    if (this.#end + chunk.byteLength > this.#bytes.byteLength) {
      const wanted = kept + chunk.byteLength;
      // Twice the room when it has to grow: a long frame that comes in small chunks is not copied each time.
      const target = wanted > this.#bytes.byteLength ? new Uint8Array(wanted * 2) : this.#bytes;
      target.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = target;
      this.#start = 0;
      this.#end = kept;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.byteLength;
  }
}

function tooLong(bytesMax: number): Stopped {
  const message = `The heap image is longer than the ${bytesMax} bytes it may have`;
  return new Stopped({ type: 'ResourceLimitError', message });
}
