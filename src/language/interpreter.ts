// One session of the language: its variables, functions and modules, and the execution of units in it.
import type { Host } from './host.ts';
import type { PlaceLimits } from './profile/place-table.ts';
import type { ProfileReport } from './profile/profile-report.ts';
import type { RawAllocations, RawSamples } from './profile/raw-profile.ts';

/** 1-based, UTF-16 units. */
type Location = { readonly line: number; readonly column: number };

/** The file of a module, where the place is not in the code that was executed. */
type InFile = { readonly file?: string };

/** See DescribedValue in the protocol: JSON form bounded in depth and size, cycles as `{"$ref": path}`. */
export type ValueReport = {
  readonly type: string;
  readonly value?: unknown;
  readonly preview: string;
};

export type ErrorReport = {
  readonly type: string;
  readonly message: string;
  /** What was perhaps meant; the message never depends on it. */
  readonly hint?: string;
  readonly location?: Location & InFile;
  /** The source line at the location, cut to a bounded length, and below it a line with a caret. */
  readonly preview?: string;
  readonly stack?: readonly (Location & InFile & { readonly function: string })[];
  readonly incomplete?: true;
};

export type Outcome = {
  /** `timeout` and `cancelled` come from the host's stop reasons; `error` is everything else, ResourceLimitError included. */
  readonly status: 'success' | 'error' | 'timeout' | 'cancelled';
  readonly result?: ValueReport;
  readonly error?: ErrorReport;
  readonly warnings: readonly { readonly message: string; readonly location?: Location }[];
  /** Session variables, functions and modules that this execution made, set or removed. */
  readonly variables: {
    readonly added: readonly string[];
    readonly changed: readonly string[];
    readonly removed: readonly string[];
  };
};

export type ExecuteOptions = {
  /** The program's `args` (SPEC 9.1). */
  readonly args?: readonly string[];
  /** SPEC 7.3; default true. */
  readonly autoMain?: boolean;
  /** Told the value of each top-level statement as it ends. */
  readonly onStatement?: (value: ValueReport) => void;
  readonly profiling?: Profiling;
};

/** One execution as profilers of V8 see it, told in lines of the program. What it is given is of the thread that it runs in. */
export interface ExecutionProfile {
  /** The samples since the last ones. */
  add(samples: RawSamples): void;
  /** The allocations since the last ones. */
  addAllocations(allocations: RawAllocations): void;
  report(): ProfileReport;
}

export type Profiling = {
  readonly profile: ExecutionProfile;
  /** Microseconds on the clock of the samples. */
  readonly now: () => number;
  /** Called at each safe point. May not throw. */
  readonly onSafePoint: () => void;
};

export type VariableReport = {
  readonly name: string;
  readonly type: string;
  readonly value?: unknown;
  readonly preview: string;
  readonly size: number;
  readonly kind: 'variable' | 'function' | 'module';
  readonly mutable: boolean;
};

export type InspectedNode = {
  readonly type: string;
  readonly preview: string;
  readonly size: number;
  readonly reference?: string;
  readonly children?: readonly { readonly key: string | number; readonly node: InspectedNode }[];
  readonly truncated?: true;
};

/** Why an image was not saved or loaded: ImageError, or a stop reason. Null: it was. */
export type ImageFailure = {
  readonly type:
    | 'ImageError'
    | 'ResourceLimitError'
    | 'CancelledError'
    | 'TimeoutError'
    | 'InternalError';
  readonly message: string;
};

/** An image on its way in. After a failure every further call gives the same one. */
export interface ImageLoad {
  /** The next bytes, cut anywhere. */
  write(chunk: Uint8Array): ImageFailure | null;
  /** All bytes have come: from now on the session is that of the image. After a failure it is what it was. */
  end(): ImageFailure | null;
}

export interface Interpreter {
  /** Runs one unit to its end. Never throws: a bug of ours is an InternalError in the outcome. */
  execute(code: string, options?: ExecuteOptions): Outcome;
  /** For one execution to come; nothing is in it until its `add` is called. */
  profile(limits: PlaceLimits): ExecutionProfile;
  /** User-defined session names, sorted. May be called from inside `host.poll()` while a program runs. */
  variables(options: { filter?: string; includeValues: boolean }): VariableReport[];
  /** `unknown_variable` / `unknown_path` as plain strings when there is nothing. Callable from `host.poll()` too. */
  inspect(
    variable: string,
    path: readonly (string | number)[],
    depth: number,
  ): InspectedNode | 'unknown_variable' | 'unknown_path';
  /**
   * Writes the whole state of the session (SPEC 7.1) to `sink`, in chunks that belong to it. Between executions only; the host
   * is polled meanwhile. After a failure the chunks are worth nothing.
   */
  save(sink: (chunk: Uint8Array) => void, bytesMax: number): ImageFailure | null;
  /** Begins to load a saved state. Nothing of the session changes before the end of it. */
  load(bytesMax: number): ImageLoad;
  /** From now on random numbers are others than those of the session that the state came from. */
  reseed(): void;
}

/** Makes an empty session over a host. */
export type CreateInterpreter = (host: Host) => Interpreter;
