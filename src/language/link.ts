// Compiled unit + session → a unit that can run: V8 gets the script of a unit here, and nowhere else (those of patterns are in regex/).
import { type Compiled, compile } from './compile.ts';
import type { LineTable, PositionTable } from './emit/code.ts';
import { intrinsics } from './emit/intrinsics.ts';
import type { ModulePlan } from './emit/unit-emission.ts';
import type { CompileContext } from './macros/expand.ts';
import type { MacroTable } from './macros/macro.ts';
import type { MethodSite } from './runtime/calls.ts';
import type { LinkedModule, RunningUnit } from './runtime/helpers.ts';
import type { Runtime } from './runtime/runtime.ts';
import type { Cell } from './runtime/session-variables.ts';
import { createShape, type Shape } from './runtime/shapes.ts';
import { scriptUrl, type TracedUnit } from './runtime/stack-trace.ts';
import type {
  CodeUnit,
  CompiledFunction,
  Environment,
  FunctionValue,
  ModuleValue,
  Slot,
  Value,
} from './runtime/value.ts';
import type { UnitLayout } from './unit-layout.ts';

type Instantiate = (environment: Environment | null, self: Value) => CompiledFunction;

/** The parameter `K` of a unit's script, and what the interpreter asks of it. Its code may come later than itself. */
export type LinkedUnit = TracedUnit &
  CodeUnit &
  RunningUnit & {
    /** See Compiled; only of units that are run as a whole. */
    macros: MacroTable;
    text: string;
    positions: PositionTable;
    lines: LineTable;
    firstLine: number;
    functionStarts: readonly number[];
    scriptStart: number;
    cells: readonly Cell[];
    methods: readonly MethodSite[];
    shapes: readonly Shape[];
    modules: readonly LinkedModule[];
    builtins: readonly (CompiledFunction | undefined)[];
    natives: readonly ((...numbers: number[]) => number)[];
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

  link(compiled: Compiled): LinkedUnit {
    const unit = this.#declare(compiled, () => instantiates);
    const instantiates = this.#evaluate(unit, compiled);
    this.#runtime.remember(unit);
    return unit;
  }

  /** A unit of a heap image: it is compiled when the first of its functions is called. `layout` is what that will give. */
  promise(source: string, context: CompileContext, layout: UnitLayout): LinkedUnit {
    let instantiates: readonly Instantiate[] | null = null;
    const unit = this.#declare({ source, context, layout }, () => {
      instantiates ??= this.#evaluate(unit, compileAgain(source, context));
      return instantiates;
    });
    this.#runtime.remember(unit);
    return unit;
  }

  /** A unit with everything but its code. */
  #declare(
    { source, context, layout }: Pick<Compiled, 'source' | 'context' | 'layout'>,
    instantiates: () => readonly Instantiate[],
  ): LinkedUnit {
    const unit: LinkedUnit = {
      id: this.#runtime.nextUnitId(),
      source,
      context,
      layout,
      macros: context.macros,
      text: source,
      positions: noPositions,
      lines: [],
      firstLine: 1,
      functionStarts: [],
      functionNames: layout.functions.map(({ name }) => name),
      scriptStart: 0,
      cells: [],
      methods: [],
      shapes: [],
      modules: [],
      builtins: [],
      natives: [],
      codes: layout.functions.map(({ name, parameterNames }, index) => ({
        index,
        name,
        parameterNames,
        get unit() {
          return unit;
        },
        instantiate: (environment, self) => instantiates()[index]!(environment, self),
      })),
      main: null,
      moduleMain: null,
      mainCalled: false,
      loaded: null,
      returned: false,
      onStatement: null,
      entry: () => null,
    };
    return unit;
  }

  /** Gives a unit its code. */
  #evaluate(unit: LinkedUnit, { emitted, macros, text }: Compiled): readonly Instantiate[] {
    const { needs, script, positions, lines } = emitted;
    // SECURITY: the text is ours (see emitter.ts); it runs in strict mode and is given these two objects and nothing else.
    const body = `${linesBefore}${script}\n//# sourceURL=${scriptUrl(unit.id)}`;
    const evaluate = new Function('R', 'K', body);
    unit.macros = macros;
    unit.text = text;
    unit.positions = positions;
    unit.lines = lines;
    const head = headOf(evaluate);
    unit.scriptStart = head.length + 1;
    unit.firstLine = head.split('\n').length;
    unit.functionStarts = emitted.functions.map(({ span }) => span.start);
    unit.cells = needs.cells.map((name) => this.#runtime.variables.cell(name));
    unit.methods = needs.methods.map((name) => this.#runtime.methodSite(name));
    unit.shapes = needs.shapes.map((keys) => this.shape(keys));
    unit.modules = needs.modules.map(linkModule);
    unit.builtins = needs.intrinsics.map((name) => this.#runtime.functions.get(name)?.run);
    unit.natives = needs.intrinsics.map((name) => intrinsics.get(name)!.compute);
    const made = evaluate(this.#helpers, unit) as {
      main: LinkedUnit['entry'];
      functions: Instantiate[];
    };
    unit.entry = made.main;
    return made.functions;
  }

  /** One constructor per list of keys, so that objects made alike are one shape to V8 wherever they are written. */
  shape(keys: readonly string[]): Shape {
    const id = JSON.stringify(keys);
    let shape = this.#shapes.get(id);
    if (shape === undefined) {
      shape = createShape(keys);
      this.#shapes.set(id, shape);
    }
    return shape;
  }
}

/**
 * V8 gives samples in functions of ours that it has inlined the lines that these have in our files, and calls them lines of the script:
 * no file of ours has so many.
 */
const linesBefore = '\n'.repeat(512);

const noPositions: PositionTable = { emitted: new Int32Array(), source: new Int32Array() };

/** Compiles what was compiled before. */
function compileAgain(source: string, context: CompileContext): Compiled {
  const { compiled } = compile(source, context);
  if (compiled === null) throw new Error('a unit of a heap image does not compile');
  return compiled;
}

function linkModule({ name, version, members, exported }: ModulePlan): LinkedModule {
  const slots = new Map<string, Slot>();
  for (const [member, slot] of members) slots.set(member, `s${slot}`);
  return { name, version, members: slots, exported };
}

/** V8 puts a head before the body, and counts positions from an opening parenthesis that `toString` does not show. */
function headOf(evaluate: { toString(): string }): string {
  const text = evaluate.toString();
  return text.slice(0, text.indexOf('"use strict"'));
}
