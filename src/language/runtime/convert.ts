// Conversions between primitive values (SPEC 3.7, 3.9, 9.2). Nothing here looks inside collections.
import type { Value } from './value.ts';

const numericText = /^[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number that a numeric string stands for (SPEC 3.9), NaN if it is not one. */
export function numericString(text: string): number {
  const trimmed = text.trim();
  return numericText.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** An operand of arithmetic as a number: numbers, booleans, numeric strings; undefined for anything else (SPEC 3.9). */
export function operandNumber(value: Value): number | undefined {
  switch (typeof value) {
    case 'number':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'string': {
      const converted = numericString(value);
      return Number.isNaN(converted) ? undefined : converted;
    }
    default:
      return undefined;
  }
}

/** `Number(x)` (SPEC 9.2): null is 0, what has no number is NaN. */
export function toNumber(value: Value): number {
  return value === null ? 0 : (operandNumber(value) ?? Number.NaN);
}

/** SPEC 3.7: falsy are false, 0, NaN, "" and null. */
export function truthy(value: Value): boolean {
  // Every value that is a JavaScript object is truthy in both languages, so V8's own rule is ours.
  return Boolean(value);
}
