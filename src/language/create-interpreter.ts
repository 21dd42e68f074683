// One session: compiles and runs units, and answers questions about the variables.
import { type Compiled, type CompileResult, compile } from './compile.ts';
import { createLinker } from './create-linker.ts';
import type { Diagnostic } from './diagnostic.ts';
import { reportFailure, reportRefusal } from './failure-report.ts';
import { ImageLoader, saveImage } from './heap-image.ts';
import type { Host } from './host.ts';
import { ImageError } from './image/image-error.ts';
import type {
  ErrorReport,
  ExecuteOptions,
  ExecutionProfile,
  ImageFailure,
  ImageLoad,
  InspectedNode,
  Interpreter,
  Outcome,
  Profiling,
  VariableReport,
} from './interpreter.ts';
import type { LinkedUnit, Linker } from './link.ts';
import type { CompileContext } from './macros/expand.ts';
import type { PlaceLimits } from './profile/place-table.ts';
import { Profile } from './profile/profile.ts';
import { isStackOverflow } from './runtime/catching.ts';
import { describe, inspectValue, variableReport } from './runtime/describe.ts';
import { Stopped } from './runtime/raised.ts';
import { Runtime } from './runtime/runtime.ts';
import { recordingTraces } from './runtime/stack-trace.ts';
import type { Value } from './runtime/value.ts';
import { lineStarts, locate } from './span.ts';

/** Units kept compiled, for programs that are sent again and again. */
const cachedUnitsMax = 64;
const cachedSourceLengthMax = 64 * 1024;

/** Makes an empty session over a host. */
export function createInterpreter(host: Host): Interpreter {
  return new Session(host);
}

class Session implements Interpreter {
  readonly #host: Host;
  #runtime: Runtime;
  #linker: Linker;
  #isRunning = false;
  readonly #cache = new Map<string, { unit: LinkedUnit; diagnostics: readonly Diagnostic[] }>();

  constructor(host: Host) {
    this.#host = host;
    this.#runtime = new Runtime(host);
    this.#linker = createLinker(this.#runtime);
  }

  execute(code: string, options: ExecuteOptions = {}): Outcome {
    const before = this.#runtime.variables.snapshot();
    const end = (
      rest: Omit<Outcome, 'variables' | 'warnings'>,
      warnings: Outcome['warnings'],
    ): Outcome => ({ ...rest, warnings, variables: this.#runtime.variables.changesSince(before) });
    try {
      const prepared = this.#prepare(code);
      if (Array.isArray(prepared)) return end(reportRefusal(code, prepared), []);
      const { unit, diagnostics } = prepared;
      return end(this.#run(unit, options), warningsOf(code, diagnostics));
    } catch {
      // Whatever gets here is a fault of ours, of which the program learns nothing more.
      return end({ status: 'error', error: internalError() }, []);
    }
  }

  profile(limits: PlaceLimits): ExecutionProfile {
    const runtime = this.#runtime;
    return new Profile((id) => runtime.unit(id), limits);
  }

  variables({
    filter = '',
    includeValues,
  }: Parameters<Interpreter['variables']>[0]): VariableReport[] {
    return this.#runtime.variables
      .defined()
      .filter(({ name }) => name.includes(filter))
      .map(({ name, value, state }) =>
        variableReport(name, value ?? null, state === 1, includeValues),
      );
  }

  inspect(
    variable: string,
    path: readonly (string | number)[],
    depth: number,
  ): InspectedNode | 'unknown_variable' | 'unknown_path' {
    const cell = this.#runtime.variables.find(variable);
    return cell === null ? 'unknown_variable' : inspectValue(cell.value ?? null, path, depth);
  }

  save(sink: (chunk: Uint8Array) => void, bytesMax: number): ImageFailure | null {
    return this.#quietly(() => {
      this.#runtime.budget.begin();
      saveImage(this.#runtime, sink, bytesMax);
    });
  }

  load(bytesMax: number): ImageLoad {
    const loader = new ImageLoader(this.#host, bytesMax);
    let failure: ImageFailure | null = null;
    return {
      write: (chunk) => {
        failure ??= this.#quietly(() => loader.push(chunk));
        return failure;
      },
      end: () => {
        failure ??= this.#quietly(() => {
          const { runtime, linker } = loader.end();
          this.#runtime = runtime;
          this.#linker = linker;
          this.#cache.clear();
        });
        return failure;
      },
    };
  }

  reseed(): void {
    this.#runtime.seed(this.#host.randomSeed());
  }

  /** What is done while no program runs; its failure as a value. */
  #quietly(work: () => void): ImageFailure | null {
    // The locals of a running program are nowhere on the heap.
    if (this.#isRunning) return { type: 'ImageError', message: 'A program is running' };
    try {
      work();
      return null;
    } catch (failure) {
      if (failure instanceof Stopped) return failure.reason;
      if (failure instanceof ImageError) return { type: 'ImageError', message: failure.message };
      return { type: 'InternalError', message: 'The interpreter failed' };
    }
  }

  /** The unit of a source text, or the diagnostics of one that cannot run. */
  #prepare(code: string): { unit: LinkedUnit; diagnostics: readonly Diagnostic[] } | Diagnostic[] {
    const cached = this.#cache.get(code);
    const { macros } = this.#runtime.store;
    const { features } = this.#runtime.host;
    const context = cached?.unit.context;
    // Under other macros or features the same text is another program.
    if (cached !== undefined && context?.macros === macros && context.features === features) {
      this.#cache.delete(code);
      this.#cache.set(code, cached);
      return cached;
    }
    const result = this.#compile(code, { macros, features, file: null });
    if (result.compiled === null) return [...result.errors];
    const linked = this.#link(result.compiled);
    if (linked === null) return [tooDeep(code)];
    const prepared = { unit: linked, diagnostics: result.compiled.diagnostics };
    if (code.length <= cachedSourceLengthMax) this.#cache.set(code, prepared);
    if (this.#cache.size > cachedUnitsMax) this.#cache.delete(this.#cache.keys().next().value!);
    return prepared;
  }

  #compile(code: string, context: CompileContext): CompileResult {
    try {
      return compile(code, context);
    } catch (failure) {
      if (!isStackOverflow(failure)) throw failure;
      return { compiled: null, errors: [tooDeep(code)] };
    }
  }

  #link(compiled: Compiled): LinkedUnit | null {
    try {
      return this.#linker.link(compiled);
    } catch (failure) {
      if (!isStackOverflow(failure)) throw failure;
      return null;
    }
  }

  #run(unit: LinkedUnit, options: ExecuteOptions): Omit<Outcome, 'variables' | 'warnings'> {
    const runtime = this.#runtime;
    runtime.budget.begin();
    runtime.store.macros = unit.macros;
    runtime.depth = 0;
    this.#isRunning = true;
    runtime.variables.setBuiltin('args', [...(options.args ?? [])]);
    const { onStatement } = options;
    unit.onStatement = onStatement === undefined ? null : (value) => onStatement(describe(value));
    runtime.budget.watcher = watcherOf(options.profiling, unit);
    unit.returned = false;
    unit.main = null;
    unit.moduleMain = null;
    unit.mainCalled = false;
    try {
      const value = recordingTraces(() => runUnit(unit, options.autoMain ?? true));
      return { status: 'success', result: describe(value) };
    } catch (failure) {
      return reportFailure(runtime, failure);
    } finally {
      unit.onStatement = null;
      runtime.budget.watcher = null;
      this.#isRunning = false;
    }
  }
}

function watcherOf(profiling: Profiling | undefined, unit: LinkedUnit): (() => void) | null {
  if (!(profiling?.profile instanceof Profile)) return null;
  const { profile, now, onSafePoint } = profiling;
  profile.unit = unit;
  return () => {
    profile.look(now);
    onSafePoint();
  };
}

/** The top level, then `main` where it is to be called (SPEC 7.3). */
function runUnit(unit: LinkedUnit, autoMain: boolean): Value {
  const result = unit.entry(0);
  const main = unit.main ?? unit.moduleMain;
  if (!autoMain || unit.returned || unit.mainCalled || main === null) return result;
  return main.run(null, 1);
}

function warningsOf(code: string, diagnostics: readonly Diagnostic[]): Outcome['warnings'] {
  if (diagnostics.length === 0) return [];
  const starts = lineStarts(code);
  return diagnostics.map(({ message, span }) => ({
    message,
    location: locate(starts, span.start),
  }));
}

function tooDeep(code: string): Diagnostic {
  const span = { start: 0, end: code.length };
  return { severity: 'error', type: 'SyntaxError', message: 'Nesting is too deep', span };
}

function internalError(): ErrorReport {
  return { type: 'InternalError', message: 'The interpreter failed' };
}
