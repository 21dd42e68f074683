// Checks of built-ins' arguments. A wrong type is always `name: expected string for argument 1, got null` (SPEC 9).
import { typeName } from '../runtime/display.ts';
import { type Raised, raise } from '../runtime/raised.ts';
import { arrayToChange, settled } from '../runtime/undecided.ts';
import {
  BoundMethod,
  BuiltinValue,
  FunctionValue,
  ObjectValue,
  type Value,
} from '../runtime/value.ts';

/** An argument as the caller gave it; undefined when it is missing. */
export type Given = Value | undefined;

export function textArgument(name: string, position: number, given: Given): string {
  if (typeof given === 'string') return given;
  throw wrongArgument(name, 'string', position, given);
}

export function numberArgument(name: string, position: number, given: Given): number {
  if (typeof given === 'number') return given;
  throw wrongArgument(name, 'number', position, given);
}

/** A number truncated toward zero, NaN as 0; `missing` where there is none, or null. */
export function integerArgument(
  name: string,
  position: number,
  given: Given,
  missing?: number,
): number {
  if (typeof given === 'number') return Number.isNaN(given) ? 0 : Math.trunc(given);
  if (missing !== undefined && isMissing(given)) return missing;
  throw wrongArgument(name, 'number', position, given);
}

/** An array to read; a `∅` reads as an empty one. */
export function listArgument(name: string, position: number, given: Given): Value[] {
  if (Array.isArray(given)) return given;
  const target = given === undefined ? null : settled(given);
  if (Array.isArray(target)) return target;
  throw wrongArgument(name, 'array', position, given);
}

/** An array to change; decides a `∅`. */
export function changedListArgument(name: string, position: number, given: Given): Value[] {
  const array = given === undefined ? null : arrayToChange(given);
  if (array !== null) return array;
  throw wrongArgument(name, 'array', position, given);
}

/** An object to read; a `∅` that became an array, or nothing yet, is none. */
export function objectArgument(name: string, position: number, given: Given): ObjectValue {
  if (given instanceof ObjectValue) return given;
  const target = given === undefined ? null : settled(given);
  if (target instanceof ObjectValue) return target;
  throw wrongArgument(name, 'object', position, given);
}

export function functionArgument(name: string, position: number, given: Given): Value {
  if (isFunction(given)) return given;
  throw wrongArgument(name, 'function', position, given);
}

export function isFunction(given: Given): given is FunctionValue | BuiltinValue | BoundMethod {
  return (
    given instanceof FunctionValue || given instanceof BuiltinValue || given instanceof BoundMethod
  );
}

/** Optional arguments may be left out or be null. */
export function isMissing(given: Given): given is undefined | null {
  return given === undefined || given === null;
}

export function wrongArgument(
  name: string,
  expected: string,
  position: number,
  given: Given,
): Raised {
  return raise(
    'TypeError',
    `${name}: expected ${expected} for argument ${position}, got ${typeName(given ?? null)}`,
  );
}

/** For an element of an array that is an argument. */
export function wrongElement(name: string, expected: string, index: number, given: Given): Raised {
  return raise(
    'TypeError',
    `${name}: expected ${expected} at index ${index}, got ${typeName(given ?? null)}`,
  );
}
