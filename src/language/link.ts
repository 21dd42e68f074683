// Compiled unit + session → a unit that can run: V8 gets the script here, and nowhere else.
import type { Compiled } from './compile.ts';
import { intrinsics } from './emit/intrinsics.ts';
import type { ModulePlan } from './emit/unit-emission.ts';
import type { MacroTable } from './macros/macro.ts';
import type { MethodSite } from './runtime/calls.ts';
import type { LinkedModule, RunningUnit } from './runtime/helpers.ts';
import type { Runtime } from './runtime/runtime.ts';
import type { Cell } from './runtime/session-variables.ts';
import { createShape, type Shape } from './runtime/shapes.ts';
import { scriptUrl, type TracedUnit } from './runtime/stack-trace.ts';
import type {
  CompiledFunction,
  Environment,
  FunctionCode,
  FunctionValue,
  ModuleValue,
  Slot,
  Value,
} from './runtime/value.ts';

type Instantiate = (environment: Environment | null, self: Value) => CompiledFunction;

/** The parameter `K` of a unit's script, and what the interpreter asks of it. */
export type LinkedUnit = TracedUnit &
  RunningUnit & {
    readonly text: string;
    /** The session's macros from the moment it runs. */
    readonly macros: MacroTable;
    readonly cells: readonly Cell[];
    readonly methods: readonly MethodSite[];
    readonly shapes: readonly Shape[];
    readonly modules: readonly LinkedModule[];
    readonly builtins: readonly (CompiledFunction | undefined)[];
    readonly natives: readonly ((value: number) => number)[];
    readonly codes: readonly FunctionCode[];
    /** A `main` that the unit defined at its top level, and in a module (SPEC 7.3). */
    main: FunctionValue | null;
    moduleMain: FunctionValue | null;
    mainCalled: boolean;
    /** The module that a file's unit made, see file-module.ts. */
    loaded: ModuleValue | null;
    /** Runs the unit's top level at a call depth. */
    entry: (depth: number) => Value;
  };

/** Shared by the units of one session. */
export class Linker {
  readonly #runtime: Runtime;
  readonly #helpers: object;
  readonly #shapes = new Map<string, Shape>();

  constructor(runtime: Runtime, helpers: object) {
    this.#runtime = runtime;
    this.#helpers = helpers;
  }

  link({ source, text, context, macros, emitted }: Compiled): LinkedUnit {
    const { needs, functions, script, positions } = emitted;
    const id = this.#runtime.nextUnitId();
    const instantiates: Instantiate[] = [];
    // SECURITY: the text is ours (see emitter.ts); it runs in strict mode and is given these two objects and nothing else.
    const evaluate = new Function('R', 'K', `${script}\n//# sourceURL=${scriptUrl(id)}`);
    const unit: LinkedUnit = {
      id,
      source,
      text,
      context,
      macros,
      positions,
      functionNames: functions.map(({ name }) => name),
      scriptStart: scriptStartOf(evaluate),
      cells: needs.cells.map((name) => this.#runtime.variables.cell(name)),
      methods: needs.methods.map((name) => this.#runtime.methodSite(name)),
      shapes: needs.shapes.map((keys) => this.#shape(keys)),
      modules: needs.modules.map(linkModule),
      builtins: needs.intrinsics.map((name) => this.#runtime.functions.get(name)?.run),
      natives: needs.intrinsics.map((name) => intrinsics.get(name)!),
      codes: functions.map(({ name, parameterNames, index }) => ({
        id: `${id}/${index}`,
        name,
        parameterNames,
        get unit() {
          return unit;
        },
        instantiate: (environment, self) => instantiates[index]!(environment, self),
      })),
      main: null,
      moduleMain: null,
      mainCalled: false,
      loaded: null,
      returned: false,
      onStatement: null,
      entry: () => null,
    };
    const made = evaluate(this.#helpers, unit) as {
      main: LinkedUnit['entry'];
      functions: Instantiate[];
    };
    instantiates.push(...made.functions);
    unit.entry = made.main;
    this.#runtime.remember(unit);
    return unit;
  }

  /** One constructor per list of keys, so that objects made alike are one shape to V8 wherever they are written. */
  #shape(keys: readonly string[]): Shape {
    const id = JSON.stringify(keys);
    let shape = this.#shapes.get(id);
    if (shape === undefined) {
      shape = createShape(keys);
      this.#shapes.set(id, shape);
    }
    return shape;
  }
}

function linkModule({ name, version, members, exported }: ModulePlan): LinkedModule {
  const slots = new Map<string, Slot>();
  for (const [member, slot] of members) slots.set(member, `s${slot}`);
  return { name, version, members: slots, exported };
}

/** V8 puts a head before the body, and counts positions from an opening parenthesis that `toString` does not show. */
function scriptStartOf(evaluate: { toString(): string }): number {
  return evaluate.toString().indexOf('"use strict"') + 1;
}
