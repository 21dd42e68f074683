// Which names are macros at a place of the program. A macro belongs to the block, function, module or session it is defined in,
// from its definition on; whatever gives its name a value later takes the name from it.
import type { Macro } from './macro.ts';

export class MacroScope {
  readonly kind: 'unit' | 'module' | 'function' | 'block';
  readonly parent: MacroScope | null;
  /** By name, or `module::name`; null: a value has the name. */
  readonly names = new Map<string, Macro | null>();
  /** Of a module: what it shows; null while nothing is marked (SPEC 6.3). */
  exported: Set<string> | null = null;

  constructor(kind: MacroScope['kind'], parent: MacroScope | null) {
    this.kind = kind;
    this.parent = parent;
  }

  /** The macro that `name` or `a::b::name` calls here. */
  find(name: string): Macro | null {
    const [first = name] = name.split(pathSeparator);
    for (let scope: MacroScope | null = this; scope !== null; scope = scope.parent) {
      const found = scope.names.get(name) ?? null;
      if (found !== null || scope.names.has(first)) return found;
    }
    return null;
  }

  define(name: string, macro: Macro): void {
    this.names.set(name, macro);
  }

  /** A value gets the name, local to this block. */
  value(name: string): void {
    for (const key of this.names.keys()) {
      if (key.startsWith(name + pathSeparator)) this.names.delete(key);
    }
    this.names.set(name, null);
  }

  /** The function, module or unit around, to which definitions belong. */
  get home(): MacroScope {
    let scope: MacroScope = this;
    while (scope.kind === 'block' && scope.parent !== null) scope = scope.parent;
    return scope;
  }

  /** Macros below a module, by their names in it. */
  within(module: string): [name: string, macro: Macro][] {
    const prefix = module + pathSeparator;
    const found = new Map<string, Macro>();
    for (let scope: MacroScope | null = this; scope !== null; scope = scope.parent) {
      for (const [key, macro] of scope.names) {
        const name = key.slice(prefix.length);
        if (key.startsWith(prefix) && macro !== null && !found.has(name)) found.set(name, macro);
      }
      if (scope.names.has(module.split(pathSeparator)[0]!)) break;
    }
    return [...found];
  }

  /** The module of this scope has ended: its visible macros are called `name::macro` from now on. */
  showIn(outer: MacroScope, name: string): void {
    outer.value(name);
    for (const [key, macro] of this.names) {
      const [first = key] = key.split(pathSeparator);
      const visible = this.exported === null || this.exported.has(first);
      if (macro !== null && visible) outer.define(name + pathSeparator + key, macro);
    }
  }
}

export const pathSeparator = '::';
