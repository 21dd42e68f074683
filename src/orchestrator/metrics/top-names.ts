// The few names that have figures of their own, of any number of names that have some. A name keeps its place until one that uses much
// more needs it. Holds no I/O.

/** How much more than one of the few another must use to take its place, so that places do not change back and forth. */
const marginFactor = 2;
/** Of what was used before, with each look. */
const memoryShare = 0.5;

export class TopNames {
  readonly #countMax: number;
  readonly #reserved: ReadonlySet<string>;
  /** By name, what was used of late. */
  #scores = new Map<string, number>();
  readonly #top = new Set<string>();

  /** `reserved` never have figures of their own. */
  constructor(countMax: number, reserved: readonly string[]) {
    this.#countMax = countMax;
    this.#reserved = new Set(reserved);
  }

  get names(): readonly string[] {
    return [...this.#top];
  }

  has(name: string): boolean {
    return this.#top.has(name);
  }

  /** What each name used since the last look. Gives the names that are not among the few any more. */
  look(used: ReadonlyMap<string, number>): string[] {
    const scores = new Map<string, number>();
    for (const name of new Set([...used.keys(), ...this.#top]))
      if (!this.#reserved.has(name))
        scores.set(name, (used.get(name) ?? 0) + (this.#scores.get(name) ?? 0) * memoryShare);
    this.#scores = scores;
    const score = (name: string) => scores.get(name) ?? 0;
    const candidates = [...scores.keys()]
      .filter((name) => !this.#top.has(name))
      .sort((one, other) => score(other) - score(one));
    const gone: string[] = [];
    for (const name of candidates) {
      if (this.#top.size >= this.#countMax) {
        const [least] = [...this.#top].sort((one, other) => score(one) - score(other));
        if (least === undefined || score(name) <= score(least) * marginFactor) break;
        this.#top.delete(least);
        gone.push(least);
      }
      this.#top.add(name);
    }
    return gone;
  }
}
