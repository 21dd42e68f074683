// The state of one session while its code runs, and what built-ins may ask of it. Emitted code reaches it only through the
// helpers of helpers.ts.
import { bindBuiltins } from '../builtins/bind.ts';
import type { Builtin, BuiltinContext, BuiltinMethods } from '../builtins/builtin.ts';
import { builtinConstants, builtins } from '../builtins/table.ts';
import type { Host } from '../host.ts';
import { Budget } from './budget.ts';
import { asCallable, MethodSite, methodOf, notAFunction } from './calls.ts';
import { caughtValue, errorOf } from './catching.ts';
import { Random } from './random.ts';
import { createSessionStore, type SessionStore } from './session-store.ts';
import { SessionVariables } from './session-variables.ts';
import type { TracedUnit } from './stack-trace.ts';
import {
  type BuiltinValue,
  CallableValue,
  type CompiledFunction,
  type ErrorValue,
  type Value,
} from './value.ts';

export class Runtime implements BuiltinContext {
  readonly host: Host;
  readonly budget: Budget;
  readonly variables = new SessionVariables();
  readonly store: SessionStore = createSessionStore();
  readonly generator: Random;
  readonly methods: BuiltinMethods;
  /** By `BuiltinValue.name`. */
  readonly functions: ReadonlyMap<string, BuiltinValue>;
  /** What the bare names of built-ins mean. */
  readonly names: ReadonlyMap<string, Value>;
  depth = 0;
  readonly #sites = new Map<string, MethodSite>();
  readonly #methodCalls = new Map<string, CompiledFunction>();
  readonly #units = new Map<string, WeakRef<TracedUnit>>();
  #unitCount = 0;

  constructor(host: Host) {
    this.host = host;
    this.budget = new Budget(host);
    this.generator = new Random(host.randomSeed());
    const bound = bindBuiltins(this, builtins, builtinConstants);
    this.methods = bound.methods;
    this.functions = bound.functions;
    this.names = bound.names;
    for (const [name, value] of bound.names) this.variables.setBuiltin(name, value);
    this.variables.setBuiltin('args', []);
  }

  // --- what built-ins ask ----------------------------------------------------------------------------------------

  call(callee: Value, what: string, ...given: Value[]): Value {
    const { depth } = this;
    const target = callee instanceof CallableValue ? callee.run : asCallable(callee);
    if (target === null) throw notAFunction(what);
    try {
      return target(null, depth + 1, ...given);
    } finally {
      this.depth = depth;
    }
  }

  caught(failure: unknown): ErrorValue {
    return errorOf(caughtValue(this, failure));
  }

  step(steps: number): void {
    this.budget.spend(steps);
  }

  allocate(bytes: number): void {
    if (bytes <= this.host.valueBytesMax) return;
    const limit = `${this.host.valueBytesMax} bytes are allowed for one value`;
    throw this.budget.stop({ type: 'ResourceLimitError', message: `Value too large: ${limit}` });
  }

  random(): number {
    return this.generator.next();
  }

  seed(value: number): void {
    this.generator.seed(value);
  }

  // --- what the linker asks --------------------------------------------------------------------------------------

  builtin(name: string): Value | undefined {
    return this.names.get(name);
  }

  /** The built-in methods of a name; one object per name and session. */
  methodSite(name: string): MethodSite {
    let site = this.#sites.get(name);
    if (site === undefined) {
      site = new MethodSite(name, (type) => {
        const value = this.methods[type].get(name);
        return value === undefined ? null : this.#methodCall(value.name);
      });
      this.#sites.set(name, site);
    }
    return site;
  }

  #methodCall(name: string): CompiledFunction {
    let made = this.#methodCalls.get(name);
    if (made === undefined) {
      made = methodOf(this, rowsByName.get(name)!);
      this.#methodCalls.set(name, made);
    }
    return made;
  }

  /** A new unit's id, unique in the session. */
  nextUnitId(): string {
    return String(++this.#unitCount);
  }

  /** Remembers a unit for as long as functions of it live. */
  remember(unit: TracedUnit): void {
    this.#units.set(unit.id, new WeakRef(unit));
    if (this.#units.size % 256 !== 0) return;
    for (const [id, reference] of this.#units) {
      if (reference.deref() === undefined) this.#units.delete(id);
    }
  }

  unit(id: string): TracedUnit | undefined {
    return this.#units.get(id)?.deref();
  }
}

const rowsByName: ReadonlyMap<string, Builtin> = new Map(builtins.map((row) => [row.name, row]));
