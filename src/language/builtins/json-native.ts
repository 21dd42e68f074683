// Short parts of JSON texts and small values, which V8 reads and writes many times faster than we do. Everything that V8
// does differently is left to json-parse.ts and json-write.ts, and so is everything long: V8 does not stop on the way.
import { encodeKey, ObjectValue, type Value } from '../runtime/value.ts';

/** What one call to V8 may take: well below a millisecond, and memory that the limits of a session do not notice. */
const lengthMax = 32 * 1024;
const nodesMax = 4096;
/** Looking ahead in vain may cost this many times what it has saved, and as much as one look before that. */
const vainShare = 4;

/** How far to look ahead for parts that V8 can take, so that texts or values without any are not looked at again and again. */
export class Lookahead {
  readonly #lookMax: number;
  #credit: number;

  constructor(lookMax: number) {
    this.#lookMax = lookMax;
    this.#credit = lookMax;
  }

  get mayLook(): boolean {
    return this.#credit > 0;
  }

  inVain(): void {
    this.#credit -= this.#lookMax;
  }

  /** Units of what was looked at that are done with, in whatever way. */
  done(units: number): void {
    this.#credit = Math.min(this.#lookMax, this.#credit + units * vainShare);
  }
}

export function textLookahead(): Lookahead {
  return new Lookahead(lengthMax);
}

export function valueLookahead(): Lookahead {
  return new Lookahead(nodesMax);
}

export type NativePart = { readonly value: Value; readonly end: number; readonly nodes: number };

/** The array or object that begins at `start`; null if it is long, malformed, or nothing for V8. */
export function readPart(text: string, start: number): NativePart | null {
  const end = endOfPart(text, start);
  if (end === null) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.slice(start, end));
  } catch {
    // Where and why is found out by the reader that can tell.
    return null;
  }
  const conversion = new Conversion();
  const value = conversion.of(parsed as Parsed, 0);
  return value === undefined ? null : { value, end, nodes: conversion.nodes };
}

/** Just behind the bracket that closes the one at `start`. */
function endOfPart(text: string, start: number): number | null {
  const limit = Math.min(text.length, start + lengthMax);
  let depth = 0;
  for (let i = start; i < limit; i++) {
    const unit = text.charCodeAt(i);
    if (unit === quote) {
      i = endOfString(text, i, limit);
      continue;
    }
    if (unit === 91 || unit === 123) depth++;
    else if ((unit === 93 || unit === 125) && --depth === 0) return i + 1;
  }
  return null;
}

function endOfString(text: string, start: number, limit: number): number {
  let i = start + 1;
  for (; i < limit; i++) {
    const unit = text.charCodeAt(i);
    if (unit === backslash) i++;
    else if (unit === quote) break;
  }
  return i;
}

const quote = 34;
const backslash = 92;
/** Deeper values are read without recursion. */
const depthMax = 100;

type Parsed = null | boolean | number | string | Parsed[] | { [key: string]: Parsed };

class Conversion {
  nodes = 0;

  /** Undefined where V8 has put the keys of an object into another order, or where it goes too deep. */
  of(parsed: Parsed, depth: number): Value | undefined {
    this.nodes++;
    if (typeof parsed !== 'object' || parsed === null) return parsed;
    if (depth === depthMax) return undefined;
    return Array.isArray(parsed) ? this.#array(parsed, depth) : this.#object(parsed, depth);
  }

  #array(parsed: Parsed[], depth: number): Value | undefined {
    for (let i = 0; i < parsed.length; i++) {
      const element = parsed[i]!;
      if (typeof element !== 'object' || element === null) continue;
      const value = this.of(element, depth + 1);
      if (value === undefined) return undefined;
      parsed[i] = value as Parsed;
    }
    this.nodes += parsed.length;
    return parsed as Value[];
  }

  #object(parsed: { [key: string]: Parsed }, depth: number): Value | undefined {
    const made = new ObjectValue();
    const keys = Object.keys(parsed);
    // V8 moves keys that look like indices to the front.
    const first = keys.length === 0 ? Number.NaN : keys[0]!.charCodeAt(0);
    if (first >= 48 && first <= 57) return undefined;
    for (const key of keys) {
      const value = this.of(parsed[key]!, depth + 1);
      if (value === undefined) return undefined;
      made[encodeKey(key)] = value;
    }
    return made;
  }
}

export type NativeText = { readonly text: string; readonly nodes: number };

/** The JSON text of a value on one line; null if it is large, or holds what V8 would write otherwise. */
export function writePart(value: Value[] | ObjectValue): NativeText | null {
  const survey = new Survey();
  if (!survey.isPlain(value, 0)) return null;
  return { text: JSON.stringify(value), nodes: survey.nodes };
}

class Survey {
  nodes = 0;
  #length = 0;

  /** Only arrays, objects with keys that are not encoded, and primitives; small, and without cycles, which never end. */
  isPlain(value: Value, depth: number): boolean {
    this.nodes++;
    if (typeof value === 'string') this.#length += value.length;
    if (typeof value !== 'object' || value === null) return true;
    if (this.nodes > nodesMax || this.#length > lengthMax || depth === depthMax) return false;
    if (Array.isArray(value)) {
      if (value.length > nodesMax) return false;
      for (let i = 0; i < value.length; i++) if (!this.isPlain(value[i]!, depth + 1)) return false;
      return true;
    }
    if (!(value instanceof ObjectValue)) return false;
    const names = Object.keys(value);
    if (names.length > nodesMax) return false;
    for (const name of names) {
      this.#length += name.length;
      if (name.charCodeAt(0) === 0 || !this.isPlain(value[name]!, depth + 1)) return false;
    }
    return true;
  }
}
