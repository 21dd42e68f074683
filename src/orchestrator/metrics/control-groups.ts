// Reads what the kernel counts of a container, from the control groups of the host, version 1 or 2. SECURITY: never from anything that
// runs in the container. Reads are synchronous: each is a copy of a few bytes from the kernel, and a trip to another thread costs more.
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** What the kernel counted of one container since it began. */
export type GroupReading = {
  readonly cpuSeconds: number;
  /** How long it stood still because its limit of processors was used up. */
  readonly throttledSeconds: number;
  /** Without pages of files that nobody has touched for a while: those go as soon as anyone needs the room. */
  readonly memoryBytes: number;
  /** Processes and threads that there are; 0 where the kernel does not count them. */
  readonly pids: number;
  /** Processes and threads that were refused; null where the kernel does not count that. */
  readonly pidsRefused: number | null;
};

/** A file of the kernel's that is longer is read up to here. */
const fileBytesMax = 16 * 1024;
const buffer = Buffer.allocUnsafe(fileBytesMax);

const runtimeIdPattern = /^[0-9a-f]{12,64}$/;

export class ControlGroups {
  readonly #root: string;
  readonly #isUnified: boolean;
  /** Where the last one was found: the engine puts all of them in one place. */
  #parent: ((runtimeId: string) => string) | null = null;

  /** `root`: where the control groups of the host are mounted, `/sys/fs/cgroup` as a rule. */
  constructor(root: string) {
    this.#root = root;
    this.#isUnified = existsSync(join(root, 'cgroup.controllers'));
  }

  /** Null when there is none: the container is gone, or its engine is on another machine. */
  read(runtimeId: string): GroupReading | null {
    // SECURITY: it becomes part of a path.
    if (!runtimeIdPattern.test(runtimeId)) return null;
    const path = this.#pathOf(runtimeId);
    if (path === null) return null;
    return this.#isUnified ? this.#readUnified(path) : this.#readControllers(path);
  }

  #pathOf(runtimeId: string): string | null {
    if (this.#parent !== null) return this.#parent(runtimeId);
    const first = this.#isUnified ? this.#root : join(this.#root, 'cpuacct');
    for (const parent of parents) {
      if (!existsSync(join(first, parent(runtimeId)))) continue;
      this.#parent = parent;
      return parent(runtimeId);
    }
    return null;
  }

  #readUnified(path: string): GroupReading | null {
    const directory = join(this.#root, path);
    const cpu = text(join(directory, 'cpu.stat'));
    const charged = number(text(join(directory, 'memory.current')));
    if (cpu === null || charged === null) return null;
    return {
      cpuSeconds: (entry(cpu, 'usage_usec') ?? 0) / 1e6,
      throttledSeconds: (entry(cpu, 'throttled_usec') ?? 0) / 1e6,
      memoryBytes: withoutInactive(charged, text(join(directory, 'memory.stat')), 'inactive_file'),
      pids: number(text(join(directory, 'pids.current'))) ?? 0,
      pidsRefused: entry(text(join(directory, 'pids.events')), 'max'),
    };
  }

  #readControllers(path: string): GroupReading | null {
    const file = (controller: string, name: string) =>
      text(join(this.#root, controller, path, name));
    const cpuNs = number(file('cpuacct', 'cpuacct.usage'));
    const charged = number(file('memory', 'memory.usage_in_bytes'));
    if (cpuNs === null || charged === null) return null;
    const statistics = file('memory', 'memory.stat');
    return {
      cpuSeconds: cpuNs / 1e9,
      throttledSeconds: (entry(file('cpu', 'cpu.stat'), 'throttled_time') ?? 0) / 1e9,
      memoryBytes: withoutInactive(charged, statistics, 'total_inactive_file'),
      pids: number(file('pids', 'pids.current')) ?? 0,
      pidsRefused: entry(file('pids', 'pids.events'), 'max'),
    };
  }
}

/** Where engines put a container's group: with the driver `cgroupfs`, with `systemd`, and without root. */
const parents: readonly ((runtimeId: string) => string)[] = [
  (id) => `docker/${id}`,
  (id) => `system.slice/docker-${id}.scope`,
  (id) => {
    const user = process.getuid?.() ?? 0;
    return `user.slice/user-${user}.slice/user@${user}.service/user.slice/docker-${id}.scope`;
  },
];

function withoutInactive(charged: number, statistics: string | null, name: string): number {
  return Math.max(0, charged - (entry(statistics, name) ?? 0));
}

/** Null when it cannot be read. */
function text(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    return buffer.toString('latin1', 0, readSync(file, buffer, 0, fileBytesMax, 0));
  } catch {
    // The group went between opening and reading.
    return null;
  } finally {
    closeSync(file);
  }
}

function number(content: string | null): number | null {
  const value = Number.parseInt(content ?? '', 10);
  return Number.isFinite(value) ? value : null;
}

/** Of a file with a name and a number in each line. */
function entry(content: string | null, name: string): number | null {
  if (content === null) return null;
  const at = content.startsWith(`${name} `) ? 0 : content.indexOf(`\n${name} `) + 1;
  if (at === 0 && !content.startsWith(`${name} `)) return null;
  return number(content.slice(at + name.length + 1));
}
