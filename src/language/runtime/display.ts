// Display form and type name of values (SPEC 3.1, 3.10). Iterative: neither depth nor cycles can overflow the stack, and
// every container costs at least two characters, so that bounding the text bounds the work.
import { Stopped } from './raised.ts';
import { type Meter, TextBuilder } from './text-builder.ts';
import { settled } from './undecided.ts';
import {
  BoundMethod,
  BuiltinValue,
  ChannelValue,
  DateValue,
  decodeKey,
  ErrorValue,
  FunctionValue,
  ModuleValue,
  ObjectValue,
  RegexValue,
  SharedValue,
  type TypeName,
  UndecidedValue,
  type Value,
} from './value.ts';

/** UTF-16 units of a display form made without a meter. */
const displayLengthMax = 8 * 1024 * 1024;
/** V8 refuses longer strings. */
const stringLengthMax = 2 ** 29 - 25;

/** The display form. Too long a text ends the program with ResourceLimitError. */
export function display(value: Value, meter: Meter | null = null): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (!isContainer(value)) return scalarText(value);
  const lengthMax = meter === null ? displayLengthMax : stringLengthMax;
  const text = render(value, lengthMax, meter);
  if (text.length > lengthMax) {
    throw new Stopped({ type: 'ResourceLimitError', message: 'The text of a value is too long' });
  }
  return text;
}

/** A display form cut at `lengthMax` units, with an ellipsis where it was cut. Strings are quoted. */
export function preview(value: Value, lengthMax: number): string {
  const text = isContainer(value)
    ? render(value, lengthMax, null)
    : typeof value === 'string'
      ? quote(value, lengthMax)
      : scalarText(value);
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}

export function typeName(value: Value): TypeName {
  switch (typeof value) {
    case 'number':
      return 'number';
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof ObjectValue) return 'object';
  if (value instanceof UndecidedValue) {
    return value.target instanceof ObjectValue ? 'object' : 'array';
  }
  if (value instanceof RegexValue) return 'regex';
  if (value instanceof ErrorValue) return 'error';
  if (value instanceof DateValue) return 'date';
  if (value instanceof ModuleValue) return 'module';
  if (value instanceof ChannelValue) return 'channel';
  if (value instanceof SharedValue) return 'shared';
  return 'function';
}

function isContainer(value: Value): boolean {
  return Array.isArray(value) || value instanceof ObjectValue || value instanceof UndecidedValue;
}

function scalarText(value: Value): string {
  if (value instanceof ErrorValue) return value.message;
  if (value instanceof FunctionValue) {
    return `function ${value.code.name}(${value.code.parameterNames.join(', ')})`;
  }
  if (value instanceof BuiltinValue) return `function ${value.name}(...)`;
  if (value instanceof BoundMethod) return `function ${value.method.name}(...)`;
  if (value instanceof RegexValue) return `/${value.pattern}/${value.flags}`;
  if (value instanceof DateValue) return new Date(value.time).toISOString();
  if (value instanceof ModuleValue) return `module ${value.name}`;
  if (value instanceof ChannelValue) return `channel(${value.capacity})`;
  if (value instanceof SharedValue) return `shared(${quote(value.name, 200)})`;
  return String(value);
}

/** A container that is being written: `names` are the encoded keys of an object, null for an array. */
type Frame = {
  readonly container: Value[] | ObjectValue;
  readonly names: readonly string[] | null;
  next: number;
};

/** Writes until the value ends or the text is longer than `lengthMax`. */
function render(root: Value, lengthMax: number, meter: Meter | null): string {
  const text = new TextBuilder(meter);
  const frames: Frame[] = [];
  const open = new Set<Value>();

  const write = (value: Value): void => {
    if (typeof value === 'string') {
      text.append(quote(value, lengthMax - text.length));
      return;
    }
    const target = settled(value);
    if (!Array.isArray(target) && !(target instanceof ObjectValue)) {
      text.append(scalarText(target));
      return;
    }
    const isArray = Array.isArray(target);
    if (open.has(target)) {
      text.append(isArray ? '[...]' : '{...}');
      return;
    }
    open.add(target);
    text.append(isArray ? '[' : '{');
    frames.push({ container: target, names: isArray ? null : Object.keys(target), next: 0 });
  };

  write(root);
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    if (text.length > lengthMax) break;
    const { container, names } = frame;
    const length = names === null ? (container as Value[]).length : names.length;
    if (frame.next >= length) {
      text.append(names === null ? ']' : '}');
      open.delete(container);
      frames.pop();
      continue;
    }
    if (frame.next > 0) text.append(', ');
    const at = frame.next++;
    if (names === null) {
      write((container as Value[])[at] ?? null);
    } else {
      const name = names[at]!;
      text.append(`${quote(decodeKey(name), lengthMax - text.length)}: `);
      write((container as ObjectValue)[name] ?? null);
    }
  }
  return text.toString();
}

/** JSON form of a string; of one that is longer than the room left, only as much as shows that. */
function quote(text: string, room: number): string {
  return JSON.stringify(text.length > room ? text.slice(0, Math.max(0, room) + 1) : text);
}
