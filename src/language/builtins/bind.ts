// Turns the table of built-ins into the values of one session. The only place that knows how rows, dotted names, aliases
// and methods become values.

import { createShape, type Shape } from '../runtime/shapes.ts';
import type { CompiledFunction } from '../runtime/value.ts';
import { BuiltinValue, ObjectValue, objectBrand, type Value } from '../runtime/value.ts';
import type { Builtin, BuiltinContext, BuiltinMethods, MethodHolder } from './builtin.ts';

export type BoundBuiltins = {
  /** Bare name → value: functions, constants, namespaces. */
  readonly names: ReadonlyMap<string, Value>;
  readonly methods: BuiltinMethods;
  /** Every built-in function of the session by `BuiltinValue.name`, for a heap image. */
  readonly functions: ReadonlyMap<string, BuiltinValue>;
};

export type BuiltinConstant = {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly value: number;
  readonly summary: string;
};

/** Makes one session's built-in values. The context is only used when one of them is called. */
export function bindBuiltins(
  context: BuiltinContext,
  rows: readonly Builtin[],
  constants: readonly BuiltinConstant[],
): BoundBuiltins {
  const functions = new Map<string, BuiltinValue>();
  const names = new Map<string, Value>();
  const callable = new Map<string, Builtin>();
  const members = new Map<string, Map<string, Value>>();
  const methods = emptyMethods();

  for (const { name, aliases = [] } of [...rows, ...constants]) {
    for (const one of [name, ...aliases]) {
      const dot = one.indexOf('.');
      if (dot !== -1) members.set(one.slice(0, dot), new Map());
    }
  }
  const bindName = (name: string, value: Value): void => {
    const dot = name.indexOf('.');
    if (dot === -1) names.set(name, value);
    else members.get(name.slice(0, dot))!.set(name.slice(dot + 1), value);
  };

  for (const row of rows) {
    const value = new BuiltinValue(
      row.name,
      runnerOf(context, row),
      row.everyMember ? null : members.get(row.name),
    );
    functions.set(row.name, value);
    const own = row.free === false ? [] : [row.name];
    for (const name of [...own, ...(row.aliases ?? [])]) {
      if (row.free === false && !name.includes('.')) continue;
      bindName(name, value);
      callable.set(name, row);
    }
    for (const type of row.methodOf ?? []) {
      for (const name of [row.name, ...(row.aliases ?? [])]) {
        if (!name.includes('.')) methods[type].set(name, value);
      }
    }
  }
  for (const constant of constants) {
    for (const name of [constant.name, ...(constant.aliases ?? [])]) bindName(name, constant.value);
  }
  for (const [namespace, entries] of members) {
    const row = callable.get(namespace);
    if (row?.everyMember || row?.name === namespace) continue;
    if (row === undefined) {
      names.set(namespace, namespaceOf(namespace, entries));
    } else {
      const value = new BuiltinValue(namespace, runnerOf(context, row), entries);
      functions.set(namespace, value);
      names.set(namespace, value);
    }
  }
  return { names, methods, functions };
}

/** A function of few named parameters is called without packing its arguments. */
function runnerOf(context: BuiltinContext, row: Builtin): CompiledFunction {
  const { run } = row;
  if (row.parameters.length > 4 || row.parameters.at(-1)?.startsWith('...')) {
    return (_self, depth, ...given) => {
      context.depth = depth;
      return run(context, ...given);
    };
  }
  return (_self, depth, a, b, c, d) => {
    context.depth = depth;
    return run(context, a, b, c, d);
  };
}

// SECURITY: one namespace serves all code of a session, so that nobody may change it. The name as its brand is what every way of
// writing looks at; that it is frozen is for the way that somebody forgets.
function namespaceOf(name: string, entries: ReadonlyMap<string, Value>): ObjectValue {
  const keys = [...entries.keys()];
  const id = [name, ...keys].join();
  let shape = namespaceShapes.get(id);
  if (shape === undefined) {
    const brand = { [objectBrand]: { value: name } };
    shape = createShape(keys, Object.freeze(Object.create(ObjectValue.prototype, brand)));
    namespaceShapes.set(id, shape);
  }
  return Object.freeze(new shape(...entries.values()));
}

/** The same for every session: the names come from the table. */
const namespaceShapes = new Map<string, Shape>();

function emptyMethods(): Record<MethodHolder, Map<string, BuiltinValue>> {
  return {
    number: new Map(),
    string: new Map(),
    boolean: new Map(),
    null: new Map(),
    array: new Map(),
    object: new Map(),
    function: new Map(),
    regex: new Map(),
    error: new Map(),
    date: new Map(),
    module: new Map(),
    channel: new Map(),
    shared: new Map(),
    response: new Map(),
  };
}
