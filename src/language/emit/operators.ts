// Arithmetic, comparison and equality: the common case of two numbers inline, everything else through the runtime.
import type { BinaryOperator } from '../syntax.ts';
import { type Code, code, type Kind, mark } from './code.ts';
import type { FunctionEmission, Held } from './function-emission.ts';
import type { HelperName } from './helpers.ts';

const arithmetic: Readonly<Record<string, HelperName>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'remainder',
  '**': 'power',
};

const comparison: Readonly<Record<string, HelperName>> = {
  '<': 'less',
  '<=': 'lessOrEqual',
  '>': 'greater',
  '>=': 'greaterOrEqual',
};

/** `left operator right`; the two are emitted here, so that temporaries do not collide. */
export function binary(
  f: FunctionEmission,
  operator: BinaryOperator,
  emitLeft: () => Code,
  emitRight: () => Code,
  offset: number,
): Code {
  const held = f.pair(emitLeft, emitRight);
  const result = operate(f, operator, held, offset);
  held.release();
  return code(`(${held.setup}${result.text})`, result.kind, held.effects);
}

function operate(
  f: FunctionEmission,
  operator: BinaryOperator,
  held: Held,
  offset: number,
): { text: string; kind: Kind } {
  const { left, right } = held;
  const helper = arithmetic[operator];
  if (helper !== undefined) return calculate(f, operator, helper, held, offset);
  const compare = comparison[operator];
  if (compare !== undefined) {
    const slow = `${mark(offset)}${f.helper(compare)}(${left.text},${right.text})`;
    return { text: guarded(held, `${left.text}${operator}${right.text}`, slow), kind: 'boolean' };
  }
  const negated = operator === '!=' || operator === '!==';
  const strict = `${left.text}${negated ? '!==' : '==='}${right.text}`;
  // A primitive equals only itself, whatever the other side is (SPEC 3.8).
  if (left.kind !== 'value' || right.kind !== 'value') return { text: strict, kind: 'boolean' };
  const same = f.helper(operator === '==' || operator === '!=' ? 'equals' : 'identical');
  const slow = `${negated ? '!' : ''}${same}(${left.text},${right.text})`;
  const simple = `typeof ${left.text}==='number'||typeof ${left.text}==='string'`;
  return { text: `${simple}?${strict}:${slow}`, kind: 'boolean' };
}

function calculate(
  f: FunctionEmission,
  operator: BinaryOperator,
  helper: HelperName,
  held: Held,
  offset: number,
): { text: string; kind: Kind } {
  const { left, right } = held;
  const slow = `${mark(offset)}${f.helper(helper)}(${left.text},${right.text})`;
  if (operator === '+') {
    const text = concatenation(f, held, offset, slow);
    if (text !== null) return { text, kind: left.kind === 'string' ? 'string' : 'value' };
  }
  // `-a ** b` is no JavaScript; the operands are names, literals or in parentheses.
  const base = operator === '**' ? `(${left.text})` : left.text;
  const fast = `${base}${operator}${right.text}`;
  const numbers = left.kind === 'number' && right.kind === 'number';
  const kind: Kind = operator !== '+' || numbers ? 'number' : 'value';
  const divides = operator === '/' || operator === '%';
  const nonZero = divides && !/^[1-9]/.test(right.text) ? `${right.text}!==0` : '';
  return { text: guarded(held, fast, slow, nonZero), kind };
}

/** A `+` where one side is known to be a string. */
function concatenation(
  f: FunctionEmission,
  held: Held,
  offset: number,
  slow: string,
): string | null {
  const { left, right } = held;
  if (left.kind !== 'string' && right.kind !== 'string') return null;
  const fast = `${mark(offset)}${f.helper('concatenate')}(${left.text},${right.text})`;
  const other = left.kind === 'string' ? right : left;
  if (other.kind === 'string') return fast;
  if (left.kind === 'string' && right.kind === 'number') {
    return `${mark(offset)}${f.helper('concatenate')}(${left.text},""+${right.text})`;
  }
  return other.kind === 'value' ? `typeof ${other.text}==='string'?${fast}:${slow}` : slow;
}

/** `fast` if both are numbers, `slow` if not. */
function guarded({ left, right }: Held, fast: string, slow: string, also = ''): string {
  if (isOther(left.kind) || isOther(right.kind)) return slow;
  const guards = [left, right]
    .filter(({ kind }) => kind === 'value')
    .map(({ text }) => `typeof ${text}==='number'`);
  if (also !== '') guards.push(also);
  return guards.length === 0 ? fast : `${guards.join('&&')}?${fast}:${slow}`;
}

function isOther(kind: Kind): boolean {
  return kind !== 'number' && kind !== 'value';
}

/** Prefix `-` and `+`. */
export function sign(
  f: FunctionEmission,
  operator: '-' | '+',
  operand: Code,
  offset: number,
): Code {
  // The blank keeps `- -a` from becoming `--a`.
  const apply = (text: string): string => (operator === '-' ? `- ${text}` : text);
  if (operand.kind === 'number') {
    return code(`(${apply(operand.text)})`, 'number', operand.effects);
  }
  const held = f.hold(operand);
  const helper = f.helper(operator === '-' ? 'negate' : 'plus');
  const slow = `${mark(offset)}${helper}(${held.text})`;
  const text = `typeof ${held.text}==='number'?${apply(held.text)}:${slow}`;
  held.release();
  return code(`(${held.setup}${text})`, 'number', operand.effects);
}

/** `value + 1` or `value - 1` of `++` and `--`: always a number. */
export function step(
  f: FunctionEmission,
  operator: '++' | '--',
  value: string,
  kind: Kind,
  offset: number,
): string {
  const sign = operator === '++' ? '+' : '-';
  if (kind === 'number') return `(${value}${sign}1)`;
  const slow = `${mark(offset)}${f.helper('plus')}(${value})${sign}1`;
  return `(typeof ${value}==='number'?${value}${sign}1:${slow})`;
}
