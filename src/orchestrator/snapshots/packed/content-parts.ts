// Cuts a stream into parts where its content says so (FastCDC, USENIX ATC 2016), so that an insertion moves only the
// cuts around it and all other parts stay what they were.
//
// A rolling hash over the last 32 bytes decides. While a part is below the average size, more bits of the hash must be
// zero than afterwards: that keeps sizes near the average.

import type { Buffers } from './buffers.ts';

/** Half the average: no byte before the smallest size is looked at, and that is most of the work. */
export const partBytesMin = 64 * 1024;
export const partBytesAverage = 128 * 1024;
export const partBytesMax = 512 * 1024;

// The highest bits, which every byte of the window has moved.
const strictMask = -1 << (32 - 17);
const easyMask = -1 << (32 - 15);

/** A number without a pattern for each byte, the same for ever: with others nothing stored before would be found again. */
const gear = gearNumbers();

export class ContentParts {
  readonly #buffers: Buffers;
  /** The part whose end has not come yet, once it has begun. A copy: a source may use its buffers again. */
  #part: Buffer | null = null;
  #sizeBytes = 0;
  #hash = 0;

  /** Whoever gets a part gives its buffer back to these. */
  constructor(buffers: Buffers) {
    this.#buffers = buffers;
  }

  /** The parts that end within these bytes, in order. */
  *add(bytes: Uint8Array): Generator<Buffer> {
    let start = 0;
    for (let end = this.#findEnd(bytes, 0); end > 0; end = this.#findEnd(bytes, start)) {
      this.#copy(bytes.subarray(start, end));
      yield this.#take();
      start = end;
    }
    this.#copy(bytes.subarray(start));
  }

  /** What is left when the stream ends. */
  *end(): Generator<Buffer> {
    if (this.#sizeBytes > 0) yield this.#take();
  }

  #copy(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#part ??= this.#buffers.take(partBytesMax);
    this.#part.set(bytes, this.#sizeBytes);
    this.#sizeBytes += bytes.length;
  }

  #take(): Buffer {
    const part = this.#part!.subarray(0, this.#sizeBytes);
    this.#part = null;
    this.#sizeBytes = 0;
    this.#hash = 0;
    return part;
  }

  /** Where the part that goes on at `start` ends; 0 when it goes on after these bytes. */
  #findEnd(bytes: Uint8Array, start: number): number {
    const partStart = start - this.#sizeBytes;
    const strictEnd = partStart + partBytesAverage;
    const end = Math.min(partStart + partBytesMax, bytes.length);
    let hash = this.#hash;
    for (let position = Math.max(start, partStart + partBytesMin); position < end; ) {
      const mask = position < strictEnd ? strictMask : easyMask;
      hash = ((hash << 1) + gear[bytes[position++]!]!) | 0;
      if ((hash & mask) === 0) return position;
    }
    this.#hash = hash;
    return end === partStart + partBytesMax ? end : 0;
  }
}

/** The first numbers of a xorshift generator (Marsaglia 2003). */
function gearNumbers(): Int32Array {
  let state = 0x2545f491;
  return Int32Array.from({ length: 256 }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}
