// Loops at the top level that only calculate. Session variables live in cells, where V8 must keep a number in a box of its own
// for every value it takes. So such a loop is emitted twice: as always, and over locals that hold nothing but numbers. A round
// goes on in the second as soon as all of its variables are numbers. The cells are set again whenever somebody could look:
// before each safe point, and on every way out.
import type { Expression, For, Item, While } from '../syntax.ts';
import type { Code } from './code.ts';
import type { FunctionEmission } from './function-emission.ts';
import { NumericLoop, storeHere } from './numeric-loop.ts';

/** Text for the beginning of a round: the rest of the loop as a calculation, if it is one. `emit` emits the whole loop without its initialiser. */
export function numericForm(
  f: FunctionEmission,
  node: While | For,
  condition: Code | null,
  emit: () => string,
): string {
  if (!f.isMain || f.completion === null || f.insideArrow) return '';
  // Each part of a program is emitted twice at most, however deep loops are nested.
  const { calculating, triedInside } = f.unit;
  if (f.numericLoop !== null) triedInside.add(node);
  if (triedInside.has(node)) return '';
  // The round's condition is evaluated once more.
  if (condition !== null && condition.effects !== 0) return '';
  if (!calculates(node, calculating)) return '';
  const loop = new NumericLoop(f.locals);
  f.numericLoop = loop;
  const start = f.assigned.branch();
  const text = emit();
  f.assigned.merge(start);
  f.numericLoop = null;
  if (loop.failed || loop.store === '') return '';
  // The completion value is a number too, and whether there is one: V8 would box it otherwise.
  f.locals.add('y').add('z');
  const begin = `${loop.load}z=r!==null;y=+r;`;
  const rounds = text.replaceAll(storeHere, loop.store);
  return `if(${loop.guard}){${begin}try{${rounds}}finally{${loop.store}}r=z?y:null;break;}`;
}

/** Statements and expressions that neither call anything nor touch a collection. Looks into each loop once. */
function calculates(node: Item | Expression, known: Map<object, boolean>): boolean {
  if (node.type !== 'While' && node.type !== 'For') {
    return partsOf(node)?.every((part) => calculates(part, known)) ?? false;
  }
  let result = known.get(node);
  if (result === undefined) {
    result = partsOf(node)!.every((part) => calculates(part, known));
    known.set(node, result);
  }
  return result;
}

type Part = Item | Expression;

/** What must calculate so that this does; null for what never does. */
function partsOf(node: Part): readonly Part[] | null {
  switch (node.type) {
    case 'While':
      return [node.condition, node.body];
    case 'For': {
      const { init, condition, step, body } = node;
      const begin = init === null ? [] : 'type' in init ? [init] : init;
      return [...begin, ...present(condition), ...step, body];
    }
    case 'If':
      return [node.condition, node.then, ...present(node.otherwise)];
    case 'Block':
      return node.body;
    case 'VariableDeclaration': {
      const values = node.bindings.flatMap(({ value }) => present(value));
      return values.length === node.bindings.length ? values : null;
    }
    case 'ExpressionStatement':
      return [node.expression];
    case 'Assignment':
    case 'CompoundAssignment':
      return node.target.type === 'Identifier' ? [node.value] : null;
    case 'Update':
      return node.target.type === 'Identifier' ? [] : null;
    case 'Binary':
    case 'Logical':
      return [node.left, node.right];
    case 'Unary':
      return node.operator === 'typeof' ? null : [node.operand];
    case 'ConditionalExpression':
      return [node.condition, node.then, node.otherwise];
    case 'Identifier':
    case 'NumberLiteral':
    case 'BooleanLiteral':
    case 'Break':
    case 'Continue':
    case 'EmptyStatement':
      return [];
    default:
      return null;
  }
}

function present<Node>(node: Node | null): readonly Node[] {
  return node === null ? [] : [node];
}
