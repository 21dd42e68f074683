// What is to be thought of the machine and of the places where the service keeps things. Pure.
import { type Finding, failure, ok, sizeText, warning } from './finding.ts';

const nodeMajorMin = 24;
/** Of the file system of sandboxes’ images: an engine without room cannot start a container. */
const engineDiskBytesMin = 1024 ** 3;
const freeShareMin = 0.1;
/** What an idle sandbox takes. */
const idleBytes = 30 * 1024 ** 2;
/** Of an idle sandbox: its agent, what starts it, what watches over it. */
const idleThreads = 24;

export function judgeNode(version: string): Finding {
  if (Number.parseInt(version, 10) >= nodeMajorMin) return ok(version);
  return failure(
    version,
    `Use Node ${nodeMajorMin}: the npm packages bring it, \`npm run cellar\` finds it.`,
  );
}

export type Disk = { readonly freeBytes: number; readonly sizeBytes: number };

export function judgeDataDisk({ freeBytes, sizeBytes }: Disk, reserveBytes: number): Finding {
  const seen = `${sizeText(freeBytes)} of ${sizeText(sizeBytes)} are free`;
  if (freeBytes <= reserveBytes)
    return failure(
      `${seen}, and ${sizeText(reserveBytes)} are the reserve`,
      'Make room: below CELLAR_DISK_RESERVE_BYTES no state of a session is stored.',
    );
  if (freeBytes < sizeBytes * freeShareMin)
    return warning(
      seen,
      'Make room, or keep less: CELLAR_PERSISTENCE_KEEP, CELLAR_HISTORY_LENGTH_MAX.',
    );
  return ok(seen);
}

/** Null where the engine's directory is not to be seen from here. */
export function judgeEngineDisk(disk: Disk | null, directory: string): Finding {
  if (disk === null) return ok(`${directory} cannot be looked at from here`);
  const seen = `${sizeText(disk.freeBytes)} of ${sizeText(disk.sizeBytes)} are free at ${directory}`;
  if (disk.freeBytes >= engineDiskBytesMin) return ok(seen);
  return warning(seen, 'Make room: docker system df tells what takes it.');
}

export type MemorySettings = {
  readonly memoryBytes: number;
  readonly memoryBytesMax: number;
  readonly memoryOvercommit: number;
  readonly sessionsMax: number;
};

export function judgeMemory(hostBytes: number, settings: MemorySettings): Finding {
  const { memoryBytes, memoryBytesMax, memoryOvercommit, sessionsMax } = settings;
  const budgetBytes = hostBytes * memoryOvercommit;
  const sessions = Math.min(sessionsMax, Math.floor(budgetBytes / memoryBytes));
  const seen = `${sizeText(hostBytes)}: room for ${sessions} sessions of ${sizeText(memoryBytes)}`;
  if (sessions < 1)
    return failure(seen, 'No session fits: lower CELLAR_MEMORY_BYTES, or use a larger machine.');
  if (memoryBytesMax > hostBytes)
    return warning(
      `${seen}; one session may ask for ${sizeText(memoryBytesMax)}`,
      'Lower CELLAR_MEMORY_BYTES_MAX below the memory of the machine.',
    );
  if (sessions * idleBytes > hostBytes)
    return warning(
      `${seen}; idle they alone take ${sizeText(sessions * idleBytes)}`,
      'Lower CELLAR_SESSIONS_MAX or CELLAR_MEMORY_OVERCOMMIT, or let sessions sleep: CELLAR_HIBERNATE_AFTER_MS.',
    );
  return ok(seen);
}

/** How many sessions the settings allow at a time. */
export function sessionsOf(hostBytes: number, settings: MemorySettings): number {
  const fitting = Math.floor((hostBytes * settings.memoryOvercommit) / settings.memoryBytes);
  return Math.min(settings.sessionsMax, fitting);
}

export function judgeOpenFiles(
  filesMax: number,
  wanted: { readonly sessions: number; readonly liveConnections: number },
): Finding {
  const enough = 2 * (wanted.sessions + wanted.liveConnections);
  const seen = `${filesMax} files may be open`;
  if (filesMax >= enough) return ok(seen);
  return warning(
    `${seen}; ${wanted.sessions} sandboxes and ${wanted.liveConnections} live connections want ${enough}`,
    'Raise it: ulimit -n, LimitNOFILE= of the unit, or ulimits: of the container.',
  );
}

export type KernelLimits = {
  /** Null where it is not to be seen. */
  readonly inotifyInstances: number | null;
  readonly processIds: number | null;
  readonly threads: number | null;
};

/** `watches`: whether the engine keeps an inotify instance for each container, as it does with version 2 of the control groups. */
export function judgeKernelLimits(
  limits: KernelLimits,
  { sessions, watches }: { readonly sessions: number; readonly watches: boolean },
): Finding {
  const { inotifyInstances, processIds, threads } = limits;
  const wanted: [name: string, value: number | null, least: number][] = [
    ['kernel.pid_max', processIds, sessions * idleThreads],
    ['kernel.threads-max', threads, sessions * idleThreads],
  ];
  if (watches) wanted.unshift(['fs.inotify.max_user_instances', inotifyInstances, sessions]);
  const short = wanted.filter(([, value, least]) => value !== null && value < least);
  if (short.length === 0) return ok(`enough for ${sessions} sandboxes`);
  return warning(
    short.map(([name, value]) => `${name} is ${value}`).join(', '),
    `For ${sessions} sandboxes: ${short.map(([name, , least]) => `sysctl -w ${name}=${least}`).join('; ')}, and the same in /etc/sysctl.d.`,
  );
}

export type DirectoryFacts = {
  readonly path: string;
  /** Null where there is none yet; then `writable` is that of the nearest directory above it. */
  readonly owner: number | null;
  /** Permission bits. */
  readonly mode: number;
  readonly writable: boolean;
};

export function judgeDirectory(directory: DirectoryFacts, user: number): Finding {
  const { path, owner, mode, writable } = directory;
  const exists = owner !== null;
  const seen = exists ? path : `${path}, which is not there yet`;
  if (!writable)
    return failure(
      `${seen}, cannot be written`,
      `Give it to the service’s user: chown -R ${user} ${path}`,
    );
  if (exists && owner !== user && user !== 0)
    return failure(`${seen} belongs to user ${owner}, this is ${user}`, `chown -R ${user} ${path}`);
  if (exists && (mode & 0o077) !== 0)
    return warning(
      `${seen} is open to others (mode ${(mode & 0o777).toString(8)})`,
      `It holds users’ code and their states: chmod 700 ${path}`,
    );
  return ok(seen);
}

/** Who is at the address that the service would listen on. */
export type PortHolder = 'nobody' | 'cellar' | 'somebody' | 'refused';

export function judgePort(holder: PortHolder, address: string): Finding {
  switch (holder) {
    case 'nobody':
      return ok(`${address} is free`);
    case 'cellar':
      return ok(`${address} is served by a Cellar that runs`);
    case 'somebody':
      return failure(
        `${address} is held by something else`,
        'End that, or set CELLAR_PORT to another one.',
      );
    case 'refused':
      return failure(
        `${address} cannot be listened on`,
        'Set CELLAR_HOST to an address of this machine; ports below 1024 need a right of their own.',
      );
  }
}
