// What a program's values are in JavaScript. Chosen so that V8 runs programs at its own speed, and so that the heap stays
// plain data that can be walked and saved: no JavaScript closure is ever the only home of state.
//
//   null, boolean, number, string   themselves (undefined is never a value: it means "no such key/element" inside)
//   array                           a plain JavaScript array, dense
//   object                          ObjectValue: keys mangled by `encodeKey`, insertion-ordered
//   everything else                 one of the classes below
//
// SECURITY: no instance below may be used as a host object by a program. Property access always goes through
// the runtime's member functions, which look at own encoded keys only; ObjectValue has no prototype to reach.

import type { CompileContext } from '../macros/expand.ts';
import type { UnitLayout } from '../unit-layout.ts';

export type Value =
  | null
  | boolean
  | number
  | string
  | Value[]
  | ObjectValue
  | UndecidedValue
  | FunctionValue
  | BuiltinValue
  | BoundMethod
  | RegexValue
  | ErrorValue
  | DateValue
  | ModuleValue
  | ChannelValue
  | SharedValue;

export type TypeName =
  | 'number'
  | 'string'
  | 'boolean'
  | 'null'
  | 'array'
  | 'object'
  | 'function'
  | 'regex'
  | 'error'
  | 'date'
  | 'module'
  | 'channel'
  | 'shared';

/**
 * Every ObjectValue inherits a property of this name, and nothing else has one: no encoded key is empty. Emitted code
 * looks for it instead of using `instanceof`, which V8 makes very slow for a class without a root. It is true for objects
 * that a program may change, and the name of a namespace such as `Math`, which it may not.
 */
export const objectBrand = '';

/**
 * An object's entries are own JavaScript properties under encoded keys: `o.name` in a program is `o.name` in V8, inline
 * caches and all. The prototype is empty, so that a missing key is `undefined` whatever its name.
 */
export class ObjectValue {
  [key: string]: Value | undefined;
}
Object.setPrototypeOf(ObjectValue.prototype, null);
// biome-ignore lint/suspicious/noExplicitAny: removing the one inherited key needs an untyped view
delete (ObjectValue.prototype as any).constructor;
ObjectValue.prototype[objectBrand] = true;
Object.freeze(ObjectValue.prototype);

/** As `objectBrand`, of responses alone; no encoded key is this either. */
export const responseBrand = '\0r';

/** What a request gave (SPEC 9.10): an object that finds more members than it has keys, see response.ts. */
export class ResponseValue extends ObjectValue {}
// biome-ignore lint/suspicious/noExplicitAny: removing the one key of its own needs an untyped view
delete (ResponseValue.prototype as any).constructor;
ResponseValue.prototype[responseBrand] = true;
Object.freeze(ResponseValue.prototype);

/**
 * The JavaScript property name for a key. V8 moves integer-like names to the front, and `__proto__` is special in
 * literals: both, and names that look encoded already, get a NUL in front. So do the empty one, which is the brand, and `run`:
 * what has a property of that name is a CallableValue, and emitted code needs to look at nothing else. Everything else is itself.
 */
export function encodeKey(key: string): string {
  const unit = key.charCodeAt(0);
  const isSpecial =
    (unit >= 48 && unit <= 57) || unit === 0 || key === 'run' || key === '' || key === '__proto__';
  return isSpecial ? `\0${key}` : key;
}

/** Inverse of `encodeKey`. */
export function decodeKey(name: string): string {
  return name.charCodeAt(0) === 0 ? name.slice(1) : name;
}

/** `∅` (SPEC 3.6): `target` is null until the first mutation decides between an array and an object; the identity is this wrapper. */
export class UndecidedValue {
  target: Value[] | ObjectValue | null = null;
}

/** Name of a variable in an Environment. */
export type Slot = `s${number}`;

/**
 * The reified variables of one scope that closures share: `s0`, `s1` … and `p`, the enclosing scope. A literal object and
 * not a class: emitted code makes it with all its slots at once, which V8 turns into one allocation and direct loads.
 */
export type Environment = {
  readonly p: Environment | null;
  [slot: Slot]: Value | undefined;
};

/** A unit as its functions know it. */
export type CodeUnit = {
  /** Unique in the session. */
  readonly id: string;
  readonly source: string;
  /** What it was compiled under: with the source, all that is needed to compile it again. */
  readonly context: CompileContext;
  readonly layout: UnitLayout;
  readonly codes: readonly FunctionCode[];
};

/** Compiled code of one function in one unit; the identity that a heap image stores. */
export interface FunctionCode {
  /** Its place among the functions of the unit. */
  readonly index: number;
  /** Display name; '' for anonymous functions. */
  readonly name: string;
  readonly parameterNames: readonly string[];
  /** The unit it stands in: with its source and the index, an image can make the function again. */
  readonly unit: CodeUnit;
  /** Makes the JavaScript function that runs this code over an environment. Called once per function value. */
  instantiate(environment: Environment | null, self: Value): CompiledFunction;
}

/**
 * `self` is the `this` of the call; missing arguments are undefined. `depth` counts the calls around this one: it travels as
 * an argument, so that no error can leave a wrong count behind.
 */
export type CompiledFunction = (
  self: Value,
  depth: number,
  ...args: (Value | undefined)[]
) => Value;

/** What emitted code may call at once: `run` is a property of nothing else that a value can be. */
export class CallableValue {
  readonly run: CompiledFunction;
  constructor(run: CompiledFunction) {
    this.run = run;
  }
}

/** `{ code, environment }` is the whole value; `run` is derived from them. `lexicalThis` is the captured `this` of an arrow. */
export class FunctionValue extends CallableValue {
  readonly code: FunctionCode;
  readonly environment: Environment | null;
  readonly lexicalThis: Value;
  constructor(
    code: FunctionCode,
    environment: Environment | null,
    lexicalThis: Value,
    run: CompiledFunction = code.instantiate(environment, lexicalThis),
  ) {
    super(run);
    this.code = code;
    this.environment = environment;
    this.lexicalThis = lexicalThis;
  }
}

const noMembers: ReadonlyMap<string, Value> = new Map();

/**
 * A built-in function as a value: one per name and session, so that identity works. `members` are what `String.fromCharCode`
 * and its like find; null means that every member is the value itself (names that only refuse, SPEC 9.14).
 */
export class BuiltinValue extends CallableValue {
  readonly name: string;
  readonly members: ReadonlyMap<string, Value> | null;
  constructor(
    name: string,
    run: CompiledFunction,
    members: ReadonlyMap<string, Value> | null = noMembers,
  ) {
    super(run);
    this.name = name;
    this.members = members;
  }
}

/** The name of a namespace such as `Math`, or such as `JSON`, which can be called too; null for other values. */
export function namespaceName(value: Value): string | null {
  if (value instanceof BuiltinValue) return value.members?.size ? value.name : null;
  const brand = value instanceof ObjectValue ? value[objectBrand] : null;
  return typeof brand === 'string' ? brand : null;
}

/** `x.f` read as a value where `f` is a built-in method of x's type (SPEC 3.5). */
export class BoundMethod {
  readonly receiver: Value;
  readonly method: BuiltinValue;
  constructor(receiver: Value, method: BuiltinValue) {
    this.receiver = receiver;
    this.method = method;
  }
}

export class RegexValue {
  readonly pattern: string;
  readonly flags: string;
  lastIndex = 0;
  constructor(pattern: string, flags: string) {
    this.pattern = pattern;
    this.flags = flags;
  }
}

/** A place in a unit, kept small: the line and column are what errors report. */
export type StackFrame = {
  readonly function: string;
  readonly line: number;
  readonly column: number;
  /** The function in its unit, for as long as both are there; index -1 is the unit's top level. No program sees it. */
  readonly origin?: { readonly unit: string; readonly index: number };
  /** Where the code is a file's. */
  readonly file?: string;
};

export class ErrorValue {
  /** One of SPEC 10, or what `Error(...)` and its relatives make. */
  readonly type: string;
  message: string;
  /** The thrown value, where a non-error was thrown (SPEC 5.4); null otherwise. */
  readonly value: Value;
  #stack: readonly StackFrame[];
  #trace: (() => readonly StackFrame[]) | null = null;
  constructor(
    type: string,
    message: string,
    value: Value = null,
    stack: readonly StackFrame[] = [],
  ) {
    this.type = type;
    this.message = message;
    this.value = value;
    this.#stack = stack;
  }

  /** Innermost first; the first frame is the error's own place. */
  get stack(): readonly StackFrame[] {
    if (this.#trace !== null) {
      this.#stack = this.#trace();
      this.#trace = null;
    }
    return this.#stack;
  }

  /** Says where it was thrown, to be worked out when somebody asks. The first place counts. */
  thrownAt(trace: () => readonly StackFrame[]): void {
    if (this.#trace === null && this.#stack.length === 0) this.#trace = trace;
  }
}

/** Milliseconds since 1970, UTC. */
export class DateValue {
  time: number;
  constructor(time: number) {
    this.time = time;
  }
}

export class ModuleValue {
  readonly name: string;
  readonly version: string | null;
  readonly environment: Environment;
  /** Member name → its variable. `exported` null: everything is visible (SPEC 6.3). */
  readonly members: ReadonlyMap<string, Slot>;
  readonly exported: ReadonlySet<string> | null;
  constructor(
    name: string,
    version: string | null,
    environment: Environment,
    members: ReadonlyMap<string, Slot>,
    exported: ReadonlySet<string> | null,
  ) {
    this.name = name;
    this.version = version;
    this.environment = environment;
    this.members = members;
    this.exported = exported;
  }
}

export class ChannelValue {
  readonly capacity: number;
  readonly queue: Value[] = [];
  constructor(capacity: number) {
    this.capacity = capacity;
  }
}

export class SharedValue {
  readonly name: string;
  readonly entries = new Map<string, Value>();
  constructor(name: string) {
    this.name = name;
  }
}
