// Lines that take turns, each as often as its weight says: for samples of which it is known how many were at which line, but not which.

export class LineTurns {
  readonly #weights = new Map<number, { weight: number; taken: number }>();
  #total = 0;
  #taken = 0;

  get none(): boolean {
    return this.#weights.size === 0;
  }

  add(line: number, weight: number): void {
    const known = this.#weights.get(line);
    if (known === undefined) this.#weights.set(line, { weight, taken: 0 });
    else known.weight += weight;
    this.#total += weight;
  }

  /** The line that is most behind; null where there are none. */
  next(): number | null {
    let next: number | null = null;
    let most = Number.NEGATIVE_INFINITY;
    for (const [line, { weight, taken }] of this.#weights) {
      const behind = weight * (this.#taken + 1) - taken * this.#total;
      if (behind > most) {
        most = behind;
        next = line;
      }
    }
    if (next === null) return null;
    this.#weights.get(next)!.taken++;
    this.#taken++;
    return next;
  }
}
