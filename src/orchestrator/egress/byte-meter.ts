// What a session sends and receives, all connections together: counted, held to a rate (a token bucket of one second), and ended at a total.
import type { Clock } from '../foundation/clock.ts';
import { EgressRefusal } from './egress-refusal.ts';

export type ByteLimits = {
  /** Null for no limit. */
  readonly bytesPerSecond: number | null;
  readonly bytesTotal: number | null;
};

const burstMs = 1_000;
/** So many times a second something goes on where the rate is low. */
const partsPerSecond = 4;
const partBytesMax = 64 * 1024;

export type Direction = 'sent' | 'received';

type ByteMeterOptions = {
  readonly clock: Clock;
  /** What was counted before. */
  readonly bytes: number;
  readonly limits: ByteLimits;
  /** Called when there are more. */
  readonly counted?: (direction: Direction, bytes: number) => void;
};

export class ByteMeter {
  readonly #clock: Clock;
  readonly #counted: (direction: Direction, bytes: number) => void;
  readonly #waiting = new Set<() => void>();
  #limits: ByteLimits;
  #bytes: number;
  /** Monotonic time at which all that was let through is paid for. */
  #paidAt: number;

  constructor({ clock, bytes, limits, counted = () => {} }: ByteMeterOptions) {
    this.#clock = clock;
    this.#bytes = bytes;
    this.#limits = limits;
    this.#counted = counted;
    this.#paidAt = clock.monotonic() - burstMs;
  }

  /** Counted so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get exhausted(): boolean {
    const { bytesTotal } = this.#limits;
    return bytesTotal !== null && this.#bytes >= bytesTotal;
  }

  /** Holds at once, for those too who wait. */
  limit(limits: ByteLimits): void {
    this.#limits = limits;
    // What a slower rate had lent is forgotten, so that a faster one is felt at once.
    this.#paidAt = Math.min(this.#paidAt, this.#clock.monotonic());
    for (const wake of this.#waiting) wake();
  }

  /**
   * Waits until some of these bytes may pass, counts them, and gives how many, at least one. Throws EgressRefusal when no more may ever,
   * and the signal's reason.
   */
  async take(bytes: number, direction: Direction, signal: AbortSignal): Promise<number> {
    for (;;) {
      signal.throwIfAborted();
      if (this.exhausted) throw budgetSpent();
      const waitMs = this.#paidAt - this.#clock.monotonic();
      if (this.#limits.bytesPerSecond === null || waitMs <= 0) return this.#grant(bytes, direction);
      await this.#change(waitMs, signal);
    }
  }

  #grant(bytes: number, direction: Direction): number {
    const { bytesPerSecond, bytesTotal } = this.#limits;
    const left = bytesTotal === null ? bytes : bytesTotal - this.#bytes;
    const part =
      bytesPerSecond === null
        ? partBytesMax
        : Math.min(partBytesMax, Math.max(1, Math.floor(bytesPerSecond / partsPerSecond)));
    const granted = Math.min(bytes, left, part);
    this.#bytes += granted;
    this.#counted(direction, granted);
    if (bytesPerSecond !== null) {
      const from = Math.max(this.#paidAt, this.#clock.monotonic() - burstMs);
      this.#paidAt = from + (granted / bytesPerSecond) * 1000;
    }
    return granted;
  }

  async #change(waitMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(waitMs, resolve);
    this.#waiting.add(resolve);
    const abort = () => resolve();
    signal.addEventListener('abort', abort);
    await promise;
    signal.removeEventListener('abort', abort);
    cancel();
    this.#waiting.delete(resolve);
  }
}

export function budgetSpent(): EgressRefusal {
  return new EgressRefusal(
    'connection_limit_reached',
    'The session has sent and received as many bytes as it may',
  );
}
