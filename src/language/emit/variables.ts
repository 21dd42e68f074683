// Reading and writing names (SPEC 5.1).
import { writtenName } from '../renamed.ts';
import type { Resolution, Variable } from '../scope.ts';
import { bothEffects, type Code, code, type Kind, mark } from './code.ts';
import type { FunctionEmission } from './function-emission.ts';
import { literal } from './literal.ts';

/** Nothing but a session variable can be meant. */
export function isSessions({ variables, builtin, currentError }: Resolution): boolean {
  return variables.length === 0 && !builtin && currentError === null;
}

/** What a read yields behind the last local: the session's variable, or what `missing` says when it has none. */
function sessionRead(f: FunctionEmission, resolution: Resolution, missing: string): string {
  const cell = f.unit.cell(resolution.name);
  if (resolution.builtin) return `${cell}.builtin`;
  if (resolution.currentError !== null) {
    return `(${cell}.state!==0?${cell}.value:${f.location(resolution.currentError)})`;
  }
  return `(${cell}.value===undefined?${missing}:${cell}.value)`;
}

/** The value of a name. `missing` is the expression for a name that means nothing; without it, ReferenceError. */
export function readName(
  f: FunctionEmission,
  resolution: Resolution,
  offset: number,
  missing?: string,
): Code {
  const { variables, name } = resolution;
  const loop = f.numericLoop;
  if (loop !== null && isSessions(resolution)) {
    return code(loop.read(f.unit.cell(name)), 'number', 0, 2);
  }
  let stability: Code['stability'] = 0;
  let kind: Kind = 'value';
  let text: string | null = null;
  for (let i = variables.length - 1; i >= 0; i--) {
    const variable = variables[i]!;
    const location = f.location(variable);
    if (f.surelyAssigned(variable)) {
      text = location;
      stability = variable.captured ? 1 : 2;
      kind = f.kindOf(variable);
      continue;
    }
    stability = 0;
    kind = 'value';
    text ??= sessionRead(f, resolution, missing ?? missingName(f, name, offset));
    if (variable.kind === 'star') {
      const found = f.acquire();
      text = `((${found}=${f.helper('star')}(${location},${literal(name)}))!==undefined?${found}:${text})`;
      f.release(found);
    } else {
      f.checked.add(variable);
      text = `(${location}===undefined?${text}:${location})`;
    }
  }
  text ??= sessionRead(f, resolution, missing ?? missingName(f, name, offset));
  if (loop !== null && kind !== 'number') loop.failed = true;
  return code(text, kind, 0, stability);
}

function missingName(f: FunctionEmission, name: string, offset: number): string {
  return `${mark(offset)}${f.helper('missing')}(${f.unit.cell(name)})`;
}

/** `name = value`; `use` tells a plain assignment, which may make a session variable, from a compound one, which may not. */
export function writeName(
  f: FunctionEmission,
  resolution: Resolution,
  value: Code,
  use: 'assign' | 'update',
  offset: number,
): Code {
  const variable = resolution.variables.find((candidate) => candidate.kind !== 'star');
  const result = (text: string): Code => code(text, value.kind, bothEffects(value.effects, 2), 0);
  const loop = f.numericLoop;
  if (loop !== null && value.kind !== 'number') loop.failed = true;
  if (variable === undefined && loop !== null) {
    return result(loop.write(f.unit.cell(resolution.name), value));
  }
  if (variable === undefined) return result(sessionWrite(f, resolution.name, value, use, offset));
  const location = f.location(variable);
  if (variable.constant) {
    const refuse = `${mark(offset)}${f.helper('constant')}(${literal(writtenName(variable.name))})`;
    return result(`(${value.text},${refuse})`);
  }
  if (variable.kind !== 'maybe') {
    f.assigned.add(variable);
    f.holds(variable, value.kind);
    return result(`(${location}=${value.text})`);
  }
  const held = f.hold(value);
  const again: Code = { ...value, text: held.text, stability: 2 };
  const cell = f.unit.cell(variable.name);
  const local = `${location}=${held.text}`;
  const outer = sessionWrite(f, variable.name, again, use, offset);
  const chosen = use === 'assign' ? `${cell}.state===0?${local}:${outer}` : outer;
  held.release();
  return result(`(${held.setup}${location}!==undefined?${local}:${chosen})`);
}

/** State 1 is a variable that may be set: everything else is for the runtime to judge. */
function sessionWrite(
  f: FunctionEmission,
  name: string,
  value: Code,
  use: 'assign' | 'update',
  offset: number,
): string {
  const cell = f.unit.cell(name);
  const held = f.hold(value);
  const slow = `${mark(offset)}${f.helper(use)}(${cell},${held.text})`;
  held.release();
  return `(${held.setup}${cell}.state===1?${cell}.value=${held.text}:${slow})`;
}

/** A declaration: sets the variable whatever it was. null is the session's. */
export function declareName(
  f: FunctionEmission,
  variable: Variable | null,
  name: string,
  value: Code,
  constant = false,
): string {
  if (variable === null) {
    if (f.numericLoop !== null) f.numericLoop.failed = true;
    return `${f.helper(constant ? 'defineConstant' : 'define')}(${f.unit.cell(name)},${value.text})`;
  }
  const location = f.location(variable);
  f.assigned.add(variable);
  f.holds(variable, value.kind);
  return `(${location}=${value.text})`;
}
