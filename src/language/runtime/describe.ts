// Values as reports for whoever looks at a session from outside: bounded in depth, size and text, cycles as references.
// SECURITY: what is described is a stranger's heap. Every loop here has a bound that the heap cannot move.
import type { InspectedNode, ValueReport, VariableReport } from '../interpreter.ts';
import { display, preview, typeName } from './display.ts';
import { settled } from './undecided.ts';
import {
  BoundMethod,
  BuiltinValue,
  ChannelValue,
  DateValue,
  decodeKey,
  ErrorValue,
  encodeKey,
  FunctionValue,
  ModuleValue,
  ObjectValue,
  SharedValue,
  type Value,
} from './value.ts';

const previewLengthMax = 200;
const depthMax = 16;
const nodesMax = 10_000;
/** UTF-16 units of all strings and keys in one report; escaped as JSON it still fits one message of the link. */
const textLengthMax = 256 * 1024;
const keyLengthMax = 1024;
const pathLengthMax = 1024;

/** Type, preview, and the JSON form where the value has one. */
export function describe(value: Value): ValueReport {
  const report = { type: typeName(value), preview: preview(value, previewLengthMax) };
  return hasJsonForm(value) ? { ...report, value: new JsonForm().of(value) } : report;
}

export function variableReport(
  name: string,
  value: Value,
  mutable: boolean,
  includeValue: boolean,
): VariableReport {
  const report = includeValue
    ? describe(value)
    : { type: typeName(value), preview: preview(value, previewLengthMax) };
  const kind =
    value instanceof ModuleValue ? 'module' : isCallable(value) ? 'function' : 'variable';
  return { name, ...report, size: sizeOf(value), kind, mutable };
}

/** The tree below a part of a value, `depth` levels deep. */
export function inspectValue(
  value: Value,
  path: readonly (string | number)[],
  depth: number,
): InspectedNode | 'unknown_path' {
  let part: Value | undefined = value;
  for (const key of path) {
    part = partOf(part, key);
    if (part === undefined) return 'unknown_path';
  }
  const start = path.reduce<string>((text, key) => extendPath(text, key), '$');
  return new Inspection().node(part, start, Math.min(depth, depthMax));
}

/** Length of a string or array, number of parts of an object or module, 1 otherwise. */
function sizeOf(value: Value): number {
  const target = settled(value);
  if (typeof target === 'string' || Array.isArray(target)) return target.length;
  if (target instanceof ObjectValue) return Object.keys(target).length;
  if (target instanceof ModuleValue) return target.members.size;
  if (target instanceof SharedValue) return target.entries.size;
  if (target instanceof ChannelValue) return target.queue.length;
  return 1;
}

function isCallable(value: Value): boolean {
  return (
    value instanceof FunctionValue || value instanceof BuiltinValue || value instanceof BoundMethod
  );
}

function hasJsonForm(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const target = settled(value);
  return (
    Array.isArray(target) ||
    target instanceof ObjectValue ||
    target instanceof DateValue ||
    target instanceof ErrorValue
  );
}

/** Builds the JSON form of one value. Recursive, but never deeper than `depthMax`. */
class JsonForm {
  #nodes = 0;
  #text = 0;
  /** Containers being written, with the path of each. */
  readonly #open = new Map<Value, string>();

  of(value: Value): unknown {
    return this.#form(value, '$', 0);
  }

  #form(value: Value, path: string, depth: number): unknown {
    this.#nodes++;
    if (typeof value === 'number') return Number.isFinite(value) ? value : null;
    if (typeof value === 'string') return this.#cut(value);
    if (typeof value !== 'object' || value === null) return value;
    const target = settled(value);
    if (target instanceof ErrorValue) {
      return { type: this.#cut(target.type), message: this.#cut(target.message) };
    }
    if (!Array.isArray(target) && !(target instanceof ObjectValue)) {
      return this.#cut(
        target instanceof DateValue ? display(target) : preview(target, previewLengthMax),
      );
    }
    const before = this.#open.get(target);
    if (before !== undefined) return { $ref: before };
    if (depth >= depthMax) return Array.isArray(target) ? '[...]' : '{...}';
    this.#open.set(target, path);
    const form = Array.isArray(target)
      ? this.#array(target, path, depth)
      : this.#object(target, path, depth);
    this.#open.delete(target);
    return form;
  }

  #array(array: readonly Value[], path: string, depth: number): unknown[] {
    const form: unknown[] = [];
    for (let i = 0; i < array.length && this.#hasRoom(); i++) {
      form.push(this.#form(array[i] ?? null, `${path}[${i}]`, depth + 1));
    }
    return form;
  }

  #object(object: ObjectValue, path: string, depth: number): unknown {
    // SECURITY: no prototype, so that a key named `__proto__` is only a key.
    const form: Record<string, unknown> = Object.create(null);
    for (const name of Object.keys(object)) {
      if (!this.#hasRoom()) break;
      const key = decodeKey(name);
      if (key.length > keyLengthMax) {
        this.#nodes++;
        continue;
      }
      this.#text += key.length;
      form[key] = this.#form(object[name] ?? null, extendPath(path, key), depth + 1);
    }
    return form;
  }

  #hasRoom(): boolean {
    return this.#nodes < nodesMax && this.#text < textLengthMax;
  }

  #cut(text: string): string {
    const room = textLengthMax - this.#text;
    this.#text += Math.min(text.length, room);
    return text.length <= room ? text : `${text.slice(0, room)}…`;
  }
}

/** Builds the tree of one inspection. Recursive, but never deeper than `depthMax`. */
class Inspection {
  #nodes = 0;
  #text = 0;
  /** What was shown before: a node met again costs nothing, however large it is. */
  readonly #shown = new Map<Value, InspectedNode>();

  node(value: Value, path: string, depth: number): InspectedNode {
    this.#nodes++;
    const target = settled(value);
    const before = this.#shown.get(target);
    if (before !== undefined) {
      this.#text += before.preview.length;
      return before;
    }
    const shown = preview(target, previewLengthMax);
    this.#text += shown.length;
    const node = { type: typeName(value), preview: shown, size: sizeOf(value) };
    if (!hasParts(target)) return node;
    this.#shown.set(target, { ...node, reference: path });
    if (depth <= 0) return node;
    const children: { key: string | number; node: InspectedNode }[] = [];
    for (const [key, part] of partsOf(target)) {
      if (this.#nodes >= nodesMax || this.#text >= textLengthMax) {
        return { ...node, children, truncated: true };
      }
      const shortKey =
        typeof key === 'string' && key.length > keyLengthMax
          ? `${key.slice(0, keyLengthMax)}…`
          : key;
      this.#text += typeof shortKey === 'string' ? shortKey.length : 0;
      children.push({
        key: shortKey,
        node: this.node(part, extendPath(path, shortKey), depth - 1),
      });
    }
    return { ...node, children };
  }
}

function hasParts(value: Value): boolean {
  return (
    Array.isArray(value) ||
    value instanceof ObjectValue ||
    value instanceof ModuleValue ||
    value instanceof SharedValue ||
    value instanceof ChannelValue ||
    value instanceof ErrorValue
  );
}

function* partsOf(value: Value): Generator<readonly [string | number, Value]> {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield [i, value[i] ?? null];
  } else if (value instanceof ObjectValue) {
    for (const name of Object.keys(value)) yield [decodeKey(name), value[name] ?? null];
  } else if (value instanceof ModuleValue) {
    for (const [name, slot] of value.members) yield [name, value.environment[slot] ?? null];
  } else if (value instanceof SharedValue) {
    yield* value.entries;
  } else if (value instanceof ChannelValue) {
    yield* value.queue.entries();
  } else if (value instanceof ErrorValue) {
    yield ['type', value.type];
    yield ['message', value.message];
    yield ['value', value.value];
  }
}

/** One step of an inspection's path; undefined where there is no such part. */
function partOf(value: Value, key: string | number): Value | undefined {
  const target = settled(value);
  if (Array.isArray(target)) return target[Number(key)];
  if (target instanceof ObjectValue) return target[encodeKey(String(key))];
  if (target instanceof ChannelValue) return target.queue[Number(key)];
  if (target instanceof SharedValue) return target.entries.get(String(key));
  if (target instanceof ModuleValue) {
    const slot = target.members.get(String(key));
    return slot === undefined ? undefined : (target.environment[slot] ?? null);
  }
  if (target instanceof ErrorValue) {
    for (const [name, part] of partsOf(target)) if (name === key) return part;
  }
  return undefined;
}

/** `$.a[0]`; keys that are no plain names are quoted. */
function extendPath(path: string, key: string | number): string {
  const step =
    typeof key === 'number'
      ? `[${key}]`
      : /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key)
        ? `.${key}`
        : `[${JSON.stringify(key)}]`;
  return (path + step).slice(0, pathLengthMax);
}
