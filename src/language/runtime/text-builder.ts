// Builds a long text from pieces, asking for room as it grows. Pieces are flattened in chunks, because a tree of millions
// of short concatenations costs V8 many times the text itself.
import type { BuiltinContext } from '../builtins/builtin.ts';

/** Counts work and asks for room; where there is none (null), the caller bounds the text. */
export type Meter = Pick<BuiltinContext, 'step' | 'allocate'>;

const chunkLength = 16 * 1024;

export class TextBuilder {
  readonly #meter: Meter | null;
  readonly #parts: string[] = [];
  #chunk = '';
  #partsLength = 0;
  #askAtLength = chunkLength;

  constructor(meter: Meter | null) {
    this.#meter = meter;
  }

  get length(): number {
    return this.#partsLength + this.#chunk.length;
  }

  append(piece: string): void {
    if (this.#chunk.length + piece.length > chunkLength) this.#flush(piece.length);
    this.#chunk += piece;
  }

  toString(): string {
    this.#meter?.allocate(this.length * 2);
    return this.#parts.length === 0 ? this.#chunk : this.#parts.join('') + this.#chunk;
  }

  #flush(further: number): void {
    const length = this.length;
    this.#meter?.step((this.#chunk.length >> 4) + 1);
    if (length + further > this.#askAtLength) {
      this.#meter?.allocate((length + further) * 2);
      // Asking at every doubling is enough: the answer is about the whole text, not about the difference.
      this.#askAtLength = Math.min(length + further + 4 * 1024 * 1024, (length + further) * 2);
    }
    this.#chunk.charCodeAt(0);
    if (this.#chunk !== '') this.#parts.push(this.#chunk);
    this.#partsLength = length;
    this.#chunk = '';
  }
}
