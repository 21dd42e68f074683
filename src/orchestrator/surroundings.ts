// What the process finds where it runs.
import { availableParallelism, totalmem } from 'node:os';
import type { Host } from './admission/budget.ts';

/** The machine that the service runs on, as far as it may use it. */
export function hostOf(): Host {
  // In a container with a limit of its own that one counts.
  const constrained = process.constrainedMemory();
  const memoryBytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return { memoryBytes, cpus: availableParallelism() };
}
