// Declarations, and what a statement leaves as its value.
import type { VariableDeclaration } from '../syntax.ts';
import { code } from './code.ts';
import type { FunctionEmission } from './function-emission.ts';
import { declareName } from './variables.ts';

/** Also the head of a `for`. */
export function variableDeclaration(f: FunctionEmission, node: VariableDeclaration): string {
  return node.bindings
    .map((binding) => {
      const value = binding.value === null ? code('null', 'null') : f.expression(binding.value);
      const variable = f.unit.resolved.declarations.get(binding.name) ?? null;
      const constant = node.kind === 'const';
      return complete(f, declareName(f, variable, binding.name.text, value, constant));
    })
    .join('');
}

/** A statement of one expression: its value is the completion value where one is kept. */
export function complete(f: FunctionEmission, text: string): string {
  return f.completion === null ? `${text};` : `${f.completion}=${text};`;
}
