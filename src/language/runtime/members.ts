// Reading and writing `x.name`, `x[i]` and `x[i:j]` (SPEC 3.4, 3.5, 6.3).
//
// SECURITY: this is the only way from a program's value to a part of it. Only own entries under encoded keys, elements by
// checked index, and the built-in tables are looked at; nothing of the host's objects can be named.
import type { BuiltinContext } from '../builtins/builtin.ts';
import { display, typeName } from './display.ts';
import { visibleNames } from './modules.ts';
import { type Raised, raise } from './raised.ts';
import { responseMember } from './response.ts';
import { arrayToChange, objectToChange, settled } from './undecided.ts';
import {
  BoundMethod,
  BuiltinValue,
  CallableValue,
  decodeKey,
  ErrorValue,
  encodeKey,
  ModuleValue,
  ObjectValue,
  objectBrand,
  RegexValue,
  responseBrand,
  UndecidedValue,
  type Value,
} from './value.ts';

/** `x.name`. Unknown names are null; TypeError on null, ReferenceError for what a module does not show. */
export function getMember(context: BuiltinContext, object: Value, name: string): Value {
  if (object instanceof ObjectValue) {
    const own = object[encodeKey(name)];
    if (own !== undefined) return own;
    if (object[responseBrand] === true) return responseMember(object, name, context.methods);
    return methodOf(context, object, name);
  }
  if (typeof object === 'string' || Array.isArray(object)) {
    if (name === 'length' || name === 'len') return object.length;
    return methodOf(context, object, name);
  }
  if (object === null) throw raise('TypeError', `Cannot read property '${name}' of null`);
  if (object instanceof UndecidedValue) {
    const target = settled(object);
    if (Array.isArray(target) && (name === 'length' || name === 'len')) return target.length;
    if (target instanceof ObjectValue) {
      const own = target[encodeKey(name)];
      if (own !== undefined) return own;
    }
    return methodOf(context, object, name);
  }
  if (object instanceof ModuleValue) return moduleMember(object, name);
  if (object instanceof BuiltinValue) {
    if (object.members === null) return object;
    return object.members.get(name) ?? methodOf(context, object, name);
  }
  if (object instanceof ErrorValue) {
    return errorMember(object, name) ?? methodOf(context, object, name);
  }
  if (object instanceof RegexValue) {
    if (name === 'source') return object.pattern;
    if (name === 'flags') return object.flags;
    if (name === 'lastIndex') return object.lastIndex;
  }
  return methodOf(context, object, name);
}

/** `x.name = value`. Objects, the message of errors, where a regex goes on; TypeError for all else. */
export function setMember(
  context: BuiltinContext,
  object: Value,
  name: string,
  value: Value,
): void {
  if (object instanceof ObjectValue && object[objectBrand] === true) {
    object[encodeKey(name)] = value;
    return;
  }
  if (object === null) throw raise('TypeError', `Cannot set property '${name}' of null`);
  if (object instanceof ErrorValue && name === 'message') {
    object.message = display(value, context);
    return;
  }
  if (object instanceof RegexValue && name === 'lastIndex') {
    object.lastIndex = positionOf(value);
    return;
  }
  const isLength = name === 'length' || name === 'len';
  const target = isLength && typeName(object) === 'array' ? null : objectToChange(object);
  if (target === null) {
    throw raise('TypeError', `Cannot set property '${name}' of ${typeName(object)}`);
  }
  target[encodeKey(name)] = value;
}

/** `x[index]`. */
export function getIndex(context: BuiltinContext, object: Value, index: Value): Value {
  if (typeof index === 'number') {
    // Outside, fractional, NaN: no such element in V8 either.
    if (Array.isArray(object)) return object[index] ?? null;
    if (typeof object === 'string') return object[index] ?? null;
    const target = settled(object);
    if (Array.isArray(target)) return target[index] ?? null;
  } else if (typeof index === 'string') {
    return getMember(context, object, index);
  } else if (typeName(object) === 'array' || typeof object === 'string') {
    return null;
  }
  return getMember(context, object, display(index, context));
}

/** `x[index] = value`. RangeError for an index that no array has. */
export function setIndex(context: BuiltinContext, object: Value, index: Value, value: Value): void {
  if (typeof index === 'number') {
    const array = arrayToChange(object);
    if (array !== null) {
      setElement(context, array, index, value);
      return;
    }
    if (typeof object === 'string') throw raise('TypeError', 'Strings cannot be changed');
  } else if (typeof index !== 'string' && typeName(object) === 'array') {
    throw raise('TypeError', `Array index must be a number, got ${typeName(index)}`);
  }
  setMember(context, object, display(index, context), value);
}

/** `x[from:to]`: a copy of a part of an array or string. Absent bounds are undefined or null. */
export function slice(
  context: BuiltinContext,
  object: Value,
  from: Value | undefined,
  to: Value | undefined,
): Value {
  const target = settled(object);
  if (typeof target !== 'string' && !Array.isArray(target)) {
    throw raise('TypeError', `Cannot slice ${typeName(object)}`);
  }
  const start = sliceBound(from, 0, target.length);
  const end = sliceBound(to, target.length, target.length);
  if (typeof target === 'string') return target.slice(start, end);
  const length = Math.max(0, end - start);
  context.step(length);
  context.allocate(length * 8);
  return target.slice(start, end);
}

function methodOf(context: BuiltinContext, value: Value, name: string): Value {
  const method = context.methods[typeName(value)].get(name);
  return method === undefined ? null : new BoundMethod(value, method);
}

/** What `value.name(...)` could call. */
export function* callableNames(context: BuiltinContext, value: Value): Generator<string> {
  const target = settled(value);
  if (target instanceof ObjectValue) {
    for (const key in target) if (target[key] instanceof CallableValue) yield decodeKey(key);
  }
  yield* context.methods[typeName(value)].keys();
  if (target instanceof BuiltinValue) yield* target.members?.keys() ?? [];
}

function moduleMember(module: ModuleValue, name: string): Value {
  const slot = module.members.get(name);
  if (slot === undefined) {
    const message = `'${name}' is not defined in module '${module.name}'`;
    throw raise('ReferenceError', message, { name, among: () => visibleNames(module) });
  }
  if (module.exported !== null && !module.exported.has(name)) {
    throw raise('ReferenceError', `'${name}' is private in module '${module.name}'`);
  }
  return module.environment[slot] ?? null;
}

function errorMember(error: ErrorValue, name: string): Value | undefined {
  switch (name) {
    case 'type':
    case 'name':
      return error.type;
    case 'message':
      return error.message;
    case 'line':
      return error.stack[0]?.line ?? null;
    case 'column':
      return error.stack[0]?.column ?? null;
    case 'file':
      return error.stack[0]?.file ?? null;
    case 'value':
      return error.value;
    case 'stack':
      return error.stack.map((frame) => {
        const entry = new ObjectValue();
        entry.function = frame.function;
        entry.line = frame.line;
        entry.column = frame.column;
        if (frame.file !== undefined) entry.file = frame.file;
        return entry;
      });
    default:
      return undefined;
  }
}

/** A position in a text: whole, not negative. */
function positionOf(value: Value): number {
  if (typeof value !== 'number') {
    throw raise('TypeError', `lastIndex must be a number, got ${typeName(value)}`);
  }
  return Math.max(0, Math.trunc(value) || 0);
}

const indexMax = 2 ** 32 - 2;
const fillChunk = 4096;

function setElement(context: BuiltinContext, array: Value[], index: number, value: Value): void {
  if (index < array.length && index >= 0 && Number.isInteger(index)) {
    array[index] = value;
    return;
  }
  if (!(Number.isInteger(index) && index >= 0 && index <= indexMax)) throw invalidIndex(index);
  // Asked for only now and then: an array that grows by appending must stay fast.
  if (index > array.length || array.length % fillChunk === 0) context.allocate((index + 1) * 8);
  while (array.length < index) {
    const stop = Math.min(index, array.length + fillChunk);
    context.step(stop - array.length);
    while (array.length < stop) array.push(null);
  }
  array.push(value);
}

function invalidIndex(index: number): Raised {
  return raise('RangeError', `Invalid array index ${index}`);
}

/** A slice bound as V8's own `slice` takes it; negative ones still count from the end. */
function sliceBound(bound: Value | undefined, missing: number, length: number): number {
  if (bound === undefined || bound === null) return missing;
  if (typeof bound !== 'number') {
    throw raise('TypeError', `Slice bounds must be numbers, got ${typeName(bound)}`);
  }
  const whole = Number.isNaN(bound) ? 0 : Math.trunc(bound);
  return Math.min(length, Math.max(0, whole < 0 ? length + whole : whole));
}
