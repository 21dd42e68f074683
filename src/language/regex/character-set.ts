// A set of characters (code points, or UTF-16 units where a pattern knows nothing else) as sorted ranges. Never changes.

/** The last character of a text that is read by code points, and of one that is read by units. */
export const codePointMax = 0x10ffff;
export const unitMax = 0xffff;

export class CharacterSet {
  /** from, to, from, to …: ascending, not touching one another. */
  readonly ranges: readonly number[];

  private constructor(ranges: readonly number[]) {
    this.ranges = ranges;
  }

  static readonly empty = new CharacterSet([]);
  static readonly all = new CharacterSet([0, codePointMax]);

  /** From ranges in any order: from, to, from, to … */
  static of(...ranges: number[]): CharacterSet {
    return CharacterSet.from(ranges);
  }

  static from(ranges: readonly number[]): CharacterSet {
    const pairs: [number, number][] = [];
    for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i]!, ranges[i + 1]!]);
    pairs.sort((a, b) => a[0] - b[0]);
    const joined: number[] = [];
    for (const [from, to] of pairs) {
      const last = joined.length - 1;
      if (last > 0 && from <= joined[last]! + 1) joined[last] = Math.max(joined[last]!, to);
      else joined.push(from, to);
    }
    return new CharacterSet(joined);
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  /** The one member, or null if there are more or none. */
  get single(): number | null {
    const [from, to] = this.ranges;
    return this.ranges.length === 2 && from === to ? from! : null;
  }

  get size(): number {
    let size = 0;
    for (let i = 0; i < this.ranges.length; i += 2)
      size += this.ranges[i + 1]! - this.ranges[i]! + 1;
    return size;
  }

  /** Its members, ascending. */
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.ranges.length; i += 2) {
      for (let character = this.ranges[i]!; character <= this.ranges[i + 1]!; character++)
        yield character;
    }
  }

  get last(): number {
    return this.ranges.at(-1) ?? -1;
  }

  has(character: number): boolean {
    const { ranges } = this;
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = ((low + high) >> 2) << 1;
      if (character < ranges[middle]!) high = middle;
      else if (character > ranges[middle + 1]!) low = middle + 2;
      else return true;
    }
    return false;
  }

  union(other: CharacterSet): CharacterSet {
    if (this.isEmpty) return other;
    if (other.isEmpty) return this;
    return CharacterSet.from([...this.ranges, ...other.ranges]);
  }

  /** All characters up to `max` that are not in it. */
  inverted(max: number): CharacterSet {
    const ranges: number[] = [];
    let next = 0;
    for (let i = 0; i < this.ranges.length; i += 2) {
      const from = this.ranges[i]!;
      if (from > next) ranges.push(next, Math.min(from - 1, max));
      next = this.ranges[i + 1]! + 1;
      if (next > max) break;
    }
    if (next <= max) ranges.push(next, max);
    return new CharacterSet(ranges);
  }

  intersection(other: CharacterSet): CharacterSet {
    const ranges: number[] = [];
    for (let i = 0, k = 0; i < this.ranges.length && k < other.ranges.length; ) {
      const from = Math.max(this.ranges[i]!, other.ranges[k]!);
      const to = Math.min(this.ranges[i + 1]!, other.ranges[k + 1]!);
      if (from <= to) ranges.push(from, to);
      if (this.ranges[i + 1]! < other.ranges[k + 1]!) i += 2;
      else k += 2;
    }
    return new CharacterSet(ranges);
  }

  intersects(other: CharacterSet): boolean {
    return !this.intersection(other).isEmpty;
  }

  isWithin(other: CharacterSet): boolean {
    return !this.intersects(other.inverted(codePointMax));
  }
}
