// What processes cost the machine in memory, from the kernel's own accounting under /proc.
import { readFile } from 'node:fs/promises';

export type Memory = {
  /** Pages that nobody else has: what ending the process gives back. */
  readonly privateBytes: number;
  /** Private pages, and a fair share of those that several processes map. */
  readonly proportionalBytes: number;
};

export const noMemory: Memory = { privateBytes: 0, proportionalBytes: 0 };

/** Throws when the process is gone, or is not ours to look at (that takes root). */
export async function processMemory(processId: number): Promise<Memory> {
  const rollup = await readFile(`/proc/${processId}/smaps_rollup`, 'utf8');
  const bytes = (field: string) => {
    const kibibytes = new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(rollup)?.[1];
    if (kibibytes === undefined) throw new Error(`smaps_rollup has no ${field}`);
    return Number(kibibytes) * 1024;
  };
  return {
    privateBytes: bytes('Private_Clean') + bytes('Private_Dirty'),
    proportionalBytes: bytes('Pss'),
  };
}

export async function sumMemory(processIds: readonly number[]): Promise<Memory> {
  const memories = await Promise.all(processIds.map(processMemory));
  return memories.reduce(
    (sum, memory) => ({
      privateBytes: sum.privateBytes + memory.privateBytes,
      proportionalBytes: sum.proportionalBytes + memory.proportionalBytes,
    }),
    noMemory,
  );
}

export async function parentProcess(processId: number): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8');
  return Number(/^PPid:\t(\d+)$/m.exec(status)?.[1]);
}

export async function processName(processId: number): Promise<string> {
  return (await readFile(`/proc/${processId}/comm`, 'utf8')).trim();
}
