// Large buffers that are used again and again: making one for every small snapshot, and throwing it away, takes longer than
// all else that is done for it.

export class Buffers {
  readonly #freeBytesMax: number;
  readonly #free = new Map<number, ArrayBufferLike[]>();
  #freeBytes = 0;

  /** Keeps so many bytes at most for later. */
  constructor(freeBytesMax: number) {
    this.#freeBytesMax = freeBytesMax;
  }

  /** Bytes that are kept for later. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** A buffer that nobody else has, with anything in it. */
  take(sizeBytes: number): Buffer {
    const memory = this.#free.get(sizeBytes)?.pop();
    if (memory === undefined) return Buffer.allocUnsafeSlow(sizeBytes);
    this.#freeBytes -= sizeBytes;
    return Buffer.from(memory);
  }

  /**
   * Whoever gives back a buffer that was taken, or the beginning of one, does not look at it again. One that is not given back is
   * garbage like any other.
   */
  give({ buffer: memory }: Buffer): void {
    const sizeBytes = memory.byteLength;
    if (this.#freeBytes + sizeBytes > this.#freeBytesMax) return;
    const free = this.#free.get(sizeBytes) ?? [];
    if (free.push(memory) === 1) this.#free.set(sizeBytes, free);
    this.#freeBytes += sizeBytes;
  }
}
