// Constructors of objects with given keys. V8 then knows the shape from the start; an object that gets a dozen keys one by one
// through computed names becomes a hash table instead, and is slow from then on.
import { literal } from '../emit/literal.ts';
import { encodeKey, ObjectValue, type Value } from './value.ts';

export type Shape = new (...values: Value[]) => ObjectValue;

/** A constructor that takes one value for each key, in this order. No key may occur twice. */
export function createShape(
  keys: readonly string[],
  prototype: object = ObjectValue.prototype,
): Shape {
  const names = keys.map((_, i) => `a${i}`);
  // SECURITY: keys get into the text as literals only.
  const sets = keys.map((key, i) => `this[${literal(encodeKey(key))}]=a${i};`);
  const text = `"use strict";return function(${names.join(',')}){${sets.join('')}}`;
  const shape = new Function(text)() as Shape;
  shape.prototype = prototype;
  return shape;
}
