// Writes values as JSON text.
import { display, typeName } from '../runtime/display.ts';
import { raise } from '../runtime/raised.ts';
import { TextBuilder } from '../runtime/text-builder.ts';
import { settled } from '../runtime/undecided.ts';
import {
  DateValue,
  decodeKey,
  ErrorValue,
  encodeKey,
  ObjectValue,
  type Value,
} from '../runtime/value.ts';
import { isFunction } from './arguments.ts';
import type { BuiltinContext } from './builtin.ts';
import { valueLookahead, writePart } from './json-native.ts';

export type JsonFormat = {
  /** Called with key and value; what it returns is written instead. */
  readonly replacer: Value;
  /** Encoded names of the keys that are written, in this order; null for all. */
  readonly names: readonly string[] | null;
  /** One level of indent; '' writes everything on one line. */
  readonly indent: string;
};

const indentLengthMax = 10;

/** The replacer (function, array of names, or null) and the indent (number, string, or null) as ECMAScript reads them. */
export function jsonFormat(replacer: Value, indent: Value): JsonFormat {
  const filter = settled(replacer);
  const names = Array.isArray(filter)
    ? [...new Set(filter.filter(isName).map((name) => encodeKey(String(name))))]
    : null;
  if (names === null && replacer !== null && !isFunction(replacer)) {
    throw raise(
      'TypeError',
      `JSON.stringify: expected function or array for argument 2, got ${typeName(replacer)}`,
    );
  }
  if (indent !== null && typeof indent !== 'number' && typeof indent !== 'string') {
    throw raise(
      'TypeError',
      `JSON.stringify: expected number or string for argument 3, got ${typeName(indent)}`,
    );
  }
  const unit =
    typeof indent === 'number'
      ? ' '.repeat(Math.min(indentLengthMax, Math.max(0, Math.trunc(indent) || 0)))
      : (indent ?? '').slice(0, indentLengthMax);
  return { replacer: names === null ? replacer : null, names, indent: unit };
}

/** A container that is being written; `names` null for an array. */
type Open = {
  readonly container: Value[] | ObjectValue;
  readonly names: readonly string[] | null;
  next: number;
};

/** The JSON text. TypeError for a cycle. */
export function writeJson(context: BuiltinContext, root: Value, format: JsonFormat): string {
  const text = new TextBuilder(context);
  const open: Open[] = [];
  const unfinished = new Set<Value>();
  const isPlain = format.indent === '' && format.names === null && format.replacer === null;
  const lookahead = valueLookahead();

  const write = (key: string | number, given: Value): void => {
    const value =
      format.replacer === null
        ? given
        : context.call(format.replacer, 'replacer', String(key), given);
    const target = settled(value);
    if (!Array.isArray(target) && !(target instanceof ObjectValue)) {
      text.append(scalarJson(target));
      return;
    }
    if (unfinished.has(target)) throw raise('TypeError', 'Cannot convert a cyclic value to JSON');
    if (isPlain && lookahead.mayLook) {
      const part = writePart(target);
      if (part !== null) {
        text.append(part.text);
        context.step(part.nodes);
        lookahead.done(part.nodes);
        return;
      }
      lookahead.inVain();
      context.step(1024);
    }
    unfinished.add(target);
    const names = Array.isArray(target) ? null : namesOf(target, format);
    text.append(names === null ? '[' : '{');
    open.push({ container: target, names, next: 0 });
  };

  const breakLine = (): void => {
    if (format.indent === '') return;
    text.append('\n');
    for (let level = 0; level < open.length; level++) text.append(format.indent);
  };

  write('', root);
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    context.step(1);
    lookahead.done(1);
    const { container, names } = level;
    const length = names === null ? (container as Value[]).length : names.length;
    if (level.next >= length) {
      open.pop();
      unfinished.delete(container);
      if (length > 0) breakLine();
      text.append(names === null ? ']' : '}');
      continue;
    }
    if (level.next > 0) text.append(',');
    breakLine();
    const at = level.next++;
    if (names === null) {
      write(at, (container as Value[])[at] ?? null);
    } else {
      const key = decodeKey(names[at]!);
      text.append(JSON.stringify(key) + (format.indent === '' ? ':' : ': '));
      write(key, (container as ObjectValue)[names[at]!] ?? null);
    }
  }
  return text.toString();
}

function namesOf(object: ObjectValue, format: JsonFormat): string[] {
  return format.names === null
    ? Object.keys(object)
    : format.names.filter((name) => object[name] !== undefined);
}

function scalarJson(value: Value): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
  }
  return value instanceof DateValue || value instanceof ErrorValue
    ? JSON.stringify(display(value))
    : 'null';
}

function isName(value: Value): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
