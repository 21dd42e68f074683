// Functions. Every function of a unit stands at the top of the script and is made over an environment: nothing it uses is
// captured by JavaScript, so that code and environment are the whole value.

import { callDepthMax } from '../runtime/budget.ts';
import type { FunctionInfo } from '../scope.ts';
import type { Expression, FunctionBody, Parameter, Program } from '../syntax.ts';
import { mark } from './code.ts';
import { environmentLiteral, parentEnvironment } from './environments.ts';
import { type Emitters, FunctionEmission } from './function-emission.ts';
import { freeRounds } from './loops.ts';
import type { UnitEmission } from './unit-emission.ts';

/** The value of a function where it is written; the function itself goes to the top of the script. */
export function functionValue(f: FunctionEmission, emitters: Emitters, body: FunctionBody): string {
  const info = f.unit.resolved.functions.get(body)!;
  f.unit.functionTexts[info.index] ??= settled(f.unit, info, emitters, (inner) =>
    functionText(inner, body),
  );
  const outside = f.unit.resolved.scopes.get(body)!.parent;
  const environment = info.usesOuter ? parentEnvironment(f, outside) : 'null';
  const self = info.lexicalThis && info.usesThis ? f.thisText : 'null';
  const made = `f${info.index}(${environment},${self})`;
  return `new ${f.helper('FunctionValue')}(c${info.index},${environment},${self},${made})`;
}

/**
 * Emits a function until nothing it assumed about its locals proved wrong. Every further round gives up at least one
 * assumption; functions inside are emitted once.
 */
export function settled(
  unit: UnitEmission,
  info: FunctionInfo,
  emitters: Emitters,
  emit: (f: FunctionEmission) => string,
): string {
  for (;;) {
    const f = new FunctionEmission(unit, info, emitters);
    const text = emit(f);
    if (!f.retry) return text;
  }
}

function functionText(f: FunctionEmission, body: FunctionBody): string {
  const { info, unit } = f;
  const scope = unit.resolved.scopes.get(body)!;
  const content = f.items(body.body.body, null);
  const parameters = parameterNames(f, body.parameters);
  let begin = '';
  if (info.hasCalls) begin += enter(f);
  if (info.watched) begin += 'K.mainCalled=true;';
  const defaults = defaultValues(f, body.parameters);
  begin += defaults.before;
  if (scope.hasEnvironment) {
    const initial = scope.captured.map((variable) => {
      const isParameter = parameters.includes(`v${variable.index}`);
      return isParameter ? `v${variable.index}` : 'undefined';
    });
    f.locals.add(`e${scope.index}`);
    begin += `e${scope.index}=${environmentLiteral(f, scope, (slot) => initial[slot]!)};`;
  }
  begin += defaults.after;
  const list = ['s', 'd', ...parameters].join(',');
  const tail = f.jumped ? '' : 'return null';
  const code = `function f${info.index}(${list}){${declared(f)}${begin}${content}${tail}}`;
  const outer = outerEnvironments(f, scope.parent);
  if (outer === '') return `const f${info.index}=(E,T)=>${code};`;
  return `const f${info.index}=(E,T)=>{${outer}return ${code}};`;
}

/** The unit's own function `u`. */
export function mainText(f: FunctionEmission, program: Program): string {
  f.completion = 'r';
  f.locals.add('r');
  // A host may want to be told of each value as it comes (see `onStatement`).
  const content = f.items(program.body, null, `${f.helper('statement')}(K,r);`);
  return `function u(d){${declared(f)}r=null;${content}return r}`;
}

/** Counts the call and its depth. Functions that call nothing need neither: who calls them counts. */
function enter(f: FunctionEmission): string {
  const at = mark(f.info.span.start);
  return `if(--${f.helper('budget')}.fuel<0||d>${callDepthMax})${at}${f.helper('enter')}(d);`;
}

function parameterNames(f: FunctionEmission, parameters: readonly Parameter[]): string[] {
  const variables = parameters.map(({ name }) => f.unit.resolved.declarations.get(name)!);
  return variables.map((variable, i) =>
    // Of two parameters with one name the last is meant.
    variables.lastIndexOf(variable) === i ? `v${variable.index}` : `u${i}`,
  );
}

/**
 * What gives missing arguments their values, before the environment is made and after it. A default that is more than a literal may
 * read parameters whose turn has not come, itself or in a closure: until then they are null.
 */
function defaultValues(
  f: FunctionEmission,
  parameters: readonly Parameter[],
): { readonly before: string; readonly after: string } {
  const variables = parameters.map(({ name }) => f.unit.resolved.declarations.get(name)!);
  const isPlain = parameters.every(
    ({ defaultValue }) => !defaultValue || literals.has(defaultValue.type),
  );
  let before = '';
  let after = '';
  for (const [i, { defaultValue }] of parameters.entries()) {
    const variable = variables[i]!;
    // Of two parameters with one name the last is meant.
    if (variables.lastIndexOf(variable) !== i) continue;
    const location = f.location(variable);
    if (defaultValue === null) {
      if (isPlain) after += `${location}??=null;`;
      else before += `v${variable.index}??=null;`;
    } else if (isPlain)
      after += `if(${location}===undefined)${location}=${f.expression(defaultValue).text};`;
    else {
      const missing = `w${variable.index}`;
      f.locals.add(missing);
      before += `if(${missing}=v${variable.index}===undefined)v${variable.index}=null;`;
      after += `if(${missing})${location}=${f.expression(defaultValue).text};`;
    }
  }
  return { before, after };
}

const literals: ReadonlySet<Expression['type']> = new Set([
  'NumberLiteral',
  'StringLiteral',
  'BooleanLiteral',
  'NullLiteral',
]);

function declared(f: FunctionEmission): string {
  if (f.locals.size === 0) return '';
  const names = [...f.locals].map((name) => (name === 'k' ? `k=${freeRounds}` : name));
  return `let ${names.join(',')};`;
}

/** Constants for the environments of enclosing functions, looked up once per function value. */
function outerEnvironments(
  f: FunctionEmission,
  scope: Parameters<typeof parentEnvironment>[1],
): string {
  if (f.outerScopes.size === 0) return '';
  let text = '';
  let path = 'E';
  let missing = f.outerScopes.size;
  for (let current = scope; current !== null && missing > 0; current = current.parent) {
    if (!current.hasEnvironment) continue;
    if (f.outerScopes.has(current)) {
      text += `const x${current.index}=${path};`;
      missing--;
    }
    path += '.p';
  }
  return text;
}
