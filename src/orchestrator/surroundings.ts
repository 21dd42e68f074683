// What the process finds where it runs: its own version, and the machine.
import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { Host } from './admission/budget.ts';

/** Of this program. */
export async function version(): Promise<string> {
  const manifest = new URL('../../package.json', import.meta.url);
  return JSON.parse(await readFile(manifest, 'utf8')).version;
}

/** The machine that the service runs on, as far as it may use it. */
export function hostOf(): Host {
  // In a container with a limit of its own that one counts.
  const constrained = process.constrainedMemory();
  const memoryBytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return { memoryBytes, cpus: availableParallelism() };
}
