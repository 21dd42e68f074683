// What the functions of one unit share while they are emitted: runtime helpers, session variables, shapes of objects, modules.
import type { FunctionInfo, Resolved } from '../scope.ts';
import type { Span } from '../span.ts';
import type { Expression, ModuleDeclaration } from '../syntax.ts';
import type { HelperName } from './helpers.ts';
import { literal } from './literal.ts';

export type ModulePlan = {
  readonly name: string;
  readonly version: string | null;
  /** Member → slot number. */
  readonly members: ReadonlyMap<string, number>;
  readonly exported: ReadonlySet<string> | null;
};

/** What the runtime must supply for a unit before its code can run. */
export type UnitNeeds = {
  readonly cells: readonly string[];
  readonly methods: readonly string[];
  readonly shapes: readonly (readonly string[])[];
  readonly modules: readonly ModulePlan[];
  /** Names of emit/intrinsics.ts. */
  readonly intrinsics: readonly string[];
};

export type UnitExtras = {
  /** What the unit was parsed from. */
  readonly source: string;
  /** The places of callees that macros brought along. */
  readonly written: ReadonlyMap<object, Span>;
  /** In a file's unit the module around its own, which the unit itself holds. */
  readonly root: ModuleDeclaration | null;
};

/** The names `R` (runtime) and `K` (unit) are the parameters of emitted code; everything it mentions hangs on them. */
export class UnitEmission {
  readonly resolved: Resolved;
  readonly root: ModuleDeclaration | null;
  readonly #written: ReadonlyMap<object, Span>;
  readonly functionTexts: string[] = [];
  /** What numeric-loops.ts knows of loops: whether they calculate only, and which were tried inside of others. */
  readonly calculating = new Map<object, boolean>();
  readonly triedInside = new Set<object>();
  readonly #modules = new Map<object, ModulePlan>();
  readonly #helpers = new Set<HelperName>();
  readonly #cells = new Map<string, number>();
  readonly #methods = new Map<string, number>();
  readonly #intrinsics = new Map<string, number>();
  readonly #shapes = new Map<string, number>();
  readonly #shapeKeys: (readonly string[])[] = [];

  constructor(resolved: Resolved, { written, root }: UnitExtras) {
    this.resolved = resolved;
    this.root = root;
    this.#written = written;
  }

  /** Where the unit's text has the callee as written: two arguments for the helpers that may have to name it. */
  written(callee: Expression): string {
    const { start, end } = this.#written.get(callee) ?? callee.span;
    return `${start},${end}`;
  }

  helper(name: HelperName): string {
    this.#helpers.add(name);
    return `$${name}`;
  }

  /** The session variable of that name. */
  cell(name: string): string {
    return `g${indexOf(this.#cells, name)}`;
  }

  /** The built-in methods of that name, by type. */
  method(name: string): string {
    return `m${indexOf(this.#methods, name)}`;
  }

  /** A constructor of objects with these keys in this order. */
  shape(keys: readonly string[]): string {
    const index = indexOf(this.#shapes, JSON.stringify(keys));
    this.#shapeKeys[index] = keys;
    return `h${index}`;
  }

  /** A built-in and the function of V8 that computes the same for a number. */
  intrinsic(name: string): { builtin: string; native: string } {
    const index = indexOf(this.#intrinsics, name);
    return { builtin: `b${index}`, native: `n${index}` };
  }

  /** `node` is the module's declaration: it has one plan however often it is emitted. */
  module(node: object, plan: ModulePlan): string {
    this.#modules.set(node, plan);
    return `K.modules[${[...this.#modules.keys()].indexOf(node)}]`;
  }

  get needs(): UnitNeeds {
    return {
      cells: [...this.#cells.keys()],
      methods: [...this.#methods.keys()],
      shapes: this.#shapeKeys,
      modules: [...this.#modules.values()],
      intrinsics: [...this.#intrinsics.keys()],
    };
  }

  /** The whole script, `main` being the text of the unit's own function. */
  script(main: string, functions: readonly FunctionInfo[]): string {
    const bind = (from: string, names: readonly string[]): string =>
      names.length === 0 ? '' : `const{${names.join(',')}}=${from};`;
    const numbered = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${i}:${prefix}${i}`);
    return [
      '"use strict";',
      bind(
        'R',
        [...this.#helpers].map((name) => `${literal(name)}:$${name}`),
      ),
      bind('K.cells', numbered('g', this.#cells.size)),
      bind('K.methods', numbered('m', this.#methods.size)),
      bind('K.shapes', numbered('h', this.#shapeKeys.length)),
      bind('K.builtins', numbered('b', this.#intrinsics.size)),
      bind('K.natives', numbered('n', this.#intrinsics.size)),
      bind('K.codes', numbered('c', functions.length)),
      '\n',
      this.functionTexts.join('\n'),
      '\n',
      main,
      `\nreturn {main:u,functions:[${functions.map((info) => `f${info.index}`).join(',')}]};`,
    ].join('');
  }
}

function indexOf(table: Map<string, number>, key: string): number {
  let index = table.get(key);
  if (index === undefined) {
    index = table.size;
    table.set(key, index);
  }
  return index;
}
