// Tripwires: whether anything of the host that all code shares was changed.

/** Notes what the objects are like that every program of the host shares. */
export class GlobalWatch {
  #before = snapshot();

  /** The first thing that changed since the last look; null if nothing did. */
  changed(): string | null {
    const before = this.#before;
    this.#before = snapshot();
    for (const [name, parts] of this.#before) {
      const known = before.get(name) ?? new Map();
      for (const key of new Set([...known.keys(), ...parts.keys()])) {
        const [was, is] = [known.get(key), parts.get(key)];
        const same =
          was?.length === is?.length && is?.every((part, i) => Object.is(part, was?.[i]));
        if (!same) return `${name} has another ${String(key)}`;
      }
    }
    return null;
  }
}

type Parts = Map<string | symbol, readonly unknown[]>;

/** Of each watched object: its prototype, and all that is known of each property. */
function snapshot(): Map<string, Parts> {
  return new Map(
    watched.map(([name, object]) => {
      const parts: Parts = new Map();
      for (const key of Reflect.ownKeys(object)) {
        // Node keeps modules that it loads late under symbols of the global object.
        if (object === globalThis && typeof key === 'symbol') continue;
        const found = Object.getOwnPropertyDescriptor(object, key);
        parts.set(key, [
          found?.value,
          found?.get,
          found?.set,
          found?.writable,
          found?.configurable,
        ]);
      }
      parts.set(prototype, [Object.getPrototypeOf(object), Object.isExtensible(object)]);
      return [name, parts];
    }),
  );
}

const prototype = Symbol('prototype');
const constructors = [
  ...[
    Object,
    Function,
    Array,
    String,
    Number,
    Boolean,
    Symbol,
    BigInt,
    Error,
    TypeError,
    RangeError,
  ],
  ...[Map, Set, WeakMap, WeakSet, WeakRef, Promise, RegExp, Date, Proxy, ArrayBuffer, Uint8Array],
];
const namespaces = { Math, JSON, Reflect, globalThis };
const iterators = {
  'array iterator': Object.getPrototypeOf([][Symbol.iterator]()),
  'map iterator': Object.getPrototypeOf(new Map()[Symbol.iterator]()),
  iterator: Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
  generator: Object.getPrototypeOf(function* () {}),
  'async function': Object.getPrototypeOf(async () => {}),
};
const watched: readonly (readonly [string, object])[] = [
  ...constructors.map((made) => [made.name, made] as const),
  ...constructors
    .filter((made) => made.prototype !== undefined)
    .map((made) => [`${made.name}.prototype`, made.prototype as object] as const),
  ...Object.entries(namespaces),
  ...Object.entries(iterators),
];
