// The losses of one session's sandboxes: how many there were of late, and what clients are told of one.
import type { Clock } from '../foundation/clock.ts';

export type Loss = { readonly reason: string; readonly detail: string };

/** More losses than `lossesMax` within `windowMs`, and a session waits for the next request instead of starting another sandbox. */
const lossesMax = 3;
const windowMs = 60_000;

export class RecentLosses {
  readonly #clock: Clock;
  #times: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one that happens now; true when they are too many. */
  add(): boolean {
    const now = this.#clock.monotonic();
    this.#times = [...this.#times.filter((at) => now - at < windowMs), now];
    return this.#times.length > lossesMax;
  }
}

/** `version`: the one that the session falls back to; null for none. */
export function lossMessage(loss: Loss, version: number | null): string {
  const after =
    version === null ? 'its variables are lost' : `the session goes on from version ${version}`;
  switch (loss.reason) {
    case 'outOfMemory':
      return `The sandbox ran out of memory and was killed; ${after}`;
    case 'unresponsive':
      return `The sandbox did not answer and was killed; ${after}`;
    default:
      return version === null
        ? 'The sandbox was lost, and its variables with it'
        : `The sandbox was lost; ${after}`;
  }
}
