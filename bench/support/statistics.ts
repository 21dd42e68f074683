// Medians and percentiles of samples. Pure.

export type Summary = {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
};

/** By nearest rank, so that every number is one that was measured. Throws when there are no samples. */
export function summarise(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new Error('nothing was measured');
  const sorted = samples.toSorted((left, right) => left - right);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  return { count: sorted.length, p50: rank(0.5), p90: rank(0.9), p99: rank(0.99) };
}

export function median(samples: readonly number[]): number {
  return summarise(samples).p50;
}

export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new Error('nothing was measured');
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
