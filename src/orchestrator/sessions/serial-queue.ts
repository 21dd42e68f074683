// One thing after another: all that changes a session goes through its queue, so that no two changes interleave.
import type { Uses } from './uses.ts';

export class SerialQueue {
  readonly #uses: Uses;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #release = () => {};

  /** The queue is one of the uses as long as anything is in it. */
  constructor(uses: Uses) {
    this.#uses = uses;
  }

  /** Runs `task` when everything before it has ended; its result or failure is the caller's. */
  run<Result>(task: () => Promise<Result> | Result): Promise<Result> {
    if (this.#waiting++ === 0) this.#release = this.#uses.take();
    const result = this.#tail.then(task);
    this.#tail = result.then(this.#ended, this.#ended);
    return result;
  }

  readonly #ended = (): void => {
    if (--this.#waiting === 0) this.#release();
  };
}
