// Objects with given keys for an image's reader, made so that V8 knows them later: those of a list of keys that comes often by the
// same constructor that emitted code uses.
import type { Shape } from '../runtime/shapes.ts';
import { encodeKey, ObjectValue } from '../runtime/value.ts';

/** Objects of one list of keys that are made without a constructor: making one takes as long as some dozens of objects. */
const plainMax = 32;
const shapesMax = 1024;

type Known = { readonly names: readonly string[]; count: number; shape: Shape | null };

export class ObjectMaker {
  readonly #shapeOf: (keys: readonly string[]) => Shape;
  readonly #known = new WeakMap<readonly string[], Known>();
  #shapes = 0;

  constructor(shapeOf: (keys: readonly string[]) => Shape) {
    this.#shapeOf = shapeOf;
  }

  /** An object with these keys in this order, the values to be set. The same list again means the same keys. */
  make(keys: readonly string[]): ObjectValue {
    let known = this.#known.get(keys);
    if (known === undefined) {
      known = { names: keys.map(encodeKey), count: 0, shape: null };
      this.#known.set(keys, known);
    }
    known.count++;
    if (known.count === plainMax && this.#shapes < shapesMax) {
      this.#shapes++;
      known.shape = this.#shapeOf(keys);
    }
    if (known.shape !== null) return new known.shape();
    const object = new ObjectValue();
    for (const name of known.names) object[name] = undefined;
    return object;
  }
}
