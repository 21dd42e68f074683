// A profile as those outside get it: tables that refer to one another by index.

export type ProfileReport = {
  readonly samples: number;
  /** In code of programs, built-ins that they call included. */
  readonly programMs: number;
  readonly garbageCollectionMs: number;
  /** In the engine itself: compiling, describing the result. */
  readonly otherMs: number;
  /** Some functions, lines or ways of calls are missing. */
  readonly truncated: boolean;
  readonly functions: readonly {
    readonly name: string;
    /** Where it begins. */
    readonly line: number;
    /** Of a module in a file. */
    readonly file?: string;
    /** Of code that was executed in the session before: the line is one of that. */
    readonly earlier?: true;
    readonly selfMs: number;
    readonly totalMs: number;
    readonly samples: number;
    readonly allocatedBytes: number;
  }[];
  readonly lines: readonly {
    readonly function: number;
    readonly line: number;
    readonly selfMs: number;
    readonly totalMs: number;
    readonly samples: number;
  }[];
  /** Callers come before what they call. */
  readonly nodes: readonly {
    /** -1 for none. */
    readonly parent: number;
    readonly line: number;
    readonly selfMs: number;
    readonly samples: number;
  }[];
};
