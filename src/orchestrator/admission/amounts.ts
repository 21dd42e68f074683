// What sandboxes take of the machine, as amounts that can be added and compared. Whole numbers, so that sums come back to zero.

export type Amounts = {
  readonly sandboxes: number;
  readonly memoryBytes: number;
  /** Thousandths of a processor. */
  readonly milliCpus: number;
};

export type Resource = keyof Amounts;

export const resources = ['sandboxes', 'memoryBytes', 'milliCpus'] as const;

export const nothing: Amounts = { sandboxes: 0, memoryBytes: 0, milliCpus: 0 };

/** One sandbox with these limits. */
export function amountsOf(limits: {
  readonly memoryBytes: number;
  readonly cpus: number;
}): Amounts {
  const { memoryBytes, cpus } = limits;
  return { sandboxes: 1, memoryBytes, milliCpus: Math.round(cpus * 1000) };
}

export function plus(one: Amounts, other: Amounts): Amounts {
  return {
    sandboxes: one.sandboxes + other.sandboxes,
    memoryBytes: one.memoryBytes + other.memoryBytes,
    milliCpus: one.milliCpus + other.milliCpus,
  };
}

export function minus(one: Amounts, other: Amounts): Amounts {
  return {
    sandboxes: one.sandboxes - other.sandboxes,
    memoryBytes: one.memoryBytes - other.memoryBytes,
    milliCpus: one.milliCpus - other.milliCpus,
  };
}

/** How much of each is over the limit; 0 where it is not. What is not wanted at all is not missed. */
export function excess(used: Amounts, wanted: Amounts, limit: Amounts): Amounts {
  const over = (resource: Resource) =>
    wanted[resource] === 0 ? 0 : Math.max(0, used[resource] + wanted[resource] - limit[resource]);
  return {
    sandboxes: over('sandboxes'),
    memoryBytes: over('memoryBytes'),
    milliCpus: over('milliCpus'),
  };
}

/** The first of them that is over; null when none is. */
export function shortOf(amounts: Amounts): Resource | null {
  return resources.find((resource) => amounts[resource] > 0) ?? null;
}
