// While somebody holds a session, nothing new is handed to its agent: for looking at a state that stands still.

export type Hold = {
  /** Resolves when nothing runs any more. */
  readonly quiet: Promise<void>;
  /** Again does nothing. */
  release(): void;
};

export class Holds {
  #count = 0;
  #waiting: (() => void)[] = [];

  get any(): boolean {
    return this.#count > 0;
  }

  /** `isQuiet`: nothing runs at this moment. */
  take(isQuiet: boolean): Hold {
    this.#count++;
    let held = true;
    return {
      quiet: isQuiet ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve)),
      release: () => {
        if (held) this.#count--;
        held = false;
      },
    };
  }

  /** What ran has ended. */
  quieten(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
