import type { ContainerStats } from 'dockerode';
import { expect, it } from 'vitest';
import { runtimeUsage } from '../../../../src/orchestrator/runtimes/docker/docker-usage.ts';

/** The parts of an engine's answer that matter here. */
function stats(memory: object): ContainerStats {
  return {
    cpu_stats: { cpu_usage: { total_usage: 1_500_000_000 } },
    pids_stats: { current: 7 },
    memory_stats: memory,
  } as unknown as ContainerStats;
}

it('reads the counters of control groups version 1', () => {
  const memory = { usage: 1000, max_usage: 1500, stats: { total_inactive_file: 300 } };
  expect(runtimeUsage(stats(memory))).toEqual({
    cpuMs: 1500,
    memoryBytes: 700,
    memoryPeakBytes: 1500,
    pids: 7,
  });
});

it('reads the counters of control groups version 2', () => {
  const memory = { usage: 1000, stats: { inactive_file: 200 } };
  expect(runtimeUsage(stats(memory))).toEqual({
    cpuMs: 1500,
    memoryBytes: 800,
    memoryPeakBytes: 1000,
    pids: 7,
  });
});

it('calls a container lost that went while it was measured', () => {
  for (const answer of [undefined, null, '', {}, { cpu_stats: null }, { cpu_stats: {} }])
    expect(() => runtimeUsage(answer as unknown as ContainerStats)).toThrow(
      expect.objectContaining({ code: 'sandbox_lost' }),
    );
});

it('calls a container that has ended unused', () => {
  const ended = { cpu_stats: { cpu_usage: {} }, memory_stats: {} } as unknown as ContainerStats;
  expect(runtimeUsage(ended)).toEqual({ cpuMs: 0, memoryBytes: 0, memoryPeakBytes: 0, pids: 0 });
});
