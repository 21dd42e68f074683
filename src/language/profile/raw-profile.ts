// What a profiler of V8 says of a program, as plain data: calls as a tree, and the nodes in it that were found running.

/** One function, called on one way. Parents come before their children. */
export type RawNode = {
  /** Index of its caller; -1 for the root. */
  readonly parent: number;
  /** Of the script; empty for what is no script. */
  readonly url: string;
  /** As the script calls it. */
  readonly name: string;
  /** How often it was found at a line of the script, from 1. */
  readonly ticks: readonly { readonly line: number; readonly ticks: number }[];
};

/** Times are microseconds on one monotonic clock. */
export type RawSamples = {
  readonly nodes: readonly RawNode[];
  /** Indices of nodes, in the order of time, and when each was found. */
  readonly samples: readonly number[];
  readonly times: readonly number[];
  /** What is before and after it was the profiler at work. */
  readonly start: number;
  readonly end: number;
};

export type RawAllocations = {
  readonly nodes: readonly Omit<RawNode, 'ticks'>[];
  /** What each node has itself allocated, about. */
  readonly bytes: readonly number[];
};
