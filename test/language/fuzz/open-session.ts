// A session like the interpreter's, but open: what the host's code throws is not hidden behind an InternalError, and all that
// the session holds can be looked at.
import type { Host } from '#language';
import { compile } from '../../../src/language/compile.ts';
import { createLinker } from '../../../src/language/create-linker.ts';
import type { Linker } from '../../../src/language/link.ts';
import { asRaised, errorOf, isStackOverflow } from '../../../src/language/runtime/catching.ts';
import { describe, inspectValue, variableReport } from '../../../src/language/runtime/describe.ts';
import { Stopped } from '../../../src/language/runtime/raised.ts';
import { Runtime } from '../../../src/language/runtime/runtime.ts';
import { recordingTraces } from '../../../src/language/runtime/stack-trace.ts';
import type { Value } from '../../../src/language/runtime/value.ts';

export class OpenSession {
  readonly #runtime: Runtime;
  readonly #linker: Linker;
  /** Results and thrown values of the units that ran. */
  readonly #seen: unknown[] = [];

  constructor(host: Host) {
    this.#runtime = new Runtime(host);
    this.#linker = createLinker(this.#runtime);
  }

  /** Runs one unit. Throws only what is a fault of the interpreter. */
  run(source: string): void {
    const { store, host, budget, variables } = this.#runtime;
    try {
      const { macros } = store;
      const { compiled } = compile(source, { macros, features: host.features, file: null });
      if (compiled === null) return;
      const unit = this.#linker.link(compiled);
      budget.begin();
      store.macros = unit.macros;
      this.#runtime.depth = 0;
      variables.setBuiltin('args', []);
      unit.onStatement = (value) => void this.#reported(value);
      const result = recordingTraces(() => {
        const value = unit.entry(0);
        const main = unit.main ?? unit.moduleMain;
        return main === null || unit.returned || unit.mainCalled ? value : main.run(null, 1);
      });
      this.#reported(result);
    } catch (failure) {
      this.#failed(failure);
    }
    for (const { name, value } of variables.defined()) {
      variableReport(name, value ?? null, true, true);
      inspectValue(value ?? null, [], 3);
    }
  }

  /** Everything that a program of this session can reach, with how. */
  *roots(): Generator<readonly [string, unknown]> {
    const { variables, store, methods, functions } = this.#runtime;
    for (const { name, value } of variables.defined()) yield [name, value];
    for (const [name, value] of functions) yield [name, value];
    for (const [type, found] of Object.entries(methods)) {
      for (const [name, method] of found) yield [`${type}.${name}`, method];
    }
    for (const [key, value] of store.memory) yield [`memory ${key}`, value];
    for (const [key, value] of store.sharedStates) yield [`shared ${key}`, value];
    for (const segment of Object.values(store.segments)) {
      for (const [key, { content }] of segment) yield [`segment ${key}`, content];
    }
    for (const value of this.#seen) yield ['result', value];
  }

  #reported(value: Value): void {
    JSON.stringify(describe(value));
    this.#seen.push(value);
  }

  #failed(failure: unknown): void {
    if (failure instanceof Stopped || isStackOverflow(failure)) return;
    const raised = asRaised(failure);
    if (raised === null) throw failure;
    const error = errorOf(raised.value);
    this.#seen.push(raised.value, error);
  }
}
