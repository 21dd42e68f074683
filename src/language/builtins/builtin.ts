// What a built-in is: one table row that defines it, documents it and tells the editor about it.
import type { Host } from '../host.ts';
import type { SessionStore } from '../runtime/session-store.ts';
import type { BuiltinValue, ErrorValue, TypeName, Value } from '../runtime/value.ts';

/** The built-in methods of each type by name, as `bindBuiltins` makes them. */
export type BuiltinMethods = Readonly<Record<MethodHolder, ReadonlyMap<string, BuiltinValue>>>;

/** A type of values, or the objects that requests give. */
export type MethodHolder = TypeName | 'response';

/** What a built-in may ask of the running interpreter. */
export interface BuiltinContext {
  readonly host: Host;
  /** What `bindBuiltins` made for this session; member access looks built-in methods up here. */
  readonly methods: BuiltinMethods;
  /** Dictionaries, agent memory, shared states. */
  readonly store: SessionStore;
  /**
   * Depth of the call under way. `bindBuiltins` sets it as a built-in begins; `call` counts from it, and must put it back
   * when the callee has ended in whatever way.
   */
  depth: number;
  /** Calls a function value of any kind. TypeError "X is not a function" otherwise, X = `what`. */
  call(callee: Value, what: string, ...args: Value[]): Value;
  /** The error value that a catch block would see for a JavaScript exception (SPEC 5.4); throws on what no program can catch. */
  caught(failure: unknown): ErrorValue;
  /** Counts `steps` of work inside a long built-in and stops the program when it must stop. Cheap; call it in every loop over user data. */
  step(steps: number): void;
  /** Asks for room for one value before it is made: over the limit the program stops with ResourceLimitError. */
  allocate(bytes: number): void;
  /** Uniform in [0,1), from the session's generator. */
  random(): number;
  /** Makes the session's random generator repeatable (`Math.seed`). */
  seed(value: number): void;
}

/** Missing arguments are undefined. A method's receiver is its first argument. */
export type BuiltinFunction = (context: BuiltinContext, ...args: (Value | undefined)[]) => Value;

export type Builtin = {
  /** ASCII name, as SPEC section 9 writes it: `print`, `Math.floor`, `String.fromCharCode`. */
  readonly name: string;
  /** Other names of the same function, symbols included: `['log', '⌽']`. */
  readonly aliases?: readonly string[];
  /** Types whose values have it as a method, under its name and every alias without a dot. */
  readonly methodOf?: readonly MethodHolder[];
  /** False: a method only, no free function. Default true. */
  readonly free?: boolean;
  /** True: reading any member of it gives itself, so that `⬢.window()` fails as `⬢()` does (SPEC 9.14). */
  readonly everyMember?: true;
  /** A last name that begins with `...` takes all further arguments. */
  readonly parameters: readonly string[];
  /** One sentence, for hover and the reference. */
  readonly summary: string;
  /** `code // result`, run as a test. */
  readonly example: string;
  /** What it raises besides the TypeError for an argument of the wrong type, and besides what functions it calls raise. */
  readonly errors?: readonly BuiltinError[];
  readonly run: BuiltinFunction;
};

/** One reason for which a built-in fails, for the reference. */
export type BuiltinError = {
  /** As `catch` sees it in `e.type`; or a type that nothing catches: `ResourceLimitError`. */
  readonly type: string;
  /** The condition, as a clause: `the step is 0`. */
  readonly when: string;
  /** Code that ends with an error of this type, run as a test. */
  readonly example: string;
  /** The example is for a session that lacks this. */
  readonly without?: 'network';
};

const partsPerRequest = 4096;

/** Counts an element that is about to be added, and asks for room for the growing array now and then. */
export function countPart(context: BuiltinContext, parts: readonly Value[]): void {
  context.step(1);
  if (parts.length % partsPerRequest === 0) context.allocate((parts.length + partsPerRequest) * 8);
}
