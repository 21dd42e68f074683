// How many sandboxes should wait, and what to do about it now. Pure: decides from recorded arrivals, and touches nothing.

/** One class of sandboxes that are alike. */
export type ClassFacts = {
  /** As many wait even when nobody comes. */
  readonly floor: number;
  /** When one was wanted lately, monotonic milliseconds, oldest first. */
  readonly arrivals: readonly number[];
  readonly ready: number;
  readonly starting: number;
  /** Of each. */
  readonly memoryBytes: number;
};

export type RefillFacts = {
  /** In the order in which they get what the ceiling allows. */
  readonly classes: readonly ClassFacts[];
  /** Waiting sandboxes of all classes. */
  readonly ceiling: number;
  /** Memory that those of all classes may take together. */
  readonly memoryBytesLeft: number;
  /** How long a start takes, as lately measured. */
  readonly startMs: number;
  /** Starts that may be under way at once. */
  readonly startsAtOnceMax: number;
  /** Starts under way that somebody waits for: the pool stands back for those. */
  readonly urgentStarts: number;
};

/** For one class: how many to start now, and how many too many wait. */
export type Refill = { readonly wanted: number; readonly start: number; readonly surplus: number };

/** In the order of the classes. */
export function planRefill(facts: RefillFacts): Refill[] {
  const { classes, ceiling, startMs, startsAtOnceMax } = facts;
  const starting = classes.reduce((sum, one) => sum + one.starting, 0);
  let slots = Math.max(0, startsAtOnceMax - starting - facts.urgentStarts);
  let room = ceiling;
  let { memoryBytesLeft } = facts;
  return classes.map(({ floor, arrivals, ready, starting, memoryBytes }) => {
    const demanded = demandOf(arrivals, { startMs, startsAtOnceMax, countMax: ceiling });
    const fitting = Math.min(room, Math.floor(memoryBytesLeft / memoryBytes));
    const wanted = Math.min(fitting, Math.max(floor, demanded));
    room -= wanted;
    memoryBytesLeft -= wanted * memoryBytes;
    const start = Math.min(slots, Math.max(0, wanted - ready - starting));
    slots -= start;
    return { wanted, start, surplus: Math.max(0, ready - wanted) };
  });
}

/**
 * The smallest number that lasts until as many are there again: arrivals beyond it never came within the time that starting that
 * many takes. At most `countMax`. A single arrival says nothing about the next: 0.
 */
export function demandOf(
  arrivals: readonly number[],
  options: {
    readonly startMs: number;
    readonly startsAtOnceMax: number;
    readonly countMax: number;
  },
): number {
  const { startMs, startsAtOnceMax, countMax } = options;
  if (arrivals.length < 2) return 0;
  for (let count = 1; count < countMax; count++) {
    const refillMs = startMs * Math.ceil(count / startsAtOnceMax);
    if (mostWithin(arrivals, refillMs) <= count) return count;
  }
  return countMax;
}

/** The most arrivals within any window of that length. */
function mostWithin(arrivals: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  for (let last = 0; last < arrivals.length; last++) {
    while (arrivals[last]! - arrivals[first]! > windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
