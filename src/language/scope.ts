// What the resolver finds out about names: scopes, variables, functions, and what each occurrence of a name means.
// The emitter reads it; only the resolver writes it.
import type { Span } from './span.ts';

export type VariableKind =
  | 'parameter'
  | 'let'
  | 'const'
  | 'var'
  | 'function'
  | 'module'
  | 'import'
  | 'loop'
  | 'catch'
  /** The hidden `⚠` of a catch block. */
  | 'error'
  /** SPEC 5.1 rule 3: a local because its first occurrence is a plain assignment. */
  | 'implicit'
  /** SPEC 5.1 rule 4: becomes a local only when the session has no variable of that name as it is assigned. */
  | 'maybe'
  /** The hidden home of a module imported with `::*`, whose names are known only when the program runs. */
  | 'star';

/** A variable that is not the session's. */
export class Variable {
  readonly name: string;
  readonly kind: VariableKind;
  readonly scope: Scope;
  /** Unique in the unit. */
  readonly index: number;
  constant: boolean;
  /** A nested function uses it, or a module shows it: it lives in the scope's environment. */
  captured = false;
  /** Place in the environment, once captured. */
  slot = -1;
  /** Somebody reads it. */
  used = false;
  /**
   * The emitter's: what every value seen so far is, null before the first. A local that only ever holds numbers needs no
   * checks, and V8 keeps it in a register.
   */
  assumed: string | null = null;

  constructor(name: string, kind: VariableKind, scope: Scope, index: number) {
    this.name = name;
    this.kind = kind;
    this.scope = scope;
    this.index = index;
    this.constant = kind === 'const';
  }

  /** It has a value whenever it can be seen, so that no read must look further out. */
  get certain(): boolean {
    return this.kind === 'parameter' || this.kind === 'catch' || this.kind === 'error';
  }
}

export class Scope {
  readonly kind: 'unit' | 'module' | 'function' | 'block';
  readonly parent: Scope | null;
  readonly owner: FunctionInfo;
  /** Unique in the unit. */
  readonly index: number;
  readonly variables = new Map<string, Variable>();
  readonly stars: Variable[] = [];
  /** The variables of its environment, by slot; an environment exists where there is one. */
  readonly captured: Variable[] = [];
  /** The expansion of a macro: home of the names that its template declares. */
  expansion = false;

  constructor(kind: Scope['kind'], parent: Scope | null, owner: FunctionInfo, index: number) {
    this.kind = kind;
    this.parent = parent;
    this.owner = owner;
    this.index = index;
  }

  get hasEnvironment(): boolean {
    return this.kind === 'module' || this.captured.length > 0;
  }
}

/** One function of the unit; index -1 is the unit's own top level. */
export class FunctionInfo {
  readonly index: number;
  readonly parent: FunctionInfo | null;
  /** Its display name; '' for anonymous functions. */
  readonly name: string;
  readonly lexicalThis: boolean;
  readonly span: Span;
  /** The name it was defined under as a function symbol: inside, that name is the built-in (SPEC 5.2). */
  readonly ownSymbol: string | null;
  readonly references: Reference[] = [];
  parameterNames: readonly string[] = [];
  /** A `main` that SPEC 7.3 watches. */
  watched = false;
  usesThis = false;
  /** It or a function in it uses variables of a function around it. */
  usesOuter = false;
  hasCalls = false;

  constructor(options: {
    index: number;
    parent: FunctionInfo | null;
    name: string;
    lexicalThis: boolean;
    span: Span;
    ownSymbol: string | null;
  }) {
    this.index = options.index;
    this.parent = options.parent;
    this.name = options.name;
    this.lexicalThis = options.lexicalThis;
    this.span = options.span;
    this.ownSymbol = options.ownSymbol;
  }
}

/** One occurrence of a name. `node` is the tree's object for it, and the key of its resolution. */
export type Reference = {
  readonly node: object;
  readonly name: string;
  readonly use: 'read' | 'assign' | 'compound';
  readonly scope: Scope;
};

/** What a name means at one place. */
export type Resolution = {
  readonly name: string;
  /** From inside out. The first that has a value is meant; behind the last comes the session, unless it is `certain`. */
  readonly variables: readonly Variable[];
  /** Inside the function that redefines the symbol: the built-in itself. */
  readonly builtin: boolean;
  /** `error` where the user has no such variable: the `⚠` of the catch block around (SPEC 2.1). */
  readonly currentError: Variable | null;
};

/** All that the resolver hands to the emitter. */
export type Resolved = {
  readonly resolutions: ReadonlyMap<object, Resolution>;
  /** Declared name → its variable; null: the session's. */
  readonly declarations: ReadonlyMap<object, Variable | null>;
  /** Program, blocks, loops, handlers, modules and function bodies that have a scope. */
  readonly scopes: ReadonlyMap<object, Scope>;
  readonly functions: ReadonlyMap<object, FunctionInfo>;
  readonly main: FunctionInfo;
};

/** The nearest scope outwards from `scope` (itself included) that has an environment. */
export function environmentScope(scope: Scope | null): Scope | null {
  let current = scope;
  while (current !== null && !current.hasEnvironment) current = current.parent;
  return current;
}
