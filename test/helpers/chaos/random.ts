// Chance that is the same for the same seed.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** In 0..1, 1 excluded (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    const state = this.#state;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0, `limit` excluded. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** One of the rows, the more often the larger its weight. */
  weighted<Item extends { readonly weight: number }>(rows: readonly Item[]): Item {
    let rest = this.next() * rows.reduce((sum, { weight }) => sum + weight, 0);
    for (const row of rows) {
      rest -= row.weight;
      if (rest < 0) return row;
    }
    return rows.at(-1)!;
  }

  /** Chance of its own, that does not depend on who else draws when. */
  branch(): Random {
    return new Random(this.below(2 ** 31));
  }
}
