// The smallest real context for operations on values: built-ins bound as in a session, generous limits that can be set lower.
// Programs are run by the interpreter; this serves tests of one operation.
import { nodeCryptography } from '../../src/agent/engines/anarchy/node-cryptography.ts';
import type { BuiltinContext } from '../../src/language/builtins/builtin.ts';
import { bindBuiltins, builtinConstants, builtins } from '../../src/language/builtins/table.ts';
import type { Host } from '../../src/language/host.ts';
import { typeName } from '../../src/language/runtime/display.ts';
import { Raised, raise, Stopped } from '../../src/language/runtime/raised.ts';
import { createSessionStore } from '../../src/language/runtime/session-store.ts';
import {
  BoundMethod,
  BuiltinValue,
  ErrorValue,
  type Value,
} from '../../src/language/runtime/value.ts';

export type TestContext = BuiltinContext & {
  /** Calls a built-in by the name or path that a program would write. */
  run(name: string, ...given: (Value | undefined)[]): Value;
  readonly names: ReadonlyMap<string, Value>;
  /** Steps counted so far. */
  steps: number;
};

const host: Host = {
  poll: () => null,
  write: () => {},
  readLine: () => null,
  sleep: () => null,
  progress: () => {},
  now: () => 1000,
  randomSeed: () => 1,
  cryptography: nodeCryptography,
  environment: new Map([['USER', 'ann']]),
  features: new Set(),
  valueBytesMax: 64 * 1024 * 1024,
  files: null,
  network: null,
};

export function builtinContext(limits: { stepsMax?: number; bytesMax?: number } = {}): TestContext {
  const stepsMax = limits.stepsMax ?? Number.POSITIVE_INFINITY;
  const bytesMax = limits.bytesMax ?? host.valueBytesMax;
  const partial = {
    host,
    store: createSessionStore(),
    depth: 0,
    steps: 0,
    call: (callee: Value, what: string, ...given: Value[]): Value => {
      if (callee instanceof BuiltinValue) return callee.run(null, 1, ...given);
      if (callee instanceof BoundMethod)
        return callee.method.run(null, 1, callee.receiver, ...given);
      throw raise('TypeError', `${what} is not a function (${typeName(callee)})`);
    },
    caught: (failure: unknown): ErrorValue => {
      if (!(failure instanceof Raised)) throw failure;
      return failure.value instanceof ErrorValue
        ? failure.value
        : new ErrorValue('Error', '', failure.value);
    },
    step: (steps: number): void => {
      context.steps += steps;
      if (context.steps > stepsMax) stop('too many steps');
    },
    allocate: (bytes: number): void => {
      if (bytes > bytesMax) stop('too many bytes');
    },
    random: () => 0.5,
    seed: () => {},
  };
  const context: TestContext = Object.assign(partial, {
    methods: {} as BuiltinContext['methods'],
    names: new Map() as ReadonlyMap<string, Value>,
    run: (name: string, ...given: (Value | undefined)[]): Value => {
      const value = bound.functions.get(name) ?? bound.names.get(name);
      if (!(value instanceof BuiltinValue)) throw new Error(`no built-in ${name}`);
      return value.run(null, 0, ...given);
    },
  });
  const bound = bindBuiltins(context, builtins, builtinConstants);
  return Object.assign(context, { methods: bound.methods, names: bound.names });
}

/** A function value made of a JavaScript function, for callbacks. */
export function callback(run: (...given: (Value | undefined)[]) => Value): BuiltinValue {
  return new BuiltinValue('callback', (_self, _depth, ...given) => run(...given));
}

/** Type and message of what a block of code raises. */
export function raised(block: () => unknown): string {
  try {
    block();
  } catch (failure) {
    if (failure instanceof Raised && failure.value instanceof ErrorValue) {
      return `${failure.value.type}: ${failure.value.message}`;
    }
    if (failure instanceof Stopped) return failure.reason.type;
    throw failure;
  }
  return 'nothing was raised';
}

function stop(message: string): never {
  throw new Stopped({ type: 'ResourceLimitError', message });
}
