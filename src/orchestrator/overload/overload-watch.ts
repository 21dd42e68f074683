// Looks at the load of this process once a second. While it is too much, new work is refused early, so that what is under way gets done.
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import { type Load, type LoadName, planOverload } from './plan-overload.ts';

export type OverloadWatchOptions = {
  readonly limits: Load;
  /** Since the last call. */
  readonly measure: () => Promise<Load>;
  readonly clock: Clock;
  readonly log: Log;
};

const intervalMs = 1_000;
/** Two looks and some: before that it cannot be over. */
const retryAfterSeconds = 3;

const namesOf: Readonly<Record<LoadName, string>> = {
  loopDelayMs: 'it is late with everything',
  residentBytes: 'it has too little memory left',
  openFiles: 'it has too many files and connections open',
};

export class OverloadWatch implements Disposable {
  readonly #options: OverloadWatchOptions;
  #over: ReadonlySet<LoadName> = new Set();
  #load: Load | null = null;
  #cancel = () => {};
  #closed = false;

  constructor(options: OverloadWatchOptions) {
    this.#options = options;
  }

  /** Begins to look. */
  start(): void {
    this.#cancel = this.#options.clock.after(intervalMs, () => void this.#look());
  }

  /** As last measured, and what of it is too much. */
  get figures(): { readonly load: Load | null; readonly over: readonly LoadName[] } {
    return { load: this.#load, over: [...this.#over] };
  }

  /** Throws `overloaded` while new work is not to be begun. */
  assertCalm(): void {
    const [first] = this.#over;
    if (first === undefined) return;
    throw new AppError('overloaded', {
      detail: `The service has too much to do: ${namesOf[first]}.`,
      retryAfterSeconds,
    });
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#cancel();
  }

  async #look(): Promise<void> {
    const { limits, measure, log } = this.#options;
    try {
      this.#load = await measure();
      const over = planOverload(this.#over, this.#load, limits);
      const facts = { ...this.#load, over: [...over] };
      if (over.size > 0 && this.#over.size === 0)
        log.warn(facts, 'overloaded: new work is refused');
      if (over.size === 0 && this.#over.size > 0) log.info(facts, 'not overloaded any more');
      this.#over = over;
    } catch (error) {
      log.warn({ err: error }, 'the load could not be measured');
    }
    if (!this.#closed) this.start();
  }
}
