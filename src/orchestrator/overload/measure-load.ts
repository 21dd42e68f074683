// Measures the load of this process.
import { readdir, readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Load } from './plan-overload.ts';

const resolutionMs = 10;

/** The result measures since it was called last; `loopDelayMs` is beyond what the measuring itself waits. */
export function loadMeter(): () => Promise<Load> {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return async () => {
    const loopDelayMs = Math.max(0, delays.percentile(99) / 1e6 - resolutionMs);
    delays.reset();
    const openFiles = (await readdir('/proc/self/fd')).length;
    return { loopDelayMs, residentBytes: process.memoryUsage.rss(), openFiles };
  };
}

/** Files that this process may have open at a time. */
export async function openFilesMax(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const [, soft] = /^Max open files +(\d+|unlimited)/m.exec(limits) ?? [];
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
