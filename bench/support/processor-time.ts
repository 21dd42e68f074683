// Who used the processors, by the kernel's own accounting under /proc: processes, threads by name, and the whole machine.
import { readdir, readFile } from 'node:fs/promises';

/** The unit of these files, fixed by Linux for programs. */
const ticksPerSecond = 100;

/** Seconds of one processor. */
export type ProcessorTime = { readonly user: number; readonly system: number };

/** Of the whole machine since it started, all processors together. */
export type MachineTime = { readonly busySeconds: number; readonly idleSeconds: number };

export async function machineTime(): Promise<MachineTime> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n', 1);
  const [user = 0, nice = 0, system = 0, idle = 0, disk = 0, interrupts = 0, soft = 0] = line
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) / ticksPerSecond);
  return { busySeconds: user + nice + system + interrupts + soft, idleSeconds: idle + disk };
}

/** By name of thread; threads of one name are summed. Those that have ended are not in it. Throws when the process is gone. */
export async function threadTimes(processId: number): Promise<Map<string, ProcessorTime>> {
  const times = new Map<string, ProcessorTime>();
  for (const thread of await readdir(`/proc/${processId}/task`)) {
    const status = await readFile(`/proc/${processId}/task/${thread}/stat`, 'utf8').catch(() => '');
    if (status === '') continue;
    const name = thread === String(processId) ? 'main thread' : nameIn(status);
    const before = times.get(name) ?? { user: 0, system: 0 };
    times.set(name, sum(before, timeIn(status)));
  }
  return times;
}

/** With all its threads, also those that have ended. */
export async function processTime(processId: number): Promise<ProcessorTime> {
  return timeIn(await readFile(`/proc/${processId}/stat`, 'utf8'));
}

export function sum(left: ProcessorTime, right: ProcessorTime): ProcessorTime {
  return { user: left.user + right.user, system: left.system + right.system };
}

/** A name may hold anything, also brackets and spaces: what follows the last bracket is the rest. */
function timeIn(status: string): ProcessorTime {
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return {
    user: Number(fields[11]) / ticksPerSecond,
    system: Number(fields[12]) / ticksPerSecond,
  };
}

function nameIn(status: string): string {
  return status.slice(status.indexOf('(') + 1, status.lastIndexOf(')'));
}
