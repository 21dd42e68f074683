// What an image calls the built-ins: each function and each namespace of a session has one name that leads to it in any other
// session, whatever programs did to the variables of those names.
import type { Runtime } from '../runtime/runtime.ts';
import { BuiltinValue, ObjectValue } from '../runtime/value.ts';

/** A built-in function, or a namespace such as `Math`. */
export type BuiltinPart = BuiltinValue | ObjectValue;

export class BuiltinNames {
  readonly #parts = new Map<string, BuiltinPart>();
  readonly #names = new Map<BuiltinPart, string>();

  constructor({ functions, names, methods }: Pick<Runtime, 'functions' | 'names' | 'methods'>) {
    for (const [name, value] of functions) this.#add(name, value);
    for (const [name, value] of names) {
      if (value instanceof BuiltinValue || value instanceof ObjectValue) {
        this.#add(`name ${name}`, value);
      }
    }
    for (const [type, ofType] of Object.entries(methods)) {
      for (const [name, value] of ofType) this.#add(`${type} ${name}`, value);
    }
  }

  nameOf(part: BuiltinPart): string | undefined {
    return this.#names.get(part);
  }

  partOf(name: string): BuiltinPart | undefined {
    return this.#parts.get(name);
  }

  #add(name: string, part: BuiltinPart): void {
    this.#parts.set(name, part);
    if (!this.#names.has(part)) this.#names.set(part, name);
  }
}
