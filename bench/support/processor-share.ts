// Where the processor time of many executions goes: the service's threads, the agents' threads, the client, the rest.
import { readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import {
  type MachineTime,
  machineTime,
  type ProcessorTime,
  processTime,
  sum,
  threadTimes,
} from './processor-time.ts';

export type Payers = { read(): Promise<Reading> };

export type Reading = {
  readonly machine: MachineTime;
  readonly parts: ReadonlyMap<string, ProcessorTime>;
};

/** Microseconds of an execution by who spent them, and what the machine had left. */
export type Spent = {
  readonly idlePercent: number;
  readonly microseconds: Readonly<Record<string, ProcessorTime>>;
  /** Interrupts, the container engine, whatever else ran: cannot be told apart. */
  readonly elsewhereMicroseconds: number;
};

const nothing: ProcessorTime = { user: 0, system: 0 };

/** Looks up who there is once; reading them again and again is cheap. */
export async function payersOf(
  docker: Docker,
  serviceId: number,
  containers: readonly string[],
): Promise<Payers> {
  const agents = (await Promise.all(containers.map((name) => agentProcesses(docker, name)))).flat();
  return {
    async read() {
      const parts = new Map<string, ProcessorTime>();
      const add = (name: string, time: ProcessorTime) =>
        parts.set(name, sum(parts.get(name) ?? nothing, time));
      for (const [thread, time] of await threadTimes(serviceId)) {
        if (thread === 'main thread') add('service: main thread', time);
        else add('service: disk, checkpoints, compiler, collector', time);
      }
      for (const agent of agents)
        for (const [thread, time] of await threadTimes(agent)) {
          // The engine's thread is named by the runtime alike with other workers of JavaScript.
          if (thread === 'main thread') add('agents: main threads', time);
          else add('agents: engines, compiler, collector', time);
        }
      add('client', await processTime(process.pid));
      return { machine: await machineTime(), parts };
    },
  };
}

export function spentBetween(before: Reading, after: Reading, executions: number): Spent {
  const perExecution = (seconds: number) => (seconds / executions) * 1e6;
  const microseconds: Record<string, ProcessorTime> = {};
  let accounted = 0;
  for (const [name, time] of after.parts) {
    const earlier = before.parts.get(name) ?? nothing;
    const [user, system] = [time.user - earlier.user, time.system - earlier.system];
    accounted += user + system;
    microseconds[name] = { user: perExecution(user), system: perExecution(system) };
  }
  const busy = after.machine.busySeconds - before.machine.busySeconds;
  const idle = after.machine.idleSeconds - before.machine.idleSeconds;
  return {
    idlePercent: (100 * idle) / (busy + idle),
    microseconds,
    elsewhereMicroseconds: perExecution(Math.max(0, busy - accounted)),
  };
}

/** Host ids of the Node processes in a container. */
async function agentProcesses(docker: Docker, container: string): Promise<number[]> {
  const top = await docker.getContainer(container).top({ ps_args: '-eo pid' });
  const processIds = (top.Processes as string[][]).map(([processId]) => Number(processId));
  const names = await Promise.all(
    processIds.map(async (id) => (await readFile(`/proc/${id}/comm`, 'utf8')).trim()),
  );
  return processIds.filter((_, index) => !names[index]?.includes('init'));
}
