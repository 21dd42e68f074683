// The environments of scopes: made where a scope begins, one object per entry, reached through the chain of `p`.
import { environmentScope, type Scope } from '../scope.ts';
import type { FunctionEmission } from './function-emission.ts';

/** Text that begins a scope; emit it after the scope's content, when it is known which locals are read too early. */
export function openScope(f: FunctionEmission, scope: Scope): string {
  let text = '';
  for (const variable of scope.variables.values()) {
    // In a loop the variable still has the value of the round before.
    if (!variable.captured && f.checked.has(variable) && scope.kind === 'block') {
      text += `${f.location(variable)}=undefined;`;
    }
  }
  if (!scope.hasEnvironment) return text;
  f.locals.add(`e${scope.index}`);
  return `${text}e${scope.index}=${environmentLiteral(f, scope, () => 'undefined')};`;
}

/** A new environment of a scope, each slot with what `value` gives for its variable. */
export function environmentLiteral(
  f: FunctionEmission,
  scope: Scope,
  value: (slot: number) => string,
): string {
  const slots = scope.captured.map((_, slot) => `,s${slot}:${value(slot)}`);
  return `{p:${parentEnvironment(f, scope.parent)}${slots.join('')}}`;
}

/** The environment that code in `scope` closes over, as this function reaches it. */
export function parentEnvironment(f: FunctionEmission, scope: Scope | null): string {
  const found = environmentScope(scope);
  if (found === null) return 'null';
  if (found.owner === f.info) return `e${found.index}`;
  return f.info.usesOuter ? 'E' : 'null';
}
