// What the kernel counts of a container, read by the test itself: independent of what the service reads.
import { existsSync, readFileSync } from 'node:fs';

export type ContainerCounters = { readonly cpuSeconds: number; readonly memoryBytes: number };

export function containerCounters(runtimeId: string): ContainerCounters {
  return existsSync('/sys/fs/cgroup/cgroup.controllers')
    ? unifiedCounters(runtimeId)
    : controllerCounters(runtimeId);
}

function controllerCounters(runtimeId: string): ContainerCounters {
  const read = (controller: string, file: string) =>
    readFileSync(groupOf(`/sys/fs/cgroup/${controller}`, runtimeId) + file, 'utf8');
  const statistics = read('memory', 'memory.stat');
  return {
    cpuSeconds: Number(read('cpuacct', 'cpuacct.usage')) / 1e9,
    memoryBytes:
      Number(read('memory', 'memory.usage_in_bytes')) -
      Number(/^total_inactive_file (\d+)$/m.exec(statistics)![1]),
  };
}

function unifiedCounters(runtimeId: string): ContainerCounters {
  const group = groupOf('/sys/fs/cgroup', runtimeId);
  const read = (file: string) => readFileSync(group + file, 'utf8');
  return {
    cpuSeconds: Number(/^usage_usec (\d+)$/m.exec(read('cpu.stat'))![1]) / 1e6,
    memoryBytes:
      Number(read('memory.current')) -
      Number(/^inactive_file (\d+)$/m.exec(read('memory.stat'))![1]),
  };
}

function groupOf(root: string, runtimeId: string): string {
  const places = [`docker/${runtimeId}/`, `system.slice/docker-${runtimeId}.scope/`];
  const found = places.find((place) => existsSync(`${root}/${place}`));
  if (found === undefined) throw new Error(`no control group of ${runtimeId}`);
  return `${root}/${found}`;
}
