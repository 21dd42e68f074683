// Watches the worker's heap so that a program that fills it ends with an error and the session keeps its state. V8's own hard
// limit lies above and would cost the whole worker.
import { getHeapStatistics } from 'node:v8';
import type { StopReason } from '#language';

/** Room that a program gets when the session holds nearly all it may: enough to look around and to free something. */
const headroomBytes = 8 * 1024 * 1024;
/** Never as near as that to V8's limit. */
const hardDistanceBytes = 12 * 1024 * 1024;
/** A collection may take at most this part of the time, unless the hard limit is near. */
const collectionShareMax = 0.2;

export type HeapGuardOptions = {
  readonly softBytes: number;
  readonly hardBytes: number;
  /** A full garbage collection of this thread. */
  readonly collect: () => void;
};

export class HeapGuard {
  readonly #options: HeapGuardOptions;
  readonly #ceilingBytes: number;
  #limitBytes: number;
  #peakBytes = 0;
  #collectedAt = 0;
  #collectionMs = 0;

  constructor(options: HeapGuardOptions) {
    this.#options = options;
    this.#ceilingBytes = options.hardBytes - hardDistanceBytes;
    this.#limitBytes = Math.min(options.softBytes, this.#ceilingBytes);
  }

  /** Highest use that was seen since `begin`. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** An execution begins. */
  begin(): void {
    const { softBytes } = this.#options;
    let used = usedBytes();
    if (used + headroomBytes > softBytes) used = this.#collect(performance.now());
    this.#peakBytes = used;
    this.#limitBytes = Math.min(Math.max(softBytes, used + headroomBytes), this.#ceilingBytes);
  }

  /** Null while the heap is within its limit; `now` is the monotonic time in ms. */
  check(now: number): StopReason | null {
    let used = usedBytes();
    if (used > this.#peakBytes) this.#peakBytes = used;
    if (used <= this.#limitBytes) return null;
    const isDue = (now - this.#collectedAt) * collectionShareMax > this.#collectionMs;
    if (!isDue && used < (this.#limitBytes + this.#ceilingBytes) / 2) return null;
    used = this.#collect(now);
    if (used <= this.#limitBytes) return null;
    const megabytes = Math.round(this.#options.softBytes / (1024 * 1024));
    return { type: 'ResourceLimitError', message: `Memory limit of ${megabytes} MB exceeded` };
  }

  #collect(now: number): number {
    this.#options.collect();
    this.#collectedAt = performance.now();
    this.#collectionMs = this.#collectedAt - now;
    return usedBytes();
  }
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size;
}
