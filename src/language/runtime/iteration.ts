// `for (k in v)` and `for (x of v)` (SPEC 5.3): one small class per kind of thing, so that loops over one kind stay fast.
import type { BuiltinContext } from '../builtins/builtin.ts';
import { typeName } from './display.ts';
import { raise } from './raised.ts';
import { settled } from './undecided.ts';
import { decodeKey, ObjectValue, type Value } from './value.ts';

/** The items of a loop one after another; undefined at the end. */
export interface Items {
  next(): Value | undefined;
}

/** Starts a loop over a value. TypeError where there is nothing to loop over. */
export function iterate(context: BuiltinContext, value: Value, operator: 'in' | 'of'): Items {
  const target = settled(value);
  if (Array.isArray(target)) return new ElementItems(target);
  if (typeof target === 'string') return new CharacterItems(target);
  if (target instanceof ObjectValue) {
    const names = Object.keys(target);
    context.step(names.length);
    return new EntryItems(target, names, operator === 'in');
  }
  throw raise('TypeError', `Cannot iterate over ${typeName(value)}`);
}

/** Live: elements appended during the loop are visited. */
class ElementItems implements Items {
  readonly #array: readonly Value[];
  #next = 0;
  constructor(array: readonly Value[]) {
    this.#array = array;
  }
  next(): Value | undefined {
    return this.#next < this.#array.length ? this.#array[this.#next++] : undefined;
  }
}

/** Code points; a lone surrogate is one of its own. */
class CharacterItems implements Items {
  readonly #text: string;
  #next = 0;
  constructor(text: string) {
    this.#text = text;
  }
  next(): Value | undefined {
    const codePoint = this.#text.codePointAt(this.#next);
    if (codePoint === undefined) return undefined;
    const start = this.#next;
    this.#next += codePoint > 0xffff ? 2 : 1;
    return this.#text.slice(start, this.#next);
  }
}

/** The keys that the object had at the start, without those removed meanwhile. */
class EntryItems implements Items {
  readonly #object: ObjectValue;
  readonly #names: readonly string[];
  readonly #keys: boolean;
  #next = 0;
  constructor(object: ObjectValue, names: readonly string[], keys: boolean) {
    this.#object = object;
    this.#names = names;
    this.#keys = keys;
  }
  next(): Value | undefined {
    while (this.#next < this.#names.length) {
      const name = this.#names[this.#next++]!;
      const value = this.#object[name];
      if (value !== undefined) return this.#keys ? decodeKey(name) : value;
    }
    return undefined;
  }
}
