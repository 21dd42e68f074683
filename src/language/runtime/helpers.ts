// The runtime as emitted code sees it: one frozen record of functions, all of them made for one session.
import type { HelperName } from '../emit/helpers.ts';
import { callDepthMax } from './budget.ts';
import {
  asCallable,
  callable,
  findMethod,
  type MethodSite,
  notAFunction,
  type Unit,
} from './calls.ts';
import { asRaised, caughtValue, depthExceeded, errorOf, exit, raisedFrom } from './catching.ts';
import { typeName } from './display.ts';
import { equals, identical } from './equality.ts';
import { iterate } from './iteration.ts';
import { getIndex, getMember, setIndex, setMember, slice } from './members.ts';
import { importItem, importPath, requireModule, starMember, visibleNames } from './modules.ts';
import * as operators from './operators.ts';
import { raise } from './raised.ts';
import type { Runtime } from './runtime.ts';
import { dictionaryText } from './session-store.ts';
import { type Cell, notDefined } from './session-variables.ts';
import {
  CallableValue,
  type Environment,
  FunctionValue,
  ModuleValue,
  ObjectValue,
  RegexValue,
  type Slot,
  UndecidedValue,
  type Value,
} from './value.ts';

/** A module as its unit's emitter planned it. */
export type LinkedModule = {
  readonly name: string;
  readonly version: string | null;
  readonly members: ReadonlyMap<string, Slot>;
  readonly exported: ReadonlySet<string> | null;
};

/** The module of a file, by the path that the program wrote; loads it at a call depth. */
export type ImportFile = (path: string, version: string | null, depth: number) => Value;

/** What emitted code reports to while its unit runs. */
export type RunningUnit = { returned: boolean; onStatement: ((value: Value) => void) | null };

/** The parameter `R` of every emitted script of a session. */
export function createHelpers(
  runtime: Runtime,
  importFile: ImportFile,
): Readonly<Record<HelperName, unknown>> {
  const { variables, budget } = runtime;
  const lengthMax = Math.floor(runtime.host.valueBytesMax / 2);

  function concatenate(left: string, right: string): string {
    if (left.length + right.length > lengthMax) {
      runtime.allocate((left.length + right.length) * 2);
    }
    return left + right;
  }

  return Object.freeze({
    add: (left: Value, right: Value): Value => {
      if (typeof left === 'string' && typeof right === 'string') return concatenate(left, right);
      const sum = operators.add(left, right, runtime);
      if (typeof sum === 'string' && sum.length > lengthMax) runtime.allocate(sum.length * 2);
      return sum;
    },
    concatenate,
    subtract: operators.subtract,
    multiply: operators.multiply,
    divide: operators.divide,
    remainder: operators.remainder,
    power: operators.power,
    negate: operators.negate,
    plus: operators.plus,
    less: operators.lessThan,
    lessOrEqual: operators.lessOrEqual,
    greater: operators.greaterThan,
    greaterOrEqual: operators.greaterOrEqual,
    equals,
    identical,
    typeName,

    isArray: Array.isArray,
    getMember: (object: Value, name: string) => getMember(runtime, object, name),
    setMember: (object: Value, name: string, value: Value) => {
      setMember(runtime, object, name, value);
      return value;
    },
    getIndex: (object: Value, index: Value) => getIndex(runtime, object, index),
    setIndex: (object: Value, index: Value, value: Value) => {
      setIndex(runtime, object, index, value);
      return value;
    },
    slice: (object: Value, from: Value, to: Value) => slice(runtime, object, from, to),
    iterate: (value: Value, operator: 'in' | 'of') => iterate(runtime, value, operator),

    callable,
    called: (cell: Cell, unit: Unit, start: number, end: number) =>
      callable(cell.value ?? missing(cell), unit, start, end),
    letter: (cell: Cell, name: string) => runtime.builtin(name) ?? missing(cell),
    method: (object: Value, site: MethodSite, unit: Unit, start: number, end: number) =>
      findMethod(runtime, object, site, unit, start, end),
    input: (depth: number) => {
      const input = asCallable(runtime.builtin('input') ?? null);
      if (input === null) throw notAFunction('input');
      return input(null, depth + 1);
    },
    dictionary: (key: string) => dictionaryText(runtime.store, key),

    missing,
    assign: (cell: Cell, value: Value) => variables.assign(cell, value),
    update: (cell: Cell, value: Value) => variables.update(cell, value),
    define: (cell: Cell, value: Value) => variables.define(cell, value),
    defineConstant: (cell: Cell, value: Value) => variables.define(cell, value, 2),
    constant: (name: string) => {
      throw raise('TypeError', `Assignment to constant '${name}'`);
    },
    star: starMember,

    raised: raisedFrom,
    caught: (failure: unknown) => caughtValue(runtime, failure),
    passing: (failure: unknown) => {
      if (failure !== exit && asRaised(failure) === null) budget.live = false;
      return failure;
    },
    errorOf,
    exit,
    loop: () => budget.portion(),
    enter: (depth: number) => {
      if (depth > callDepthMax) throw depthExceeded(1);
      budget.poll();
    },
    statement: (unit: RunningUnit, value: Value) => unit.onStatement?.(value),
    ended: (unit: RunningUnit, value: Value) => {
      unit.returned = true;
      return value;
    },

    module: ({ name, version, members, exported }: LinkedModule, environment: Environment) =>
      new ModuleValue(name, version, environment, members, exported),
    importPath: (
      root: Value | undefined,
      name: string,
      path: readonly string[],
      version: string | null,
    ) => importPath(root, name, path, version, () => variables.modules()),
    importItem,
    importAll: (from: Value) => {
      const module = requireModule(from);
      for (const name of visibleNames(module)) {
        variables.define(variables.cell(name), importItem(module, name));
      }
    },
    importFile,
    requireModule: (value: Value) => requireModule(value),

    ObjectValue,
    CallableValue,
    FunctionValue,
    RegexValue,
    UndecidedValue,
    budget,
  });
}

function missing(cell: Cell): never {
  throw notDefined(cell);
}
