// Buffers of one size that are used again and again: the collector has much to do for every megabyte that is thrown away.

export class Buffers {
  readonly #sizeBytes: number;
  readonly #free: ArrayBufferLike[] = [];

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  /** A buffer that nobody else has, with anything in it. */
  take(): Buffer {
    const memory = this.#free.pop();
    return memory ? Buffer.from(memory) : Buffer.allocUnsafeSlow(this.#sizeBytes);
  }

  /** Whoever gives back a buffer, or a part of one, does not look at it again. */
  give(buffer: Buffer): void {
    this.#free.push(buffer.buffer);
  }
}
