// Every wait of the API has an end: a deadline, or the end of the service.
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';

export class Waits {
  readonly #clock: Clock;
  readonly #closing = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Fires when the service stops. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Ends all waits: those under way throw `shutting_down`. */
  close(): void {
    this.#closing.abort(new AppError('shutting_down'));
  }

  /**
   * The work's outcome, or AppError `deadline_exceeded` or `shutting_down`. The signal tells the work to stop; one that does not listen is
   * left behind. `gone` stops it too.
   */
  async within<Result>(
    ms: number,
    work: (signal: AbortSignal) => Promise<Result>,
    gone?: AbortSignal,
  ): Promise<Result> {
    const controller = new AbortController();
    const { promise: given, reject: giveUp } = Promise.withResolvers<never>();
    const stop = (reason: unknown) => {
      controller.abort(reason);
      giveUp(reason);
    };
    const onClosing = () => stop(this.#closing.signal.reason);
    const onGone = () => stop(gone!.reason);
    const cancelTimer = this.#clock.after(ms, () => stop(new AppError('deadline_exceeded')));
    this.#closing.signal.addEventListener('abort', onClosing);
    gone?.addEventListener('abort', onGone);
    try {
      this.#closing.signal.throwIfAborted();
      gone?.throwIfAborted();
      return await Promise.race([work(controller.signal), given]);
    } finally {
      cancelTimer();
      this.#closing.signal.removeEventListener('abort', onClosing);
      gone?.removeEventListener('abort', onGone);
    }
  }
}
