// What was written lately, so that it is written once. The writer and the reader of an image empty their tables at the same
// moment, so that a session of any size needs only so much room for them.

/** The writer's side. */
export class RecentKeys<Key> {
  readonly #places = new Map<Key, number>();
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** Its place; null if it is not there, and from now on it is. */
  placeOf(key: Key): number | null {
    const place = this.#places.get(key);
    if (place !== undefined) return place;
    if (this.#places.size === this.#sizeMax) this.#places.clear();
    this.#places.set(key, this.#places.size);
    return null;
  }
}

/** The reader's side. */
export class RecentItems<Item> {
  readonly #items: Item[] = [];
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  add(item: Item): Item {
    if (this.#items.length === this.#sizeMax) this.#items.length = 0;
    this.#items.push(item);
    return item;
  }

  at(place: number): Item | undefined {
    return this.#items[place];
  }
}
