// The list of checks: each measures something and gives a judgement. Those that need the engine share one report of it.
import { stat } from 'node:fs/promises';
import { totalmem, userInfo } from 'node:os';
import type { Config } from '../config/config.ts';
import { systemClock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import { packageFile } from '../foundation/version.ts';
import { probeRegistry } from '../registry/sqlite/probe-registry.ts';
import { dockerConnection } from '../runtimes/docker/docker-connection.ts';
import { type EngineReport, readEngine } from '../runtimes/docker/engine-report.ts';
import { type Finding, failure, ok, warning } from './finding.ts';
import * as engine from './judge-engine.ts';
import * as host from './judge-host.ts';
import * as measured from './measure-host.ts';

export type Check = {
  readonly name: string;
  readonly look: (signal: AbortSignal) => Promise<Finding>;
};

export type CheckOptions = {
  readonly config: Config;
  /** Of the service. */
  readonly version: string;
  /** Files that a service started like this command may have open. */
  readonly filesMax: number;
};

export function checksOf({ config, version, filesMax }: CheckOptions): Check[] {
  let report: Promise<EngineReport> | null = null;
  const ask = (signal: AbortSignal) => {
    report ??= readEngine(dockerConnection(config.dockerHost), config.sandboxImage, signal);
    return report;
  };
  /** A check that says nothing of its own where the engine does not answer. */
  const ofEngine = (name: string, judge: (report: EngineReport) => Finding | Promise<Finding>) => ({
    name,
    look: async (signal: AbortSignal) => {
      const answer = await ask(signal).catch(() => null);
      if (answer === null) return warning('not known without the engine', 'See engine.');
      return judge(answer);
    },
  });
  const memoryBytes = config.hostMemoryBytes ?? totalmem();
  const sessions = host.sessionsOf(memoryBytes, config);

  return [
    { name: 'node', look: async () => host.judgeNode(process.versions.node) },
    { name: 'engine', look: async (signal) => await lookAtEngine(ask(signal), config.dockerHost) },
    ofEngine('runc', (answer) => engine.judgeFlaws(answer, config)),
    ofEngine('runtime', (answer) => engine.judgeRuntime(answer, config)),
    ofEngine('control groups', engine.judgeControlGroups),
    ofEngine('kernel', engine.judgeKernel),
    ofEngine('seccomp', engine.judgeSeccomp),
    ofEngine('security module', engine.judgeModule),
    ofEngine('user ids', (answer) => engine.judgeUserIds(answer, config)),
    ofEngine('storage driver', engine.judgeStorage),
    ofEngine('image', (answer) =>
      engine.judgeImage(answer, { sandboxImage: config.sandboxImage, version }),
    ),
    ofEngine('engine disk', async ({ rootDirectory }) =>
      host.judgeEngineDisk(await seenDisk(rootDirectory), rootDirectory),
    ),
    ofEngine('kernel limits', async ({ controlGroups }) => {
      const limits = await measured.kernelLimits();
      return host.judgeKernelLimits(limits, { sessions, watches: controlGroups.version === '2' });
    }),
    {
      name: 'clock',
      look: async (signal) => {
        const asked = await ask(signal).catch(() => null);
        const { mtimeMs } = await stat(packageFile);
        return engine.judgeClock(
          { now: asked?.now ?? null },
          { now: systemClock.now(), builtAt: mtimeMs },
        );
      },
    },
    { name: 'memory', look: async () => host.judgeMemory(memoryBytes, config) },
    {
      name: 'open files',
      look: async () =>
        host.judgeOpenFiles(filesMax, { sessions, liveConnections: config.liveConnectionsMax }),
    },
    { name: 'data directory', look: async () => await lookAtDirectory(config.dataDir) },
    {
      name: 'data disk',
      look: async () => {
        const disk = await measured.diskOf(config.dataDir);
        if (disk === null)
          return failure(`${config.dataDir} cannot be seen`, 'Set CELLAR_DATA_DIR.');
        return host.judgeDataDisk(disk, config.diskReserveBytes);
      },
    },
    { name: 'registry', look: async () => lookAtRegistry(config.dataDir) },
    { name: 'snapshot store', look: async (signal) => await lookAtStore(config, signal) },
    { name: 'usage figures', look: async () => await lookAtControlGroups(config.controlGroupsDir) },
    { name: 'address', look: async (signal) => await lookAtAddress(config, signal) },
  ];
}

async function lookAtEngine(asked: Promise<EngineReport>, dockerHost: string): Promise<Finding> {
  try {
    return engine.judgeEngine(await asked);
  } catch (error) {
    return failure(
      `none answers at ${dockerHost}: ${reasonOf(error)}`,
      'Install and start Docker Engine (as root on Debian or Ubuntu: make setup), let this user reach its socket, or set DOCKER_HOST.',
    );
  }
}

async function lookAtDirectory(path: string): Promise<Finding> {
  return host.judgeDirectory(await measured.directoryFacts(path), userInfo().uid);
}

function lookAtRegistry(directory: string): Finding {
  const state = probeRegistry(directory);
  if (state.kind === 'none') return ok('none yet: the first start makes it');
  if (state.kind === 'unreadable')
    return failure(`cannot be read: ${state.reason}`, 'Restore it from a copy: cellar restore.');
  if (state.newer.length > 0)
    return failure(
      `was written by a newer version (${state.newer.join(', ')})`,
      'Start that version, or restore a copy from before the upgrade.',
    );
  return ok(
    state.pending > 0 ? `the next start changes it in ${state.pending} steps` : 'can be read',
  );
}

async function lookAtStore(config: Config, signal: AbortSignal): Promise<Finding> {
  if (config.snapshotStore === 'directory' || config.s3Bucket === undefined)
    return ok('in the data directory');
  // Only now: its library takes time to load.
  const { checkBucket } = await import('../snapshots/s3/s3-store.ts');
  const options = {
    bucket: config.s3Bucket,
    prefix: config.s3Prefix,
    region: config.s3Region,
    endpoint: config.s3Endpoint,
    forcePathStyle: config.s3ForcePathStyle,
    requestMsMax: config.s3RequestMsMax,
    clock: systemClock,
  };
  try {
    await checkBucket(options, signal);
    return ok(`bucket ${config.s3Bucket} can be written`);
  } catch (error) {
    return failure(
      `bucket ${config.s3Bucket} cannot be written: ${reasonOf(error)}`,
      'See that it is there, that the credentials are those of its policy, and that the clock is right.',
    );
  }
}

async function lookAtControlGroups(directory: string): Promise<Finding> {
  if (await measured.seesControlGroups(directory)) return ok(directory);
  return warning(
    `no control groups at ${directory}`,
    'Metrics will not tell what sandboxes use. In a container mount the host’s /sys/fs/cgroup read-only and set CELLAR_CONTROL_GROUPS_DIR.',
  );
}

async function lookAtAddress({ host: name, port }: Config, signal: AbortSignal): Promise<Finding> {
  if (port === 0) return ok('a free port is taken');
  return host.judgePort(await measured.portHolder(name, port, signal), `${name}:${port}`);
}

/** Of the engine's own machine, which this may not be. */
async function seenDisk(directory: string) {
  const exists = await stat(directory).catch(() => null);
  return exists === null ? null : await measured.diskOf(directory);
}

export function reasonOf(error: unknown): string {
  const told = error instanceof AppError && error.cause instanceof Error ? error.cause : error;
  return told instanceof Error ? told.message || told.name : String(told);
}
