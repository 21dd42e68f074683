// Amounts of use: what two readings of a container say was used between them, and into which hours that falls. Pure.
import { hourMs, type UsageAmounts } from '../registry/usage-records.ts';

/** What a container's counters say at one moment. */
export type Counters = { readonly cpuSeconds: number; readonly memoryBytes: number };

export const nothing: UsageAmounts = {
  cpuSeconds: 0,
  memoryByteSeconds: 0,
  sandboxSeconds: 0,
  networkSentBytes: 0,
  networkReceivedBytes: 0,
  executions: 0,
};

export function sum(one: UsageAmounts, other: UsageAmounts): UsageAmounts {
  return {
    cpuSeconds: one.cpuSeconds + other.cpuSeconds,
    memoryByteSeconds: one.memoryByteSeconds + other.memoryByteSeconds,
    sandboxSeconds: one.sandboxSeconds + other.sandboxSeconds,
    networkSentBytes: one.networkSentBytes + other.networkSentBytes,
    networkReceivedBytes: one.networkReceivedBytes + other.networkReceivedBytes,
    executions: one.executions + other.executions,
  };
}

/** A counter that is lower than before began anew. Memory is taken to have changed evenly. Without a reading nobody knows more than the time. */
export function usedBetween(
  before: Counters | null,
  after: Counters | null,
  elapsedMs: number,
): UsageAmounts {
  const sandboxSeconds = Math.max(0, elapsedMs) / 1000;
  if (after === null) return { ...nothing, sandboxSeconds };
  const { cpuSeconds, memoryBytes } = after;
  const counted = before?.cpuSeconds ?? cpuSeconds;
  return {
    ...nothing,
    sandboxSeconds,
    cpuSeconds: cpuSeconds < counted ? cpuSeconds : cpuSeconds - counted,
    memoryByteSeconds: ((memoryBytes + (before?.memoryBytes ?? memoryBytes)) / 2) * sandboxSeconds,
  };
}

/** Gives each hour its part of what was used evenly in the time that ended at `at`, milliseconds since 1970. */
export function spread(
  amounts: UsageAmounts,
  at: number,
  elapsedMs: number,
): Map<number, UsageAmounts> {
  const from = at - Math.max(0, elapsedMs);
  const parts = new Map<number, UsageAmounts>();
  if (hourOf(from) === hourOf(at)) return parts.set(hourOf(at), amounts);
  for (let hour = hourOf(from); hour < at; hour += hourMs) {
    const share = (Math.min(at, hour + hourMs) - Math.max(from, hour)) / (at - from);
    parts.set(hour, {
      ...nothing,
      cpuSeconds: amounts.cpuSeconds * share,
      memoryByteSeconds: amounts.memoryByteSeconds * share,
      sandboxSeconds: amounts.sandboxSeconds * share,
    });
  }
  return parts;
}

/** The beginning of the hour that a moment is in. */
export function hourOf(at: number): number {
  return Math.floor(at / hourMs) * hourMs;
}
