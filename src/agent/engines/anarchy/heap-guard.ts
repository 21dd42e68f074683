// Watches the worker's heap so that a program that fills it ends with an error and the session keeps its state. V8's own hard
// limit lies above and would cost the whole worker.
import { getHeapStatistics } from 'node:v8';
import type { StopReason } from '#language';

/** Room that a program gets when the session holds nearly all it may: enough to look around and to free something. */
const headroomBytes = 8 * 1024 * 1024;
/** Never as near as that to V8's limit. */
const hardDistanceBytes = 12 * 1024 * 1024;
/** What loading takes beside what is loaded. */
const loadBytesMin = 16 * 1024 * 1024;
const loadShare = 0.25;
/** Garbage above the limit that is always worth a collection; less is when the last one was long ago. */
const toleranceBytesMin = 4 * 1024 * 1024;
const toleranceShare = 0.125;
/** Part of the time that collections of less may take. */
const collectionShareMax = 0.2;

export type HeapGuardOptions = {
  /** V8's own limit for this thread. */
  readonly hardBytes: number;
  /** A full garbage collection of this thread. */
  readonly collect: () => void;
};

export class HeapGuard {
  /** What the values of a program may take; counts from the next execution on. */
  softBytes = 0;
  readonly #collectNow: () => void;
  readonly #ceilingBytes: number;
  #limitBytes = 0;
  #peakBytes = 0;
  #collectedAt = 0;
  #collectionMs = 0;

  constructor({ hardBytes, collect }: HeapGuardOptions) {
    this.#collectNow = collect;
    this.#ceilingBytes = hardBytes - hardDistanceBytes;
  }

  /** Highest use that was seen since `begin`, now included. */
  get peakBytes(): number {
    return Math.max(this.#peakBytes, usedBytes());
  }

  /** An execution begins. */
  begin(): void {
    const { softBytes } = this;
    let used = usedBytes();
    // What the last program left behind shall not widen the limit of this one, so only what lives counts. It costs
    // those sessions some milliseconds that hold nearly all they may.
    if (used + headroomBytes > softBytes) used = this.#collect(performance.now());
    this.#peakBytes = used;
    this.#limitBytes = Math.min(Math.max(softBytes, used + headroomBytes), this.#ceilingBytes);
  }

  /** The state is about to be saved: that may take what V8 allows, for it leaves nothing behind. */
  beginSave(): void {
    this.#peakBytes = usedBytes();
    this.#limitBytes = this.#ceilingBytes;
  }

  /** A state is about to be loaded, beside the one that is there. */
  beginLoad(): void {
    const used = this.#collect(performance.now());
    const roomBytes = this.softBytes + Math.max(loadBytesMin, this.softBytes * loadShare);
    this.#peakBytes = used;
    this.#limitBytes = Math.min(used + roomBytes, this.#ceilingBytes);
  }

  /** Null while the heap is within its limit; `now` is the monotonic time in ms. */
  check(now: number): StopReason | null {
    const used = usedBytes();
    if (used > this.#peakBytes) this.#peakBytes = used;
    if (used <= this.#limitBytes || !this.#isCollectionDue(used, now)) return null;
    if (this.#collect(now) <= this.#limitBytes) return null;
    const megabytes = Math.round(this.softBytes / (1024 * 1024));
    return { type: 'ResourceLimitError', message: `Memory limit of ${megabytes} MB exceeded` };
  }

  /** A program that makes garbage close to its limit shall not spend its time on collections. */
  #isCollectionDue(used: number, now: number): boolean {
    const toleranceBytes = Math.max(toleranceBytesMin, this.softBytes * toleranceShare);
    const isFar = used > Math.min(this.#limitBytes + toleranceBytes, this.#ceilingBytes);
    return isFar || (now - this.#collectedAt) * collectionShareMax > this.#collectionMs;
  }

  /** Gives the bytes that are left. */
  #collect(now: number): number {
    this.#collectNow();
    this.#collectedAt = performance.now();
    this.#collectionMs = this.#collectedAt - now;
    return usedBytes();
  }
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size;
}
