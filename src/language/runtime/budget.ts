// How long a program may go on: one countdown for calls, loop rounds and the work of built-ins. Whenever it runs out the host
// is asked, which costs microseconds and so must be rare.
import type { Host, StopReason } from '../host.ts';
import { Stopped } from './raised.ts';

/** Calls within calls that a program may make; further ones are its RangeError (SPEC 5.2). */
export const callDepthMax = 5000;
/** Steps between two questions to the host. */
const stepsPerPoll = 10_000;
/** Rounds that a loop takes at a time; emitted code counts them down in a register. */
const roundsPerPortion = 1000;

export class Budget {
  /** Steps left until the host is asked. Emitted code counts it down at calls. */
  fuel = stepsPerPoll;
  /** False from the moment the program must stop: no `finally` of it runs any more. */
  live = true;
  /** Told of every safe point that asks the host; while a program is watched only. */
  watcher: (() => void) | null = null;
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** A new execution begins. */
  begin(): void {
    this.fuel = stepsPerPoll;
    this.live = true;
  }

  /** Asks the host. Throws Stopped when the program must end. */
  poll(): void {
    this.fuel = stepsPerPoll;
    this.watcher?.();
    const reason = this.#host.poll();
    if (reason !== null) throw this.stop(reason);
  }

  spend(steps: number): void {
    this.fuel -= steps;
    if (this.fuel < 0) this.poll();
  }

  /** The next portion of rounds for a loop. */
  portion(): number {
    this.spend(roundsPerPortion);
    return roundsPerPortion;
  }

  /** `throw budget.stop(reason)` */
  stop(reason: StopReason): Stopped {
    this.live = false;
    return new Stopped(reason);
  }
}
