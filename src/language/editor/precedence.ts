// Where an expression needs parentheses (SPEC 4.1, 4.3).
import type { Expression } from '../syntax.ts';

/** How tightly the outermost operator of an expression binds; the places that hold expressions ask for a minimum. */
export const binding = {
  any: 0,
  ternary: 1,
  or: 2,
  prefix: 8,
  power: 9,
  update: 10,
  operand: 11,
} as const;

export function bindingOf(node: Expression): number {
  switch (node.type) {
    case 'Assignment':
    case 'CompoundAssignment':
      return binding.any;
    case 'FunctionExpression':
      return node.function.thisMode === 'lexical' ? binding.any : binding.operand;
    case 'ConditionalExpression':
      return binding.ternary;
    case 'Logical':
    case 'Binary':
      return operatorBindings.get(node.operator) ?? binding.any;
    case 'Unary':
      return binding.prefix;
    case 'Update':
      return node.prefix ? binding.prefix : binding.update;
    default:
      return binding.operand;
  }
}

/** What an expression begins with, if it is written without parentheses there. */
export function leftmost(node: Expression): Expression {
  let current = node;
  for (;;) {
    const first = firstPart(current);
    if (first === null || bindingOf(first.part) < first.minimum) return first?.part ?? current;
    current = first.part;
  }
}

/** The part that an expression begins with, and how tightly it must bind to stand there bare. */
function firstPart(node: Expression): { part: Expression; minimum: number } | null {
  switch (node.type) {
    case 'Assignment':
    case 'CompoundAssignment':
      return { part: node.target, minimum: binding.operand };
    case 'Update':
      return node.prefix ? null : { part: node.target, minimum: binding.operand };
    case 'ConditionalExpression':
      return { part: node.condition, minimum: binding.or };
    case 'Logical':
    case 'Binary':
      return { part: node.left, minimum: leftMinimum(node.operator) };
    case 'Call':
      return { part: node.callee, minimum: binding.operand };
    case 'Member':
    case 'Index':
    case 'Slice':
      return { part: node.object, minimum: binding.operand };
    default:
      return null;
  }
}

/** All binary operators associate to the left, but `**`. */
export function leftMinimum(operator: string): number {
  return operator === '**' ? binding.update : (operatorBindings.get(operator) ?? binding.any);
}

export function rightMinimum(operator: string): number {
  return operator === '**' ? binding.prefix : (operatorBindings.get(operator) ?? binding.any) + 1;
}

const operatorBindings: ReadonlyMap<string, number> = new Map([
  ['||', binding.or],
  ['&&', 3],
  ...['==', '!=', '===', '!=='].map((operator) => [operator, 4] as const),
  ...['<', '>', '<=', '>='].map((operator) => [operator, 5] as const),
  ...['+', '-'].map((operator) => [operator, 6] as const),
  ...['*', '/', '%'].map((operator) => [operator, 7] as const),
  ['**', binding.power],
]);
