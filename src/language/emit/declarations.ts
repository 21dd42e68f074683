// Declarations, and what a statement leaves as its value.
import type { VariableDeclaration } from '../syntax.ts';
import { code, type Kind } from './code.ts';
import type { FunctionEmission } from './function-emission.ts';
import { declareName } from './variables.ts';

/** Also the head of a `for`. */
export function variableDeclaration(f: FunctionEmission, node: VariableDeclaration): string {
  return node.bindings
    .map((binding) => {
      const value = binding.value === null ? code('null', 'null') : f.expression(binding.value);
      const variable = f.unit.resolved.declarations.get(binding.name) ?? null;
      const constant = node.kind === 'const';
      const declared = declareName(f, variable, binding.name.text, value, constant);
      return complete(f, declared, value.kind);
    })
    .join('');
}

/** What a statement without a value leaves. */
export function completeWithNothing(f: FunctionEmission): string {
  if (f.completion === null) return '';
  return f.numericLoop === null ? `${f.completion}=null;` : 'z=false;';
}

/** A statement of one expression: its value is the completion value where one is kept. */
export function complete(f: FunctionEmission, text: string, kind: Kind): string {
  const loop = f.numericLoop;
  if (loop !== null && f.completion !== null) {
    if (kind !== 'number') loop.failed = true;
    return `y=${text};z=true;`;
  }
  return f.completion === null ? `${text};` : `${f.completion}=${text};`;
}
