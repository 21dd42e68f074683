// What the engine has measured of one container, from the counters of either version of control groups.
import type { ContainerStats } from 'dockerode';
import { AppError } from '../../foundation/errors.ts';
import type { RuntimeUsage } from '../runtime.ts';

/** Throws `sandbox_lost` where the engine's answer has nothing in it: the container went while it was measured. */
export function runtimeUsage(answer: ContainerStats): RuntimeUsage {
  const stats: Partial<ContainerStats> | null = answer;
  if (!stats?.cpu_stats?.cpu_usage) throw new AppError('sandbox_lost');
  const memory: Partial<ContainerStats['memory_stats']> = stats.memory_stats ?? {};
  const counters: Partial<Record<string, number>> = { ...memory.stats };
  // Pages of files that nobody has touched for a while go as soon as anyone needs the room: no use to anyone, no charge.
  const reclaimable = counters.total_inactive_file ?? counters.inactive_file ?? 0;
  const charged = memory.usage ?? 0;
  return {
    cpuMs: (stats.cpu_stats.cpu_usage.total_usage ?? 0) / 1e6,
    memoryBytes: Math.max(0, charged - reclaimable),
    // Version 2 keeps a peak too, but the engine does not pass it on.
    memoryPeakBytes: memory.max_usage ?? charged,
    pids: stats.pids_stats?.current ?? 0,
  };
}
