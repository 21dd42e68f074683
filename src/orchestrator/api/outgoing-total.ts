// What all clients together have not read yet. Each has its own bound, but thousands that stop reading at the same time would take the
// memory of thousands: past the bound on all, those with the most are dropped.
import type { Writable } from 'node:stream';

/** Whoever holds back what a client does not read. */
export type Holder = {
  readonly unsentBytes: number;
  /** Ends the connection at once, and frees what it holds. */
  drop(): void;
};

export class OutgoingTotal {
  readonly #bytesMax: number;
  /** Those whose connection takes no more at the moment, with what they had when they were last looked at. */
  readonly #behind = new Map<Holder, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** To be called after each write. Costs nothing as long as the client reads. */
  wrote(holder: Holder, stream: Writable): void {
    if (!stream.writableNeedDrain) return;
    if (!this.#behind.has(holder)) {
      const forget = () => {
        stream.off('drain', forget);
        stream.off('close', forget);
        this.#count(holder, 0);
      };
      stream.on('drain', forget);
      stream.on('close', forget);
    }
    this.#count(holder, holder.unsentBytes);
    if (this.#bytes > this.#bytesMax) this.#relieve();
  }

  /** Some have read since they were last looked at, so all are looked at once more before anyone goes. */
  #relieve(): void {
    for (const holder of this.#behind.keys()) this.#count(holder, holder.unsentBytes);
    const mostFirst = [...this.#behind].toSorted(([, a], [, b]) => b - a);
    for (const [holder] of mostFirst) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#count(holder, 0);
      holder.drop();
    }
  }

  #count(holder: Holder, bytes: number): void {
    this.#bytes += bytes - (this.#behind.get(holder) ?? 0);
    if (bytes === 0) this.#behind.delete(holder);
    else this.#behind.set(holder, bytes);
  }
}
