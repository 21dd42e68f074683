// How much a client may ask: messages a second, with a burst of the same size, and offences a minute.
import type { Clock } from '../../foundation/clock.ts';

const offencesMax = 5;
const offencesWithinMs = 60_000;

export class MessageBudget {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #left: number;
  #refilledAt: number;
  #offences: number[] = [];

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#refilledAt = clock.monotonic();
  }

  /** False when the client has used up its messages. */
  take(): boolean {
    const now = this.#clock.monotonic();
    const earned = ((now - this.#refilledAt) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + earned);
    this.#refilledAt = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Notes a message that no working client sends; false when it was the last one that is borne. */
  offend(): boolean {
    const now = this.#clock.monotonic();
    this.#offences = this.#offences.filter((at) => now - at < offencesWithinMs);
    this.#offences.push(now);
    return this.#offences.length < offencesMax;
  }
}
