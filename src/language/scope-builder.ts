// What the walk of declare.ts builds, and the few ways of adding to it: scopes, declarations, references.
import type { Diagnostic } from './diagnostic.ts';
import { isRenamed } from './renamed.ts';
import { FunctionInfo, type Reference, Scope, Variable, type VariableKind } from './scope.ts';
import type { Span } from './span.ts';
import type { Program, VariableDeclaration } from './syntax.ts';

/** What the walk collects. */
export abstract class ScopeBuilder {
  readonly scopes = new Map<object, Scope>();
  readonly functions = new Map<object, FunctionInfo>();
  readonly declarations = new Map<object, Variable | null>();
  readonly diagnostics: Diagnostic[] = [];
  /** Outer functions come before inner ones. */
  readonly ordered: FunctionInfo[] = [];
  readonly main: FunctionInfo;
  protected function: FunctionInfo;
  protected scope: Scope;
  #variables = 0;

  constructor(program: Program) {
    this.main = new FunctionInfo({
      index: -1,
      parent: null,
      name: '<main>',
      lexicalThis: false,
      span: program.span,
      ownSymbol: null,
    });
    this.function = this.main;
    this.ordered.push(this.main);
    this.scope = new Scope('unit', null, this.main, 0);
    this.scopes.set(program, this.scope);
  }

  protected within(node: object, kind: Scope['kind'], body: () => void): void {
    const outer = this.scope;
    this.scope = new Scope(kind, outer, this.function, this.scopes.size);
    this.scopes.set(node, this.scope);
    this.scope.expansion = 'expansion' in node;
    body();
    this.scope = outer;
  }

  /** Declares in `scope`; at the top level of the unit the name is the session's. */
  protected declareIn(
    key: object,
    name: string,
    kind: VariableKind,
    scope: Scope,
  ): Variable | null {
    if (scope.kind === 'unit') {
      this.declarations.set(key, null);
      return null;
    }
    let variable = scope.variables.get(name);
    if (variable === undefined) {
      variable = new Variable(name, kind, scope, this.#variables++);
      variable.captured = scope.kind === 'module';
      scope.variables.set(name, variable);
    } else if (kind !== 'const') {
      variable.constant = false;
    }
    this.declarations.set(key, variable);
    return variable;
  }

  /** Stands for all the names that an import of `*` binds in `scope`. */
  protected declareStar(key: object, scope: Scope): void {
    const star = new Variable('*', 'star', scope, this.#variables++);
    star.captured = scope.kind === 'module';
    scope.stars.push(star);
    this.declarations.set(key, star);
  }

  /** An implicit local, made by the resolver. */
  declareImplicit(name: string, kind: 'implicit' | 'maybe', scope: Scope): void {
    scope.variables.set(name, new Variable(name, kind, scope, this.#variables++));
  }

  /** Where `var`, type marks and definitions belong: the function, module or unit around, or the expansion that renamed them. */
  protected home(name: string): Scope {
    const ends = isRenamed(name);
    let scope = this.scope;
    while (scope.kind === 'block' && scope.parent !== null && !(ends && scope.expansion)) {
      scope = scope.parent;
    }
    return scope;
  }

  /** Whether `home` or a block in it, around what is walked, has a variable of that name. */
  protected isVisible(name: string, home: Scope): boolean {
    for (let scope: Scope | null = this.scope; scope !== null; scope = scope.parent) {
      if (scope.variables.has(name)) return true;
      if (scope === home) return false;
    }
    return false;
  }

  protected homeOf(kind: VariableDeclaration['kind'] | null, name: string): Scope {
    return kind === 'let' || kind === 'const' ? this.scope : this.home(name);
  }

  protected refer(node: object, name: string, use: Reference['use']): void {
    this.function.references.push({ node, name, use, scope: this.scope });
  }

  protected refuse(message: string, span: Span): void {
    this.diagnostics.push({ severity: 'error', type: 'SyntaxError', message, span });
  }

  protected declareLoop(key: object, name: string): void {
    const visible = this.#visibleBlockVariable(name);
    if (visible !== null) this.declarations.set(key, visible);
    else this.declareIn(key, name, 'loop', this.home(name));
  }

  /** A `let` around the loop in the same function is the nearer meaning of the name. */
  #visibleBlockVariable(name: string): Variable | null {
    for (let scope: Scope | null = this.scope; scope?.kind === 'block'; scope = scope.parent) {
      const variable = scope.variables.get(name);
      if (variable !== undefined) return variable;
    }
    return null;
  }
}
