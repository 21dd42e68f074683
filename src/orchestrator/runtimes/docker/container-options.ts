// A SandboxSpec in the engine's words. Pure: everything in it comes from the spec or is fixed here, nothing from a
// request and nothing from the environment. `test/orchestrator/runtimes/docker/container-options.test.ts` holds the whole of it.
import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import type { SandboxSpec } from '../sandbox-spec.ts';

/** Labels by which a container of ours is found again. */
export const instanceLabel = 'cellar.instance';
export const sandboxLabel = 'cellar.sandbox';
/** The host uid, which a listing does not tell otherwise. */
export const uidLabel = 'cellar.uid';

/** The container's name: unique, and known before the engine has answered. */
export function containerName(sandboxId: string): string {
  return `cellar-${sandboxId}`;
}

/** Body of the engine's create request. (The client's types do not know `CgroupnsMode` yet.) */
export type ContainerOptions = Omit<ContainerCreateOptions, 'name' | 'HostConfig'> & {
  readonly HostConfig: HostConfig & { readonly CgroupnsMode: 'private' };
};

export function containerOptions(spec: SandboxSpec): ContainerOptions {
  const owner = `${spec.uid}:${spec.uid}`;
  return {
    Image: spec.image,
    Hostname: 'sandbox',
    // SECURITY: a uid of its own, because the kernel counts processes, inotify watches and keys by uid across containers.
    User: owner,
    // SECURITY: fixed, never from outside: a working directory under /proc has led out of containers before.
    WorkingDir: '/workspace',
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    Labels: {
      [instanceLabel]: spec.instanceId,
      [sandboxLabel]: spec.sandboxId,
      [uidLabel]: String(spec.uid),
    },
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    Tty: false,
    HostConfig: {
      Runtime: spec.runtime,
      // PID 1 that reaps what the agent's children leave behind.
      Init: true,
      NetworkMode: 'none',
      IpcMode: 'none',
      CgroupnsMode: 'private',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', `seccomp=${spec.seccompProfile}`],
      ...resourceOptions(spec),
      // The kernel takes a sandbox before it takes anything of the host.
      OomScoreAdj: 500,
      // No `nproc`: with a uid of its own it would count what PidsLimit counts, but could not be changed later.
      Ulimits: [
        { Name: 'nofile', Soft: spec.openFiles, Hard: spec.openFiles },
        { Name: 'fsize', Soft: spec.fileBytes, Hard: spec.fileBytes },
        { Name: 'core', Soft: 0, Hard: 0 },
      ],
      // SECURITY: whatever a log driver keeps, a sandbox could fill a disk with.
      LogConfig: { Type: 'none', Config: {} },
      Tmpfs: {
        '/workspace': tmpfs(spec.uid, spec.workspaceBytes, spec.workspaceInodes),
        '/tmp': tmpfs(spec.uid, spec.temporaryBytes, spec.workspaceInodes),
      },
      // SECURITY: read-only, and the only path of the host inside; a socket in it can be connected to all the same.
      Binds: [`${spec.linkDirectory}:${spec.linkMountPath}:ro`],
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
    },
  };
}

/** An eighth of what a container or a service gets that is not told otherwise: 1024. */
const cpuSharesPerCpu = 128;
/** The kernel's smallest; 0 would mean the default. */
const cpuSharesMin = 2;

/** The limits that can also be changed while the container runs. */
export function resourceOptions(limits: Pick<SandboxSpec, 'memoryBytes' | 'cpus' | 'pids'>) {
  return {
    PidsLimit: limits.pids,
    // SECURITY: both the same, or the sandbox has swap on top of its memory.
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    NanoCpus: Math.round(limits.cpus * 1e9),
    // Where processors are short each sandbox gets by its size, and all of them after what else runs there, the service among it.
    CpuShares: Math.max(cpuSharesMin, Math.round(limits.cpus * cpuSharesPerCpu)),
  };
}

function tmpfs(uid: number, bytes: number, inodes: number): string {
  return `rw,nosuid,nodev,noexec,size=${bytes},nr_inodes=${inodes},mode=0700,uid=${uid},gid=${uid}`;
}
