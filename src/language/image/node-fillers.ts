// The records of an image's nodes: each node is made empty where it is mentioned first, and filled when its record comes, which may
// be cut anywhere between two tokens.
//
// SECURITY: what a constructor or a built-in guarantees about a value is checked here again; the runtime relies on it.
import { areFlags, parsePattern } from '../regex/pattern-parser.ts';
import { framesMax } from '../runtime/stack-trace.ts';
import {
  BoundMethod,
  BuiltinValue,
  ChannelValue,
  DateValue,
  type Environment,
  ErrorValue,
  encodeKey,
  FunctionValue,
  ModuleValue,
  ObjectValue,
  RegexValue,
  SharedValue,
  type Slot,
  type StackFrame,
  UndecidedValue,
  type Value,
} from '../runtime/value.ts';
import { slotCount, slotName, wideSlotCount } from './environment-node.ts';
import { damaged } from './image-error.ts';
import { UnitNode, unitFieldCount } from './unit-node.ts';

export type Node =
  | Exclude<Value, null | boolean | number | string | BuiltinValue>
  | Environment
  | UnitNode;

/** Where the tokens of a record come from. Each call takes one token. */
export type TokenSource = {
  /** Tokens have come that were not taken. */
  readonly hasMore: boolean;
  value(): Value;
  /** A variable of an environment. */
  slot(): Value | undefined;
  environment(): Environment | null;
  unit(): UnitNode;
  count(): number;
};

/** Takes the tokens that there are. True: the node is complete. */
export type Filler = (source: TokenSource) => boolean;

export function fillerOf(node: Node): Filler {
  if (Array.isArray(node)) return node.length === 0 ? listFiller(node) : arrayFiller(node);
  if (node instanceof ObjectValue) {
    const keys = Object.keys(node);
    return keys.length === 0 ? entriesFiller(node) : shapeFiller(node, keys);
  }
  if (node instanceof FunctionValue) return functionFiller(node);
  if (node instanceof UndecidedValue) return fieldsFiller(1, ([target]) => decide(node, target!));
  if (node instanceof BoundMethod) return fieldsFiller(2, (fields) => bind(node, fields));
  if (node instanceof RegexValue) return fieldsFiller(3, (fields) => fillRegex(node, fields));
  if (node instanceof DateValue) return fieldsFiller(1, ([time]) => fillDate(node, time!));
  if (node instanceof ErrorValue) return errorFiller(node);
  if (node instanceof ModuleValue) return moduleFiller(node);
  if (node instanceof ChannelValue) return channelFiller(node);
  if (node instanceof SharedValue) return sharedFiller(node);
  if (node instanceof UnitNode) {
    return fieldsFiller(unitFieldCount, (fields) => set(node, { fields }));
  }
  return environmentFiller(node);
}

/** Sets fields that are read-only once the node is complete. */
function set<Target extends object>(target: Target, fields: Partial<Target>): void {
  Object.assign(target, fields);
}

/** A value for each element. */
function arrayFiller(array: Value[]): Filler {
  let next = 0;
  return (source) => {
    while (next < array.length && source.hasMore) array[next++] = source.value();
    return next === array.length;
  };
}

/** A count, then so many values. */
function listFiller(list: Value[]): Filler {
  let missing: number | null = null;
  return (source) => {
    missing ??= source.count();
    for (; missing > 0 && source.hasMore; missing--) list.push(source.value());
    return missing === 0;
  };
}

function valuesFiller(finish: (values: readonly Value[]) => void): Filler {
  const values: Value[] = [];
  const fill = listFiller(values);
  return (source) => {
    if (!fill(source)) return false;
    finish(values);
    return true;
  };
}

/** Several fillers, one after another. */
function inOrder(...fillers: readonly Filler[]): Filler {
  let next = 0;
  return (source) => {
    while (source.hasMore && fillers[next]!(source)) {
      next++;
      if (next === fillers.length) return true;
    }
    return false;
  };
}

function fieldsFiller(count: number, finish: (fields: readonly Value[]) => void): Filler {
  const fields: Value[] = [];
  return (source) => {
    while (fields.length < count && source.hasMore) fields.push(source.value());
    if (fields.length < count) return false;
    finish(fields);
    return true;
  };
}

function shapeFiller(object: ObjectValue, keys: readonly string[]): Filler {
  let next = 0;
  return (source) => {
    while (next < keys.length && source.hasMore) object[keys[next++]!] = source.value();
    return next === keys.length;
  };
}

/** A count, then so many keys, each before its value. */
function entriesFiller(object: ObjectValue): Filler {
  let missing: number | null = null;
  let key: string | null = null;
  return (source) => {
    missing ??= source.count();
    while (missing > 0 && source.hasMore) {
      if (key === null) {
        key = encodeKey(textIn(source.value()));
        if (object[key] !== undefined) throw damaged('an object has a key twice');
      } else {
        object[key] = source.value();
        key = null;
        missing--;
      }
    }
    return missing === 0;
  };
}

function functionFiller(value: FunctionValue): Filler {
  let unit: UnitNode;
  return inOrder(
    (source) => {
      unit = source.unit();
      return true;
    },
    fieldsFiller(1, ([index]) => {
      if (!isIndex(index)) throw damaged('a function has no place');
      unit.functions.push({ value, index });
    }),
    (source) => {
      set(value, { environment: source.environment() });
      return true;
    },
    fieldsFiller(1, ([lexicalThis]) => set(value, { lexicalThis: lexicalThis! })),
  );
}

function environmentFiller(environment: Environment): Filler {
  const known = slotCount(environment);
  let begun = false;
  let count = known === wideSlotCount ? null : known;
  let next = 0;
  return (source) => {
    if (!begun) {
      set(environment, { p: source.environment() });
      begun = true;
    }
    if (count === null && source.hasMore) count = source.count();
    while (next < (count ?? 0) && source.hasMore) {
      environment[slotName(next++)] = source.slot();
    }
    return next === count;
  };
}

function decide(value: UndecidedValue, target: Value): void {
  if (target !== null && !Array.isArray(target) && !(target instanceof ObjectValue)) {
    throw damaged('an undecided collection became neither array nor object');
  }
  value.target = target;
}

function bind(value: BoundMethod, [receiver, method]: readonly Value[]): void {
  if (!(method instanceof BuiltinValue)) throw damaged('a method is no built-in');
  set(value, { receiver: receiver!, method });
}

function fillRegex(value: RegexValue, [pattern, flags, lastIndex]: readonly Value[]): void {
  // Programs may set any, Infinity as well.
  if (typeof lastIndex !== 'number' || !(lastIndex >= 0) || Math.trunc(lastIndex) !== lastIndex) {
    throw damaged('a regular expression stands nowhere');
  }
  if (!areFlags(textIn(flags))) throw damaged('unknown flags');
  if (parsePattern(textIn(pattern), textIn(flags)).problem) throw damaged('a pattern is none');
  set(value, { pattern: textIn(pattern), flags: textIn(flags), lastIndex });
}

/** The times that have an ISO form. */
const timeMax = 8.64e15;

function fillDate(value: DateValue, time: Value): void {
  if (typeof time !== 'number' || !(Math.abs(time) <= timeMax)) throw damaged('a date is none');
  value.time = time;
}

function errorFiller(error: ErrorValue): Filler {
  return inOrder(
    fieldsFiller(3, ([type, message, value]) => {
      set(error, { type: textIn(type), message: textIn(message), value: value! });
    }),
    valuesFiller((parts) => {
      const stack = framesOf(parts);
      if (stack.length > 0) error.thrownAt(() => stack);
    }),
  );
}

/** Function, line, column and file or null by turns. */
function framesOf(parts: readonly Value[]): StackFrame[] {
  if (parts.length % 4 !== 0 || parts.length > 4 * framesMax) throw damaged('a stack is malformed');
  const frames: StackFrame[] = [];
  for (let i = 0; i < parts.length; i += 4) {
    const [name, line, column, file] = parts.slice(i, i + 4);
    if (!isIndex(line) || !isIndex(column)) throw damaged('a place in a stack is none');
    const inFile = file === null ? {} : { file: textIn(file) };
    frames.push({ function: textIn(name), line, column, ...inFile });
  }
  return frames;
}

function moduleFiller(module: ModuleValue): Filler {
  let missing: number | null = null;
  const exported = new Set<string>();
  return inOrder(
    (source) => {
      const environment = source.environment();
      if (environment === null) throw damaged('a module has no environment');
      set(module, { environment });
      return true;
    },
    fieldsFiller(2, ([name, version]) => {
      set(module, { name: textIn(name), version: version === null ? null : textIn(version) });
    }),
    valuesFiller((members) => set(module, { members: membersOf(members) })),
    (source) => {
      if (missing === null) {
        const count = source.count();
        if (count === 0) return true;
        missing = count - 1;
        set(module, { exported });
      }
      for (; missing > 0 && source.hasMore; missing--) exported.add(textIn(source.value()));
      return missing === 0;
    },
  );
}

function membersOf(entries: readonly Value[]): Map<string, Slot> {
  const members = new Map<string, Slot>();
  for (let i = 0; i < entries.length; i += 2) {
    members.set(textIn(entries[i]), textIn(entries[i + 1]) as Slot);
  }
  return members;
}

function channelFiller(channel: ChannelValue): Filler {
  return inOrder(
    fieldsFiller(1, ([capacity]) => {
      if (typeof capacity !== 'number' || !Number.isInteger(capacity) || capacity < 1) {
        throw damaged('a channel has no capacity');
      }
      set(channel, { capacity });
    }),
    valuesFiller((values) => {
      if (values.length > channel.capacity) throw damaged('a channel is overfull');
      for (const value of values) channel.queue.push(value);
    }),
  );
}

function sharedFiller(shared: SharedValue): Filler {
  return inOrder(
    fieldsFiller(1, ([name]) => set(shared, { name: textIn(name) })),
    valuesFiller((values) => {
      if (values.length % 2 !== 0) throw damaged('a shared state is malformed');
      for (let i = 0; i < values.length; i += 2) {
        shared.entries.set(textIn(values[i]), values[i + 1]!);
      }
    }),
  );
}

function textIn(value: Value | undefined): string {
  if (typeof value !== 'string') throw damaged('a text is missing');
  return value;
}

function isIndex(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
