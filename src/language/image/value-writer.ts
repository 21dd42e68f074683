// Values → tokens. Every array, object, environment and so on is a node: numbered where it is mentioned first, written when its
// number comes up. So nothing recurses, sharing and cycles are only numbers, and the order is always the same.
import {
  BoundMethod,
  BuiltinValue,
  ChannelValue,
  type CodeUnit,
  DateValue,
  decodeKey,
  type Environment,
  ErrorValue,
  FunctionValue,
  ModuleValue,
  ObjectValue,
  RegexValue,
  ResponseValue,
  SharedValue,
  UndecidedValue,
  type Value,
} from '../runtime/value.ts';
import type { BuiltinNames, BuiltinPart } from './builtin-names.ts';
import type { ContextValues } from './compile-contexts.ts';
import { isEnvironment, slotCount, slotName, wideSlotCount } from './environment-node.ts';
import type { FrameWriter } from './frame-writer.ts';
import { IdentityTable } from './identity-table.ts';
import { ImageError } from './image-error.ts';
import {
  firstSmallInteger,
  shapeKeysMax,
  shapesMax,
  shortArrayLengthMax,
  shortTextLengthMax,
  shortTextsMax,
  tag,
} from './image-format.ts';
import { RecentKeys } from './recent-table.ts';
import { isCodeUnit, unitFields } from './unit-node.ts';

type Node =
  | Exclude<Value, null | boolean | number | string | BuiltinValue>
  | Environment
  | CodeUnit;

type PlacedShape = { readonly keys: readonly string[]; readonly place: number };
/** No object with a list of keys has an empty one. */
const noShape: PlacedShape = { keys: [], place: 0 };

export type ValueWriterOptions = {
  readonly out: FrameWriter;
  readonly names: BuiltinNames;
  readonly contexts: ContextValues;
  /** Told of the work done; throws when it must stop. */
  readonly step: (steps: number) => void;
};

/** Written nodes are forgotten in portions of this many. */
const queuePortion = 64 * 1024;

export class ValueWriter {
  readonly #out: FrameWriter;
  readonly #names: BuiltinNames;
  readonly #contexts: ContextValues;
  readonly #step: (steps: number) => void;
  readonly #numbers = new IdentityTable();
  #count = 0;
  /** Nodes that were mentioned, from the oldest that is not written. */
  #queue: Node[] = [];
  readonly #shortTexts = new RecentKeys<string>(shortTextsMax);
  readonly #longTexts = new RecentKeys<string>(Number.POSITIVE_INFINITY);
  readonly #builtins = new RecentKeys<BuiltinPart>(Number.POSITIVE_INFINITY);
  readonly #shapes = new RecentKeys<string>(shapesMax);
  /** Most objects have the same keys as the one before. */
  #lastShape = noShape;

  constructor({ out, names, contexts, step }: ValueWriterOptions) {
    this.#out = out;
    this.#names = names;
    this.#contexts = contexts;
    this.#step = step;
  }

  /** A value and everything that hangs on it. */
  write(root: Value): void {
    this.#value(root);
    let next = 0;
    for (let node = this.#queue[next]; node !== undefined; node = this.#queue[next]) {
      next++;
      this.#record(node);
      if (next === queuePortion) {
        this.#queue = this.#queue.slice(queuePortion);
        next = 0;
      }
    }
  }

  #value(value: Value): void {
    const out = this.#out;
    if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value === null) out.byte(tag.null);
    else if (typeof value === 'boolean') out.byte(value ? tag.true : tag.false);
    else if (value instanceof BuiltinValue) this.#builtin(value, this.#names.nameOf(value));
    else if (value instanceof ObjectValue) this.#object(value);
    else this.#mention(value);
    out.settle();
  }

  #object(object: ObjectValue): void {
    const namespace = this.#names.nameOf(object);
    if (namespace === undefined) this.#mention(object);
    else this.#builtin(object, namespace);
  }

  #number(value: number): void {
    const out = this.#out;
    if ((value | 0) !== value || Object.is(value, -0)) {
      out.byte(tag.float);
      out.float(value);
    } else if (value >= 0 && value < 256 - firstSmallInteger) out.byte(firstSmallInteger + value);
    else {
      out.byte(tag.integer);
      out.signed(value);
    }
  }

  #text(text: string): void {
    const isShort = text.length <= shortTextLengthMax;
    const place = (isShort ? this.#shortTexts : this.#longTexts).placeOf(text);
    if (place !== null) {
      this.#out.byte(isShort ? tag.shortTextAgain : tag.longTextAgain);
      this.#out.unsigned(place);
    } else if (isShort) {
      this.#out.byte(tag.shortText);
      this.#out.shortText(text);
    } else {
      this.#step(text.length >>> 3);
      this.#out.byte(tag.longText);
      this.#out.text(text);
    }
  }

  #builtin(part: BuiltinPart, name: string | undefined): void {
    const place = this.#builtins.placeOf(part);
    if (place !== null) {
      this.#out.byte(tag.builtinAgain);
      this.#out.unsigned(place);
      return;
    }
    if (name === undefined) throw new ImageError('The session holds an unknown built-in');
    this.#out.byte(tag.builtin);
    this.#out.shortText(name);
  }

  /** The number of a node, or its kind if it has none yet. */
  #mention(node: Node): void {
    const number = this.#numbers.get(node);
    if (number !== undefined) {
      this.#out.byte(tag.node);
      this.#out.unsigned(number);
      return;
    }
    this.#numbers.set(node, this.#count++);
    this.#queue.push(node);
    this.#kind(node);
  }

  #kind(node: Node): void {
    const out = this.#out;
    if (Array.isArray(node)) {
      out.byte(tag.array);
      out.byte(isShort(node) ? node.length : 0);
    } else if (node instanceof ObjectValue) this.#objectKind(node);
    else if (isEnvironment(node)) {
      out.byte(tag.environment);
      out.byte(Math.min(slotCount(node), wideSlotCount));
    } else out.byte(kindOf(node));
  }

  #objectKind(object: ObjectValue): void {
    const out = this.#out;
    const keys = Object.keys(object);
    if (!isShaped(object, keys)) {
      out.byte(object instanceof ResponseValue ? tag.response : tag.dictionary);
      return;
    }
    out.byte(tag.object);
    const place = this.#shapePlace(keys);
    out.unsigned(place === null ? 0 : place + 1);
    if (place !== null) return;
    out.unsigned(keys.length);
    for (const key of keys) out.shortText(decodeKey(key));
  }

  #shapePlace(keys: readonly string[]): number | null {
    const last = this.#lastShape;
    if (last.keys.length === keys.length && last.keys.every((key, i) => key === keys[i])) {
      return last.place;
    }
    // Each key behind its length, so that no two lists give one text.
    let id = '';
    for (const key of keys) id += String.fromCharCode(key.length) + key;
    const place = this.#shapes.placeOf(id);
    // A new one may have emptied the table.
    this.#lastShape = place === null ? noShape : { keys, place };
    return place;
  }

  #record(node: Node): void {
    if (Array.isArray(node)) this.#array(node);
    else if (node instanceof ObjectValue) this.#objectRecord(node);
    else if (node instanceof FunctionValue) this.#function(node);
    else if (node instanceof UndecidedValue) this.#value(node.target);
    else if (node instanceof BoundMethod) this.#fields(node.receiver, node.method);
    else if (node instanceof RegexValue) this.#fields(node.pattern, node.flags, node.lastIndex);
    else if (node instanceof DateValue) this.#value(node.time);
    else if (node instanceof ErrorValue) this.#error(node);
    else if (node instanceof ModuleValue) this.#module(node);
    else if (node instanceof ChannelValue) {
      this.#value(node.capacity);
      this.#list(node.queue);
    } else if (node instanceof SharedValue) {
      this.#value(node.name);
      this.#list([...node.entries].flat());
    } else if (isCodeUnit(node)) this.#fields(...unitFields(node, this.#contexts));
    else this.#environmentRecord(node);
    this.#step(8);
  }

  #function({ code, environment, lexicalThis }: FunctionValue): void {
    this.#mention(this.#contexts.unitFor(code.unit));
    this.#fields(code.index);
    this.#environment(environment);
    this.#value(lexicalThis);
  }

  #array(array: readonly Value[]): void {
    if (!isShort(array) || array.length === 0) this.#list(array);
    else for (const item of array) this.#value(item);
  }

  #objectRecord(object: ObjectValue): void {
    const keys = Object.keys(object);
    this.#step(keys.length);
    if (isShaped(object, keys)) {
      for (const key of keys) this.#value(object[key]!);
      return;
    }
    this.#count32(keys.length);
    for (const key of keys) {
      this.#value(decodeKey(key));
      this.#value(object[key]!);
    }
  }

  #error(error: ErrorValue): void {
    this.#fields(error.type, error.message, error.value);
    this.#list(
      error.stack.flatMap(({ function: name, line, column, file = null }) => [
        name,
        line,
        column,
        file,
      ]),
    );
  }

  #module({ name, version, environment, members, exported }: ModuleValue): void {
    this.#environment(environment);
    this.#fields(name, version);
    this.#list([...members].flat());
    this.#count32(exported === null ? 0 : exported.size + 1);
    for (const member of exported ?? []) this.#value(member);
  }

  #environment(environment: Environment | null): void {
    if (environment === null) this.#out.byte(tag.null);
    else this.#mention(environment);
    this.#out.settle();
  }

  #environmentRecord(environment: Environment): void {
    this.#environment(environment.p);
    const count = slotCount(environment);
    if (count >= wideSlotCount) this.#count32(count);
    for (let i = 0; i < count; i++) {
      const value = environment[slotName(i)];
      if (value !== undefined) this.#value(value);
      else {
        this.#out.byte(tag.nothing);
        this.#out.settle();
      }
    }
    this.#step(count);
  }

  #fields(...values: readonly Value[]): void {
    for (const value of values) this.#value(value);
  }

  #list(values: readonly Value[]): void {
    this.#count32(values.length);
    for (const value of values) this.#value(value);
    this.#step(values.length);
  }

  #count32(count: number): void {
    this.#out.unsigned(count);
    this.#out.settle();
  }
}

function kindOf(node: Exclude<Node, Value[] | ObjectValue | Environment>): number {
  if (node instanceof FunctionValue) return tag.function;
  if (node instanceof UndecidedValue) return tag.undecided;
  if (node instanceof BoundMethod) return tag.boundMethod;
  if (node instanceof RegexValue) return tag.regex;
  if (node instanceof ErrorValue) return tag.error;
  if (node instanceof DateValue) return tag.date;
  if (node instanceof ModuleValue) return tag.module;
  if (node instanceof ChannelValue) return tag.channel;
  return node instanceof SharedValue ? tag.shared : tag.unit;
}

function isShort(array: readonly Value[]): boolean {
  return array.length <= shortArrayLengthMax;
}

/** Written with the list of its keys. Empty ones are not: a record is never without a token. */
function isShaped(object: ObjectValue, keys: readonly string[]): boolean {
  return (
    !(object instanceof ResponseValue) &&
    keys.length > 0 &&
    keys.length <= shapeKeysMax &&
    keys.every((key) => key.length <= shortTextLengthMax)
  );
}
