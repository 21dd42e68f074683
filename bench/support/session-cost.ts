// What one session costs the machine in memory: the processes in its container, and the container's shim.
import type Docker from 'dockerode';
import { containerName } from '../../src/orchestrator/runtimes/docker/container-options.ts';
import { runtimeUsage } from '../../src/orchestrator/runtimes/docker/docker-usage.ts';
import {
  type Memory,
  parentProcess,
  processMemory,
  processName,
  sumMemory,
} from './process-memory.ts';

export type SessionCost = {
  readonly container: Memory;
  readonly shim: Memory;
  /** As the engine counts it. */
  readonly cgroupBytes: number;
};

/** Throws when the container is gone. */
export async function sessionCost(docker: Docker, sandboxId: string): Promise<SessionCost> {
  const container = docker.getContainer(containerName(sandboxId));
  const { State: state } = await container.inspect();
  const top = await container.top({ ps_args: '-eo pid' });
  const processIds = (top.Processes as string[][]).map(([processId]) => Number(processId));
  const shimId = await parentProcess(state.Pid);
  const shimName = await processName(shimId);
  if (!shimName.startsWith('containerd-shim'))
    throw new Error(`the parent of the container is no shim but ${shimName}`);
  const usage = runtimeUsage(await container.stats({ stream: false, 'one-shot': true }));
  return {
    container: await sumMemory(processIds),
    shim: await processMemory(shimId),
    cgroupBytes: usage.memoryBytes,
  };
}
