// Lets so many through at a time; the others wait in the order they came.

export class Gate {
  readonly #atOnceMax: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(atOnceMax: number) {
    this.#atOnceMax = atOnceMax;
  }

  /** Runs `work` when there is room; its result or failure is the caller's. */
  async through<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#inside < this.#atOnceMax) this.#inside++;
    else await new Promise<void>((admit) => this.#waiting.push(admit));
    try {
      return await work();
    } finally {
      // The room goes on to the next one.
      const admit = this.#waiting.shift();
      if (admit) admit();
      else this.#inside--;
    }
  }
}
