// What the Docker Engine tells of itself and of its host, as far as it decides whether sandboxes can run there. Must never change anything.
import Docker, { type DockerOptions } from 'dockerode';
import { refusalStatus, unavailable } from './docker-errors.ts';
import { engineCall } from './engine-call.ts';
import { knownFlaws } from './known-flaws.ts';

export type EngineReport = {
  readonly version: string;
  readonly apiVersion: string;
  readonly kernel: string;
  readonly flaws: readonly string[];
  /** Names under which it can run a container. */
  readonly runtimes: readonly string[];
  readonly controlGroups: {
    readonly version: string;
    readonly driver: string;
    /** Which limits the engine can set. */
    readonly memory: boolean;
    readonly swap: boolean;
    readonly cpu: boolean;
    readonly pids: boolean;
  };
  /** `seccomp`, `apparmor`, `userns` and so on. */
  readonly security: readonly string[];
  readonly storageDriver: string;
  readonly rootDirectory: string;
  /** Milliseconds since 1970 by the engine's clock, null where it does not tell. */
  readonly now: number | null;
  /** Of the sandboxes; null where there is none. */
  readonly image: EngineImage | null;
};

export type EngineImage = {
  /** The version of the service that it was built with; null for an image of somebody else's making. */
  readonly version: string | null;
  readonly createdAt: string;
};

/** What `scripts/build-image.ts` notes in the image. */
export const versionLabel = 'cellar.version';

const answerMsMax = 5_000;

/** The fields of the engine's answers that are read here. */
type Info = {
  readonly ServerVersion?: string;
  readonly KernelVersion?: string;
  readonly Runtimes?: Readonly<Record<string, unknown>>;
  readonly CgroupVersion?: string;
  readonly CgroupDriver?: string;
  readonly MemoryLimit?: boolean;
  readonly SwapLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
  readonly SecurityOptions?: readonly string[];
  readonly Driver?: string;
  readonly DockerRootDir?: string;
  readonly SystemTime?: string;
};

/** Throws AppError `runtime_unavailable`. */
export async function readEngine(
  connection: DockerOptions,
  image: string,
  signal: AbortSignal,
): Promise<EngineReport> {
  const docker = new Docker(connection);
  try {
    const [info, version, found] = await engineCall(answerMsMax, signal, () =>
      Promise.all([docker.info() as Promise<Info>, docker.version(), findImage(docker, image)]),
    );
    const parts: readonly { Name: string; Version: string }[] = version.Components ?? [];
    const now = Date.parse(info.SystemTime ?? '');
    return {
      version: version.Version,
      apiVersion: version.ApiVersion,
      kernel: info.KernelVersion ?? '',
      flaws: knownFlaws(parts.find(({ Name }) => Name === 'runc')?.Version ?? ''),
      runtimes: Object.keys(info.Runtimes ?? {}).sort(),
      controlGroups: {
        version: info.CgroupVersion ?? '1',
        driver: info.CgroupDriver ?? '',
        memory: info.MemoryLimit === true,
        swap: info.SwapLimit === true,
        cpu: info.CpuCfsQuota === true,
        pids: info.PidsLimit === true,
      },
      security: (info.SecurityOptions ?? []).map(securityName),
      storageDriver: info.Driver ?? '',
      rootDirectory: info.DockerRootDir ?? '',
      now: Number.isNaN(now) ? null : now,
      image: found,
    };
  } catch (error) {
    throw unavailable(error);
  }
}

async function findImage(docker: Docker, name: string): Promise<EngineImage | null> {
  try {
    const { Config, Created } = await docker.getImage(name).inspect();
    return { version: Config?.Labels?.[versionLabel] ?? null, createdAt: Created };
  } catch (error) {
    if (refusalStatus(error) === 404) return null;
    throw error;
  }
}

/** `name=seccomp,profile=default` is `seccomp`. */
function securityName(option: string): string {
  return /(?:^|,)name=([^,]+)/.exec(option)?.[1] ?? option;
}
