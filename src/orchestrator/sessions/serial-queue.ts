// One thing after another: all that changes a session goes through its queue, so that no two changes interleave.

export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs `task` when everything before it has ended; its result or failure is the caller's. */
  run<Result>(task: () => Promise<Result> | Result): Promise<Result> {
    const result = this.#tail.then(task);
    this.#tail = result.then(ignore, ignore);
    return result;
  }
}

function ignore(): void {}
