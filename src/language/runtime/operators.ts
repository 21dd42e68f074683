// Arithmetic and comparison on values (SPEC 3.2, 3.8, 3.9). Emitted code handles two numbers itself; here are all cases.
import { numericString, operandNumber } from './convert.ts';
import { display, typeName } from './display.ts';
import { type Raised, raise, Stopped } from './raised.ts';
import type { Meter } from './text-builder.ts';
import type { Value } from './value.ts';

export { truthy } from './convert.ts';

/** V8 refuses longer strings; a session's own limit is lower and the runtime's business. */
const stringLengthMax = 2 ** 29 - 25;

/** `+`: numbers add, a string on either side concatenates, save for a number on the left of a numeric string. */
export function add(left: Value, right: Value, meter: Meter | null = null): Value {
  if (typeof left === 'number') {
    if (typeof right === 'number') return left + right;
    if (typeof right === 'string') {
      const converted = numericString(right);
      return Number.isNaN(converted) ? concatenate(String(left), right) : left + converted;
    }
    if (typeof right === 'boolean') return left + (right ? 1 : 0);
    throw unsupported('+', left, right);
  }
  if (typeof left === 'string') {
    return concatenate(left, typeof right === 'string' ? right : display(right, meter));
  }
  if (typeof right === 'string') return concatenate(display(left, meter), right);
  if (typeof left === 'boolean' && typeof right === 'number') return (left ? 1 : 0) + right;
  throw unsupported('+', left, right);
}

export function subtract(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const a = operandNumber(left);
  const b = operandNumber(right);
  if (a === undefined || b === undefined) throw unsupported('-', left, right);
  return a - b;
}

export function multiply(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left * right;
  const a = operandNumber(left);
  const b = operandNumber(right);
  if (a === undefined || b === undefined) throw unsupported('*', left, right);
  return a * b;
}

/** ZeroDivisionError where the divisor is zero, `0/0` included. */
export function divide(left: Value, right: Value): number {
  const a = typeof left === 'number' ? left : operandNumber(left);
  const b = typeof right === 'number' ? right : operandNumber(right);
  if (a === undefined || b === undefined) throw unsupported('/', left, right);
  if (b === 0) throw raise('ZeroDivisionError', 'Division by zero');
  return a / b;
}

/** The result has the sign of the left operand. ZeroDivisionError as for `/`. */
export function remainder(left: Value, right: Value): number {
  const a = typeof left === 'number' ? left : operandNumber(left);
  const b = typeof right === 'number' ? right : operandNumber(right);
  if (a === undefined || b === undefined) throw unsupported('%', left, right);
  if (b === 0) throw raise('ZeroDivisionError', 'Division by zero');
  return a % b;
}

export function power(left: Value, right: Value): number {
  const a = operandNumber(left);
  const b = operandNumber(right);
  if (a === undefined || b === undefined) throw unsupported('**', left, right);
  return a ** b;
}

export function negate(value: Value): number {
  const operand = operandNumber(value);
  if (operand === undefined) throw unsupportedOperand('-', value);
  return -operand;
}

export function plus(value: Value): number {
  const operand = operandNumber(value);
  if (operand === undefined) throw unsupportedOperand('+', value);
  return operand;
}

export function lessThan(left: Value, right: Value): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left < right;
  if (typeof left === 'string' && typeof right === 'string') return left < right;
  const [a, b] = comparable('<', left, right);
  return a < b;
}

export function lessOrEqual(left: Value, right: Value): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left <= right;
  if (typeof left === 'string' && typeof right === 'string') return left <= right;
  const [a, b] = comparable('<=', left, right);
  return a <= b;
}

export function greaterThan(left: Value, right: Value): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left > right;
  if (typeof left === 'string' && typeof right === 'string') return left > right;
  const [a, b] = comparable('>', left, right);
  return a > b;
}

export function greaterOrEqual(left: Value, right: Value): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left >= right;
  if (typeof left === 'string' && typeof right === 'string') return left >= right;
  const [a, b] = comparable('>=', left, right);
  return a >= b;
}

/** A number beside a boolean or a numeric string; nothing else has an order (SPEC 3.8). */
function comparable(operator: string, left: Value, right: Value): [number, number] {
  if (typeof left === 'number' || typeof right === 'number') {
    const a = operandNumber(left);
    const b = operandNumber(right);
    if (a !== undefined && b !== undefined) return [a, b];
  }
  throw unsupported(operator, left, right);
}

function concatenate(left: string, right: string): string {
  if (left.length + right.length > stringLengthMax) {
    throw new Stopped({ type: 'ResourceLimitError', message: 'A string is too long' });
  }
  return left + right;
}

function unsupported(operator: string, left: Value, right: Value): Raised {
  return raise(
    'TypeError',
    `Unsupported operand types for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
  );
}

function unsupportedOperand(operator: string, value: Value): Raised {
  return raise('TypeError', `Unsupported operand type for ${operator}: '${typeName(value)}'`);
}
