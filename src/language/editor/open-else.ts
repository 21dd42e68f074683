// `ε` is `else` directly behind the body of an `if`, and a name elsewhere (SPEC 4.3.4): where a semicolon keeps them apart.
import type { Item, MacroDeclaration, Statement } from '../syntax.ts';
import { leftmost } from './precedence.ts';

/** Whether an `else` behind the item would belong to it. */
export function mayTakeElse(item: Item): boolean {
  switch (item.type) {
    case 'If':
      return item.otherwise === null || mayTakeElse(item.otherwise);
    case 'While':
    case 'For':
    case 'ForIn':
      return mayTakeElse(item.body);
    case 'AttributedItem':
      return mayTakeElse(item.item);
    case 'MacroDeclaration':
      return isStatement(item.template) && mayTakeElse(item.template);
    default:
      return false;
  }
}

/** Whether a macro stands for a statement, and not for an expression. */
export function isStatement(template: MacroDeclaration['template']): template is Statement {
  return statementTypes.has(template.type);
}

/** Whether an item begins with the name `ε`. */
export function leadsElse(item: Item): boolean {
  if (item.type !== 'ExpressionStatement') return false;
  const first = leftmost(item.expression);
  if (first.type !== 'FunctionExpression') return first.type === 'Identifier' && first.name === 'ε';
  const [parameter, ...more] = first.function.parameters;
  return more.length === 0 && parameter?.name.text === 'ε' && !parameter.defaultValue;
}

const statementTypes: ReadonlySet<string> = new Set([
  ...[
    'Block',
    'EmptyStatement',
    'VariableDeclaration',
    'FunctionDeclaration',
    'If',
    'While',
    'For',
  ],
  ...['ForIn', 'Try', 'Return', 'Throw', 'Break', 'Continue', 'AttributedItem'],
]);
