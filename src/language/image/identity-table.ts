// Object → number, for more objects than one Map of V8 takes.

const mapSizeMax = 8 * 1024 * 1024;

export class IdentityTable {
  readonly #maps: Map<object, number>[] = [new Map()];

  get(key: object): number | undefined {
    for (const map of this.#maps) {
      const found = map.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  set(key: object, value: number): void {
    let last = this.#maps.at(-1)!;
    if (last.size === mapSizeMax) {
      last = new Map();
      this.#maps.push(last);
    }
    last.set(key, value);
  }
}
