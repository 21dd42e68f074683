// Loops. Each round counts down a local register; only when that is used up does it cost a call (see runtime/budget.ts).
import type { Scope } from '../scope.ts';
import type { For, ForIn, While } from '../syntax.ts';
import { code, mark } from './code.ts';
import { variableDeclaration } from './declarations.ts';
import { environmentLiteral, openScope } from './environments.ts';
import { update } from './expressions.ts';
import type { FunctionEmission } from './function-emission.ts';
import { storeHere } from './numeric-loop.ts';
import { numericForm } from './numeric-loops.ts';
import { declareName } from './variables.ts';

/** Rounds that the loops of one call may make before they first ask the budget; the call itself was counted. */
export const freeRounds = 64;

export function whileLoop(f: FunctionEmission, node: While): string {
  const condition = f.expression(node.condition);
  const numeric = numericForm(f, node, condition, () => whileLoop(f, node));
  const begin = round(f, node.span.start) + numeric;
  return `while(${condition.text}){${begin}${loopBody(f, node.body)}}`;
}

export function forLoop(f: FunctionEmission, node: For): string {
  const scope = f.unit.resolved.scopes.get(node)!;
  const { init } = node;
  let begin = '';
  if (init !== null && 'type' in init)
    begin = withoutCompletion(f, () => variableDeclaration(f, init));
  else if (init !== null) begin = init.map((part) => `${f.expression(part).text};`).join('');
  const rounds = forRounds(f, node, scope);
  return openScope(f, scope) + begin + rounds;
}

/** A `for` without what comes before its first round. */
function forRounds(f: FunctionEmission, node: For, scope: Scope): string {
  const condition = node.condition === null ? null : f.expression(node.condition);
  const numeric = numericForm(f, node, condition, () => forRounds(f, node, scope));
  const start = f.assigned.branch();
  const content = loopBody(f, node.body);
  const steps = node.step.map((step) =>
    step.type === 'Update' ? update(f, step, true).text : f.expression(step).text,
  );
  f.assigned.merge(start);
  // Each round has its own copy of the variables (SPEC 5.1); only closures can tell.
  if (scope.hasEnvironment) steps.unshift(`${f.environment(scope)}=${copyOf(f, scope)}`);
  const head = `for(;${condition?.text ?? ''};${steps.join(',')})`;
  return `${head}{${round(f, node.span.start)}${numeric}${content}}`;
}

export function forInLoop(f: FunctionEmission, node: ForIn): string {
  const scope = f.unit.resolved.scopes.get(node)!;
  const subject = f.expression(node.subject).text;
  const variable = f.unit.resolved.declarations.get(node.name) ?? null;
  const loopItems = f.acquire();
  const item = f.acquire();
  const start = f.assigned.branch();
  const declared =
    variable === null && node.kind === null
      ? `${f.helper('assign')}(${f.unit.cell(node.name.text)},${item})`
      : declareName(f, variable, node.name.text, code(item), node.kind === 'const');
  const content = loopBody(f, node.body);
  f.assigned.merge(start);
  f.release(loopItems, item);
  const begin = `${loopItems}=${mark(node.subject.span.start)}${f.helper('iterate')}(${subject},"${node.operator}")`;
  return `for(${begin};(${item}=${loopItems}.next())!==undefined;){${round(f, node.span.start)}${openScope(f, scope)}${declared};${content}}`;
}

function loopBody(f: FunctionEmission, node: While['body']): string {
  f.loopDepth++;
  const start = f.assigned.branch();
  const text = f.body(node);
  f.assigned.merge(start);
  f.loopDepth--;
  f.jumped = false;
  return text;
}

function round(f: FunctionEmission, offset: number): string {
  f.locals.add('k');
  const ask = `k=${mark(offset)}${f.helper('loop')}();`;
  return f.numericLoop === null ? `if(--k<0)${ask}` : `if(--k<0){${storeHere}${ask}}`;
}

function copyOf(f: FunctionEmission, scope: Scope): string {
  return environmentLiteral(f, scope, (slot) => `${f.environment(scope)}.s${slot}`);
}

function withoutCompletion(f: FunctionEmission, emit: () => string): string {
  const { completion } = f;
  f.completion = null;
  const text = emit();
  f.completion = completion;
  return text;
}
