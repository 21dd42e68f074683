// Members and elements: own entries of objects and elements of arrays inline, everything else through the runtime.
//
// SECURITY: an emitted property name is either one of ours or an encoded key on a checked ObjectValue; an emitted index is a
// checked number, and what is written to is a checked array. Nothing inherited can be named: the host has no property whose
// name is a number.
import { encodeKey, objectBrand } from '../runtime/value.ts';
import { type Code, code, mark } from './code.ts';
import type { FunctionEmission } from './function-emission.ts';
import { literal } from './literal.ts';

/** `object.name`, the object being text that may be repeated: a number too, behind which a point would be its own. */
export function getMember(
  f: FunctionEmission,
  object: string,
  name: string,
  offset: number,
): string {
  const slow = `${mark(offset)}${f.helper('getMember')}(${object},${literal(name)})`;
  if (name === 'length' || name === 'len') {
    return `(${f.helper('isArray')}(${object})||typeof ${object}==='string'?(${object}).length:${slow})`;
  }
  const found = f.acquire();
  f.release(found);
  // The entry is read before the class is checked: V8 then knows the shape and has nothing left to check. What it finds on
  // anything but an object is dropped. (`?.` would join in an undefined, and V8 box every fraction that it reads.)
  const own = `(${found}=${object}[${keyLiteral(name)}])!==undefined`;
  return `(${object}!==null&&${own}&&${isObject(object)}?${found}:${slow})`;
}

/** `object.name = value`, both being text that may be repeated. */
export function setMember(
  f: FunctionEmission,
  object: string,
  name: string,
  value: string,
  offset: number,
): string {
  const slow = `${mark(offset)}${f.helper('setMember')}(${object},${literal(name)},${value})`;
  return `(${object}!==null&&${isChangeable(object)}?${object}[${keyLiteral(name)}]=${value}:${slow})`;
}

/** `object[index]`. */
export function getIndex(f: FunctionEmission, object: string, key: Code, offset: number): string {
  const index = key.text;
  const slow = `${mark(offset)}${f.helper('getIndex')}(${object},${index})`;
  if (!mayBeNumber(key)) return slow;
  const found = f.acquire();
  f.release(found);
  // Only arrays and texts have elements. Where an object has something under a number (-1, say), that is the entry meant, and
  // nothing else that a value can be has any such property.
  return `(${object}!==null${numberCheck(key)}&&(${found}=${object}[${index}])!==undefined?${found}:${slow})`;
}

/** `object[index] = value`. */
export function setIndex(
  f: FunctionEmission,
  object: string,
  key: Code,
  value: string,
  offset: number,
): string {
  const index = key.text;
  const slow = `${mark(offset)}${f.helper('setIndex')}(${object},${index},${value})`;
  if (!mayBeNumber(key)) return slow;
  return `(${f.helper('isArray')}(${object})${numberCheck(key)}&&${index}>>>0===${index}&&${index}<(${object}).length?${object}[${index}]=${value}:${slow})`;
}

const brand = literal(objectBrand);

/** Whether a value other than null is an ObjectValue. */
export function isObject(value: string): string {
  return `${value}[${brand}]`;
}

/** Whether a value other than null is an ObjectValue that programs may write to. */
function isChangeable(value: string): string {
  return `${isObject(value)}===true`;
}

function mayBeNumber(key: Code): boolean {
  return key.kind === 'number' || key.kind === 'value';
}

function numberCheck(key: Code): string {
  return key.kind === 'number' ? '' : `&&typeof ${key.text}==='number'`;
}

export function keyLiteral(name: string): string {
  return literal(encodeKey(name));
}

/** What reading through text that may be repeated yields. */
export function accessed(setup: string, text: string, effects: 0 | 1 | 2) {
  return code(`(${setup}${text})`, 'value', effects);
}
