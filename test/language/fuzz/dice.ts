// Chance that can be repeated: everything a fuzzer chooses comes from one seed.

export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 up to, but not including, `sides` (mulberry32). */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.roll(times) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.roll(items.length)]!;
  }

  /** Between `min` and `max` items. */
  some<Item>(min: number, max: number, make: () => Item): Item[] {
    return Array.from({ length: min + this.roll(max - min + 1) }, make);
  }
}
