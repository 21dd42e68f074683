// Takes a session down the idle ladder, one step after the other as each falls due. One timer, and only while a step is to come.
import type { Clock } from '../foundation/clock.ts';
import type { Step } from './idle-ladder.ts';

export type IdleWatchOptions = {
  readonly clock: Clock;
  /** The step that comes next, as things are now. */
  readonly next: () => Step | null;
  /** Takes a step that is due. False when it could not be taken; it is tried again after as long a time as led to it. */
  readonly take: (step: Step) => Promise<boolean>;
};

export class IdleWatch {
  readonly #options: IdleWatchOptions;
  #cancel: () => void = () => {};
  /** When the timer fires; null without one. */
  #firesAt: number | null = null;
  #notBefore = 0;
  #taking = false;
  #closed = false;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
  }

  /** To be called whenever there may be another next step, or another time for it. */
  look(): void {
    if (this.#closed || this.#taking) return;
    const at = this.#dueAt(this.#options.next());
    // A timer that fires too early looks again, so it only matters when it would fire too late.
    if (at === null || (this.#firesAt !== null && this.#firesAt <= at)) return;
    const { clock } = this.#options;
    this.#cancel();
    this.#firesAt = at;
    this.#cancel = clock.after(Math.max(1, at - clock.now()), () => void this.#fire());
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #fire(): Promise<void> {
    const { clock, next, take } = this.#options;
    this.#firesAt = null;
    const step = next();
    const at = this.#dueAt(step);
    if (step !== null && at !== null && at <= clock.now()) {
      this.#taking = true;
      const taken = await take(step);
      this.#taking = false;
      this.#notBefore = taken ? 0 : clock.now() + step.afterMs;
    }
    this.look();
  }

  #dueAt(step: Step | null): number | null {
    return step && Math.max(step.at, this.#notBefore);
  }
}
