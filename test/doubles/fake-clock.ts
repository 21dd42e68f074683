// A clock that tests move. Timers run inside `advance`, in the order of their time.
import type { Clock } from '../../src/orchestrator/foundation/clock.ts';

type Timer = { readonly at: number; readonly callback: () => void };

export class FakeClock implements Clock {
  #start: number;
  readonly #timers = new Set<Timer>();
  #elapsed = 0;

  /** `start` is the wall clock at first, milliseconds since 1970. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  /** Somebody sets the wall clock: no time passes. */
  setNow(now: number): void {
    this.#start = now - this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#elapsed + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that are waiting. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers that were set meanwhile run too when their time comes. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (let timer = this.#next(end); timer !== null; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#elapsed = Math.max(this.#elapsed, timer.at);
      timer.callback();
    }
    this.#elapsed = end;
  }

  #next(end: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers)
      if (timer.at <= end && (next === null || timer.at < next.at)) next = timer;
    return next;
  }
}
