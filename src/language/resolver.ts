// Second half of name resolution (SPEC 5.1): decides which names are implicit locals, what every occurrence means, and which
// variables closures share.
import { Declarations } from './declare.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { FunctionInfo, Reference, Resolution, Resolved, Scope, Variable } from './scope.ts';
import type { Program } from './syntax.ts';

/** Resolves one unit. With an error among the diagnostics the unit must not run. */
export function resolve(program: Program): { resolved: Resolved; diagnostics: Diagnostic[] } {
  const walk = new Declarations(program);
  const functionScopes = new Map<FunctionInfo, Scope>();
  for (const scope of walk.scopes.values()) {
    if (scope.kind === 'function') functionScopes.set(scope.owner, scope);
  }
  // Outer functions first: whether a name is a local of an enclosing function must be known by then.
  for (const info of walk.ordered) {
    const scope = functionScopes.get(info);
    if (scope !== undefined) declareImplicit(walk, info, scope);
  }
  const resolutions = new Map<object, Resolution>();
  for (const info of walk.ordered) {
    for (const reference of info.references) {
      resolutions.set(reference.node, resolveReference(info, reference));
    }
  }
  for (const scope of walk.scopes.values()) placeCaptured(scope);
  return {
    resolved: {
      resolutions,
      declarations: walk.declarations,
      scopes: walk.scopes,
      functions: walk.functions,
      main: walk.main,
    },
    diagnostics: walk.diagnostics,
  };
}

/** SPEC 5.1 rules 3 and 4 for one function. */
function declareImplicit(walk: Declarations, info: FunctionInfo, scope: Scope): void {
  const plainFirst = new Map<string, boolean>();
  for (const reference of info.references) {
    if (isOuter(reference) || findVariable(reference.scope, reference.name) !== null) continue;
    const { name, use } = reference;
    const first = plainFirst.get(name);
    if (first === undefined) plainFirst.set(name, use === 'assign');
    if (use !== 'assign') continue;
    walk.declareImplicit(name, (first ?? true) ? 'implicit' : 'maybe', scope);
  }
}

/** The nearest variable of that name, of this function, of those around it or of a module; null: the session's. */
function findVariable(scope: Scope, name: string): Variable | null {
  for (let current: Scope | null = scope; current !== null; current = current.parent) {
    const variable = current.variables.get(name);
    if (variable !== undefined) return variable;
  }
  return null;
}

function isOuter(reference: Reference): boolean {
  return (reference.node as { type?: string }).type === 'OuterIdentifier';
}

function resolveReference(info: FunctionInfo, reference: Reference): Resolution {
  const { name } = reference;
  const variables: Variable[] = [];
  const outer = isOuter(reference);
  for (let scope: Scope | null = reference.scope; scope !== null; scope = scope.parent) {
    // `::x` skips everything but the nearest module.
    if (outer && scope.kind !== 'module') continue;
    const variable = scope.variables.get(name);
    if (variable !== undefined) variables.push(variable);
    else if (!outer) variables.push(...scope.stars);
    if (variable?.certain || outer) break;
  }
  const builtin = !outer && variables.length === 0 && redefines(info, name);
  const currentError =
    name === 'error' && !outer && reference.use === 'read'
      ? findVariable(reference.scope, '⚠')
      : null;
  for (const variable of variables) capture(variable, info);
  if (currentError !== null) capture(currentError, info);
  return { name, variables, builtin, currentError };
}

function redefines(info: FunctionInfo, name: string): boolean {
  for (let current: FunctionInfo | null = info; current !== null; current = current.parent) {
    if (current.ownSymbol === name) return true;
  }
  return false;
}

function capture(variable: Variable, user: FunctionInfo): void {
  variable.used = true;
  const owner = variable.scope.owner;
  if (owner === user) return;
  variable.captured = true;
  for (let info: FunctionInfo | null = user; info !== null && info !== owner; info = info.parent) {
    info.usesOuter = true;
  }
}

function placeCaptured(scope: Scope): void {
  for (const variable of [...scope.variables.values(), ...scope.stars]) {
    if (!variable.captured) continue;
    variable.slot = scope.captured.length;
    scope.captured.push(variable);
  }
}
