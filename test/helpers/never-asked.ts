// A part that a test does without.

/** Whatever is asked of it fails. */
export function neverAsked<Part extends object>(): Part {
  return new Proxy({} as Part, {
    get(_part, name) {
      throw new Error(`${String(name)} was asked for`);
    },
  });
}
