// What a call calls: everything callable has `run(self, depth, ...)`, and a method of a built-in type gets its receiver as `self`.
import type { Builtin, BuiltinContext } from '../builtins/builtin.ts';
import { callableNames, getMember } from './members.ts';
import { type Meant, type Raised, raise } from './raised.ts';
import {
  BoundMethod,
  CallableValue,
  type CompiledFunction,
  encodeKey,
  ObjectValue,
  type Value,
} from './value.ts';

/** A callee's place in its unit, for the message of the error that it is not a function. */
export type Unit = { readonly text: string };

/** What runs when a value is called. TypeError "X is not a function", X being the callee as written. */
export function callable(value: Value, unit: Unit, start: number, end: number): CompiledFunction {
  return asCallable(value) ?? refuse(unit.text.slice(start, end));
}

export function asCallable(value: Value): CompiledFunction | null {
  if (value instanceof CallableValue) return value.run;
  if (!(value instanceof BoundMethod)) return null;
  const { method, receiver } = value;
  return (_self, depth, ...given) => method.run(null, depth, receiver, ...given);
}

function refuse(what: string): never {
  throw notAFunction(what);
}

export function notAFunction(what: string, meant: Meant | null = null): Raised {
  return raise('TypeError', `${what} is not a function`, meant);
}

/** The built-in methods of one name; a plain field for each of the types whose methods are called in hot loops. */
export class MethodSite {
  readonly name: string;
  readonly key: string;
  readonly array: CompiledFunction | null;
  readonly string: CompiledFunction | null;
  readonly number: CompiledFunction | null;

  constructor(
    name: string,
    find: (type: 'array' | 'string' | 'number') => CompiledFunction | null,
  ) {
    this.name = name;
    this.key = encodeKey(name);
    this.array = find('array');
    this.string = find('string');
    this.number = find('number');
  }
}

/** The built-in as a method: `self` is its first argument. */
export function methodOf(context: BuiltinContext, row: Builtin): CompiledFunction {
  const { run, parameters } = row;
  if (parameters.length > 4 || parameters.at(-1)?.startsWith('...')) {
    return (self, depth, a, ...more) => {
      context.depth = depth;
      // One argument is by far the most frequent: it needs no packing.
      return a === undefined ? run(context, self) : run(context, self, a, ...more);
    };
  }
  return (self, depth, a, b, c) => {
    context.depth = depth;
    return run(context, self, a, b, c);
  };
}

/** What `object.name(...)` calls. */
export function findMethod(
  context: BuiltinContext,
  object: Value,
  site: MethodSite,
  unit: Unit,
  start: number,
  end: number,
): CompiledFunction {
  if (Array.isArray(object)) {
    if (site.array !== null) return site.array;
  } else if (object instanceof ObjectValue) {
    const own = object[site.key];
    if (own instanceof CallableValue) return own.run;
  } else if (typeof object === 'string') {
    if (site.string !== null) return site.string;
  } else if (typeof object === 'number' && site.number !== null) return site.number;
  const found = asCallable(getMember(context, object, site.name));
  if (found !== null) return found;
  const among = () => callableNames(context, object);
  throw notAFunction(unit.text.slice(start, end), { name: site.name, among });
}
