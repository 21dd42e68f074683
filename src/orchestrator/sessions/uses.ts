// What keeps a session in memory, counted: requests, followers, work in its queues, removals that are under way.

export class Uses {
  readonly #ended: () => void;
  #count = 0;

  /** `ended` is called each time when the last use has ended. */
  constructor(ended: () => void = () => {}) {
    this.#ended = ended;
  }

  get none(): boolean {
    return this.#count === 0;
  }

  /** Begins a use; the result ends it, and does nothing when it is called again. */
  take(): () => void {
    this.#count++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#count--;
      if (this.#count === 0) this.#ended();
    };
  }
}
