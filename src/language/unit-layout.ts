// What a heap says about the code it was made by: the functions of a unit and the variables of the environments they close over.
// A heap image is only loaded over code that is laid out as the code that made it.
import { environmentScope, type FunctionInfo, type Resolved, type Scope } from './scope.ts';

export type UnitLayout = {
  /** By index. */
  readonly functions: readonly FunctionLayout[];
  /** 32 bits of all this, names included: code that is laid out otherwise has another one, but for chance. */
  readonly digest: number;
};

export type FunctionLayout = {
  /** Display name; '' for anonymous functions. */
  readonly name: string;
  readonly parameterNames: readonly string[];
  /** What it closes over; null: nothing. */
  readonly environment: ScopeLayout | null;
};

/** One environment: its slots, and the environment around it. */
export type ScopeLayout = {
  /** By slot: whether the variable has a value whenever it can be seen. */
  readonly certain: readonly boolean[];
  readonly parent: ScopeLayout | null;
};

/** The layout of a resolved unit. */
export function layoutOf(resolved: Resolved): UnitLayout {
  const scopes = new Map<Scope, ScopeLayout>();
  const texts: string[] = [];

  const scopeLayout = (innermost: Scope): ScopeLayout => {
    // From the inside out until one is known, then back: scopes nest as deep as programs do.
    const unknown: Scope[] = [];
    let known: ScopeLayout | null = null;
    for (let scope: Scope | null = innermost; scope !== null; scope = scopeAround(scope)) {
      known = scopes.get(scope) ?? null;
      if (known !== null) break;
      unknown.push(scope);
    }
    for (const scope of unknown.reverse()) {
      const layout = { certain: scope.captured.map(({ certain }) => certain), parent: known };
      const names = scope.captured.map(({ kind, name }) => `${kind} ${name}`);
      texts.push(`scope ${scope.index} in ${scopeAround(scope)?.index}: ${names.join(', ')}`);
      scopes.set(scope, layout);
      known = layout;
    }
    return known!;
  };

  const functions: FunctionLayout[] = [];
  for (const [body, info] of resolved.functions) {
    const { index, name, parameterNames } = info;
    const scope = environmentOf(info, resolved.scopes.get(body)!);
    const environment = scope === null ? null : scopeLayout(scope);
    functions[index] = { name, parameterNames, environment };
    texts.push(`function ${index} ${name}(${parameterNames.join(', ')}) in ${scope?.index}`);
  }
  return { functions, digest: digestOf(texts.join('\n')) };
}

/** The scope whose environment a function is made over. */
function environmentOf(info: FunctionInfo, own: Scope): Scope | null {
  return info.usesOuter ? environmentScope(own.parent) : null;
}

/** The scope whose environment is the `p` of this scope's. */
function scopeAround(scope: Scope): Scope | null {
  const around = environmentScope(scope.parent);
  if (around === null || around.owner === scope.owner || scope.owner.usesOuter) return around;
  return null;
}

/** FNV-1a over the UTF-16 units. */
function digestOf(text: string): number {
  let digest = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    digest = Math.imul(digest ^ text.charCodeAt(i), 0x01000193);
  }
  return digest >>> 0;
}
