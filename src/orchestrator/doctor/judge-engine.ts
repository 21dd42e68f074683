// What is to be thought of a container engine, from its own report. Pure.
import type { EngineReport } from '../runtimes/docker/engine-report.ts';
import { tierOf } from '../runtimes/runtime-tiers.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** The oldest that the service is tested with. */
const apiVersionMin = '1.41';
/** Older kernels lack fixes of what separates containers, and nobody maintains them any more. */
const kernelMin = '5.10';
const goodDrivers = ['overlay2', 'overlayfs', 'btrfs', 'zfs'];
/** Ids that an engine with a remap of user ids gives a container, as a rule. */
const remappedIds = 65_536;
const clockWarningMs = 2_000;
const clockFailureMs = 60_000;

export function judgeEngine({
  version,
  apiVersion,
}: Pick<EngineReport, 'version' | 'apiVersion'>): Finding {
  const seen = `version ${version}, API ${apiVersion}`;
  if (compareVersions(apiVersion, apiVersionMin) >= 0) return ok(seen);
  return failure(
    seen,
    `Update the engine: API ${apiVersionMin} (Docker Engine 20.10) is the oldest one.`,
  );
}

export function judgeFlaws(
  { flaws }: Pick<EngineReport, 'flaws'>,
  settings: { readonly runtime: string; readonly engineFlaws: 'warn' | 'refuse' },
): Finding {
  // `auto` may come down to it.
  if (settings.runtime !== 'auto' && tierOf(settings.runtime) !== 'container')
    return ok(`sandboxes run under ${settings.runtime}`);
  if (flaws.length === 0) return ok('no known flaw');
  const judge = settings.engineFlaws === 'refuse' ? failure : warning;
  return judge(
    flaws.join(' '),
    'Update runc; until then give the service nobody’s code but your own, or a stronger runtime (CELLAR_RUNTIME).',
  );
}

export function judgeRuntime(
  { runtimes }: Pick<EngineReport, 'runtimes'>,
  { runtime }: { readonly runtime: string },
): Finding {
  const seen = runtimes.map((name) => `${name} (${tierOf(name)})`).join(', ') || 'none';
  const isThere = runtime.startsWith('io.containerd.') || runtimes.includes(runtime);
  if (runtime !== 'auto' && !isThere)
    return failure(
      `no "${runtime}" among ${seen}`,
      'Install the runtime and name it in the engine’s configuration, or set CELLAR_RUNTIME to one that is there.',
    );
  return ok(`${runtime} of ${seen}`);
}

export function judgeControlGroups({
  controlGroups,
}: Pick<EngineReport, 'controlGroups'>): Finding {
  const { version, driver, memory, swap, cpu, pids } = controlGroups;
  const missing = Object.entries({ memory, cpu, pids })
    .filter(([, isThere]) => !isThere)
    .map(([name]) => name);
  const seen = `version ${version}, driver ${driver}`;
  if (missing.length > 0)
    return failure(
      `${seen}, without ${missing.join(', ')}`,
      'Without these sandboxes have no limits. Turn the controllers on (kernel parameters, or delegation where the engine runs as a user), and restart the engine.',
    );
  if (!swap)
    return warning(
      `${seen}, without limits on swap`,
      'Sandboxes may take swap beside their memory: turn swap off, or its accounting on (kernel parameter swapaccount=1).',
    );
  return ok(`${seen}, with limits on memory, swap, processors and processes`);
}

export function judgeKernel({ kernel }: Pick<EngineReport, 'kernel'>): Finding {
  if (compareVersions(kernel, kernelMin) >= 0) return ok(kernel);
  return warning(
    kernel || 'unknown',
    `Update the kernel: ${kernelMin} is the oldest one that is still maintained.`,
  );
}

export function judgeSeccomp({ security }: Pick<EngineReport, 'security'>): Finding {
  if (security.includes('seccomp')) return ok('there');
  return failure(
    'the engine has none',
    'Sandboxes do not start without a filter of system calls: use a kernel and an engine built with seccomp.',
  );
}

export function judgeModule({ security }: Pick<EngineReport, 'security'>): Finding {
  const found = security.filter((name) => ['apparmor', 'selinux'].includes(name));
  if (found.length > 0) return ok(found.join(', '));
  return warning(
    'neither AppArmor nor SELinux',
    'One more wall between sandboxes and the host: turn one on, where the distribution has it, and restart the engine.',
  );
}

export function judgeUserIds(
  { security }: Pick<EngineReport, 'security'>,
  { uidFirst, uidCount }: { readonly uidFirst: number; readonly uidCount: number },
): Finding {
  const last = uidFirst + uidCount - 1;
  const kind = ['userns', 'rootless'].find((name) => security.includes(name));
  if (kind === undefined) return ok(`no remap; sandboxes run under ids ${uidFirst} to ${last}`);
  if (last >= remappedIds)
    return failure(
      `${kind}: the engine gives containers ids below ${remappedIds}, sandboxes have ${uidFirst} to ${last}`,
      'Turn the remap off for this engine: each sandbox has a user id of its own already. It cannot reach its service otherwise.',
    );
  return warning(
    `${kind}; sandboxes run under ids ${uidFirst} to ${last}`,
    'The service is not tested with an engine that remaps user ids. See that a session starts.',
  );
}

export function judgeStorage({ storageDriver }: Pick<EngineReport, 'storageDriver'>): Finding {
  if (goodDrivers.includes(storageDriver)) return ok(storageDriver);
  return warning(
    storageDriver || 'unknown',
    'Use overlay2: others copy the image for each sandbox, or are slow to start one.',
  );
}

export function judgeImage(
  { image }: Pick<EngineReport, 'image'>,
  wanted: { readonly sandboxImage: string; readonly version: string },
): Finding {
  if (image === null)
    return failure(`no image ${wanted.sandboxImage}`, 'Build it: make images (or make setup).');
  const seen = `${wanted.sandboxImage}, version ${image.version ?? 'unknown'}, of ${image.createdAt}`;
  if (image.version === wanted.version) return ok(seen);
  return warning(
    seen,
    `The service is version ${wanted.version}: build the image of that one, make images.`,
  );
}

export function judgeClock(
  { now }: Pick<EngineReport, 'now'>,
  own: { readonly now: number; readonly builtAt: number },
): Finding {
  const seen = new Date(own.now).toISOString();
  const advice = 'Set the clock, and keep it right with NTP: chrony or systemd-timesyncd.';
  if (own.now < own.builtAt) return failure(`${seen}: before this version was made`, advice);
  if (now === null) return ok(seen);
  const apartMs = Math.abs(now - own.now);
  if (apartMs > clockFailureMs)
    return failure(`${seen}; the engine’s is ${apartMs} ms apart`, advice);
  if (apartMs > clockWarningMs)
    return warning(`${seen}; the engine’s is ${apartMs} ms apart`, advice);
  return ok(seen);
}

/** By the numbers that both begin with; what is no number counts as 0. */
export function compareVersions(left: string, right: string): number {
  const [ours, theirs] = [numbersOf(left), numbersOf(right)];
  for (let i = 0; i < Math.min(ours.length, theirs.length); i++)
    if (ours[i] !== theirs[i]) return ours[i]! - theirs[i]!;
  return 0;
}

function numbersOf(version: string): number[] {
  return (/^v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? '0').split('.').map(Number);
}
