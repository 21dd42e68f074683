// Statements and blocks. `f.completion` names the local that takes each statement's value where somebody asks (SPEC 7.2).
import type { Scope } from '../scope.ts';
import type {
  Block,
  Expression,
  FunctionDeclaration,
  If,
  Item,
  Statement,
  Throw,
  Try,
} from '../syntax.ts';
import { completeExits, jump } from './block-conditional.ts';
import { code, mark } from './code.ts';
import { complete, completeWithNothing, variableDeclaration } from './declarations.ts';
import { openScope } from './environments.ts';
import { update } from './expressions.ts';
import type { FunctionEmission } from './function-emission.ts';
import { forInLoop, forLoop, whileLoop } from './loops.ts';
import { importStatement, moduleStatement } from './modules.ts';
import { declareName } from './variables.ts';

/** The items of one scope: definitions first (SPEC 5.2), then everything in order. */
export function items(
  f: FunctionEmission,
  nodes: readonly Item[],
  scope: Scope | null,
  afterEach = '',
): string {
  const hoisted = hoist(f, nodes);
  // Added up, not joined: a text is written out once, at the end, and not again at each level.
  let text = '';
  for (const node of nodes) text += statement(f, node) + afterEach;
  return (scope === null ? '' : openScope(f, scope)) + hoisted + text;
}

/** A block with its own scope. */
export function block(f: FunctionEmission, node: Block): string {
  return `{${items(f, node.body, f.unit.resolved.scopes.get(node)!)}}`;
}

/** The body of a construct: a block or a bare statement. */
export function body(f: FunctionEmission, node: Statement): string {
  return node.type === 'Block' ? block(f, node) : `{${items(f, [node], null)}}`;
}

function hoist(f: FunctionEmission, nodes: readonly Item[]): string {
  let text = '';
  for (const node of nodes) {
    if (node.type === 'FunctionDeclaration') text += definition(f, node);
    else if (node.type === 'MainModule') text += hoist(f, node.members);
    else if (node.type === 'ExportDeclaration' && node.declaration !== null) {
      text += hoist(f, [node.declaration]);
    }
  }
  return text;
}

function definition(f: FunctionEmission, node: FunctionDeclaration): string {
  const variable = f.unit.resolved.declarations.get(node.name) ?? null;
  const value = code(f.functionValue(node.function));
  const set = declareName(f, variable, node.name.text, value);
  const info = f.unit.resolved.functions.get(node.function)!;
  if (!info.watched || info.parameterNames.length > 0) return `${set};`;
  // SPEC 7.3: the unit's own main comes before those of modules, of which the last counts.
  return `K.${variable === null ? 'main' : 'moduleMain'}=${set};`;
}

function statement(f: FunctionEmission, node: Item): string {
  f.jumped = false;
  const exits = f.exitUsed;
  f.exitUsed = false;
  const text = statementText(f, node);
  // What a statement does that cannot fail is told by its line too (see `separateMarks`).
  return completeExits(f, text === '' ? '' : mark(node.span.start) + text, exits);
}

function statementText(f: FunctionEmission, node: Item): string {
  const none = completeWithNothing(f);
  switch (node.type) {
    case 'ExpressionStatement':
      return discarded(f, node.expression);
    case 'VariableDeclaration':
      return variableDeclaration(f, node);
    case 'FunctionDeclaration':
      return none;
    case 'EmptyStatement':
      return '';
    case 'Block':
      return none + block(f, node);
    case 'If':
      return none + conditional(f, node);
    case 'While':
      return none + whileLoop(f, node);
    case 'For':
      return none + forLoop(f, node);
    case 'ForIn':
      return none + forInLoop(f, node);
    case 'Try':
      return none + tryStatement(f, node);
    case 'Return':
      return returnStatement(f, node.value);
    case 'Throw':
      return throwStatement(f, node);
    case 'Break':
      return jump(f, 'break');
    case 'Continue':
      return jump(f, 'continue');
    case 'MainModule':
      return none + node.members.map((member) => statement(f, member)).join('');
    case 'ModuleDeclaration':
      return moduleStatement(f, node) + none;
    case 'ImportDeclaration':
      return importStatement(f, node) + none;
    case 'ExportDeclaration':
      return node.declaration === null ? none : statementText(f, node.declaration);
    case 'MacroDeclaration':
      return none;
    case 'AttributedItem':
      // The expansion leaves none.
      return '';
    default:
      return node satisfies never;
  }
}

/** An expression as a statement. */
function discarded(f: FunctionEmission, node: Expression): string {
  const unused = f.completion === null;
  const value = node.type === 'Update' && unused ? update(f, node, true) : f.expression(node);
  return complete(f, value.text, value.kind);
}

function conditional(f: FunctionEmission, node: If): string {
  const condition = f.expression(node.condition).text;
  const start = f.assigned.branch();
  const then = body(f, node.then);
  const thenJumps = f.jumped;
  const inThen = f.assigned.merge(start);
  if (node.otherwise === null) {
    f.jumped = false;
    return `if(${condition})${then}`;
  }
  f.jumped = false;
  const otherwise = body(f, node.otherwise);
  const otherwiseJumps = f.jumped;
  const inOtherwise = f.assigned.merge(start);
  // What both ways assign is assigned; a way that does not come out here has no say.
  for (const variable of thenJumps ? inOtherwise : inThen) {
    if (thenJumps || otherwiseJumps || inOtherwise.includes(variable)) f.assigned.add(variable);
  }
  f.jumped = thenJumps && otherwiseJumps;
  return `if(${condition})${then}else${otherwise}`;
}

function tryStatement(f: FunctionEmission, node: Try): string {
  const start = f.assigned.branch();
  let text = `try${block(f, node.block)}`;
  const inBlock = f.assigned.merge(start);
  const { handler } = node;
  if (handler !== null) {
    const scope = f.unit.resolved.scopes.get(handler)!;
    const error = scope.variables.get('⚠')!;
    const named = handler.name === null ? null : f.unit.resolved.declarations.get(handler.name)!;
    const content = items(f, handler.body.body, null);
    const value = `${f.helper('caught')}(z)`;
    let begin = openScope(f, scope);
    if (named === null) begin += error.used ? '' : `${value};`;
    else begin += `${f.location(named)}=${value};`;
    if (error.used) {
      const thrown = named === null ? value : f.location(named);
      begin += `${f.location(error)}=${f.helper('errorOf')}(${thrown});`;
    }
    const inHandler = f.assigned.merge(start);
    for (const variable of inBlock) if (inHandler.includes(variable)) f.assigned.add(variable);
    text += `catch(z){${begin}${content}}`;
  }
  if (node.finalizer !== null) {
    // After a stop the program runs no further, not even here (SPEC 5.4): `passing` notes what comes by.
    const guarded = handler === null ? text : `try{${text}}`;
    const live = `${f.helper('budget')}.live`;
    text = `${guarded}catch(z){throw ${f.helper('passing')}(z)}finally{if(${live})${block(f, node.finalizer)}}`;
  }
  f.jumped = false;
  return text;
}

function returnStatement(f: FunctionEmission, value: Expression | null): string {
  const text = value === null ? 'null' : f.expression(value).text;
  return jump(f, 'return', f.isMain ? `${f.helper('ended')}(K,${text})` : text);
}

function throwStatement(f: FunctionEmission, node: Throw): string {
  const value = f.expression(node.value).text;
  f.jumped = true;
  return `throw ${mark(node.span.start)}${f.helper('raised')}(${value});`;
}
