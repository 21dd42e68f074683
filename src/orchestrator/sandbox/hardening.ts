// What a sandbox may and may not, in one place: turns policy, limits and an identity into the full description of a
// container. Pure. Must never take a value from a request that is not one of the session's checked limits.
import { join } from 'node:path';
import type { SessionLimits } from '../registry/records.ts';
import { tierOf } from '../runtimes/runtime-tiers.ts';
import type { SandboxSpec } from '../runtimes/sandbox-spec.ts';
import { linkSocketName } from './agent-link.ts';
import { egressSocketName } from './sandbox-network.ts';

/** The same for every sandbox of a service: chosen by whoever runs it. */
export type SandboxPolicy = {
  readonly instanceId: string;
  readonly image: string;
  /** The seccomp profile as JSON text, see seccomp-profile.ts. */
  readonly seccompProfile: string;
  readonly openFiles: number;
  /** Size of `/tmp`; what lies in it counts as memory, like the workspace. */
  readonly temporaryBytes: number;
  /** Files and directories, each in `/workspace` and in `/tmp`. */
  readonly workspaceInodes: number;
};

export const defaultAllowances = {
  openFiles: 256,
  temporaryBytes: 16 * 1024 * 1024,
  workspaceInodes: 4096,
} as const satisfies Partial<SandboxPolicy>;

/** What makes this sandbox this one. */
export type SandboxIdentity = {
  readonly sandboxId: string;
  readonly uid: number;
  readonly token: string;
  readonly runtime: string;
  readonly linkDirectory: string;
};

export type ContainerLimits = Pick<
  SessionLimits,
  'memoryBytes' | 'cpus' | 'pids' | 'workspaceBytes'
>;

const linkMountPath = '/run/cellar';
/** gVisor's own threads on the host count as the sandbox's; with fewer it hangs at the start. */
const gvisorPidsMin = 256;

/** What a limit on processes is under this runtime. */
export function pidsFor(runtime: string, pids: number): number {
  return tierOf(runtime) === 'gvisor' ? Math.max(pids, gvisorPidsMin) : pids;
}

export function sandboxSpec(
  policy: SandboxPolicy,
  limits: ContainerLimits,
  identity: SandboxIdentity,
): SandboxSpec {
  // SECURITY: whatever went wrong before, nothing here runs as root.
  if (!Number.isSafeInteger(identity.uid) || identity.uid <= 0)
    throw new Error(`no uid for a sandbox: ${identity.uid}`);
  return {
    sandboxId: identity.sandboxId,
    instanceId: policy.instanceId,
    image: policy.image,
    runtime: identity.runtime,
    uid: identity.uid,
    memoryBytes: limits.memoryBytes,
    cpus: limits.cpus,
    pids: pidsFor(identity.runtime, limits.pids),
    openFiles: policy.openFiles,
    // More than either file system holds: a full disk is an error to the program, a file over this limit is its death.
    fileBytes: limits.workspaceBytes + policy.temporaryBytes,
    workspaceBytes: limits.workspaceBytes,
    workspaceInodes: policy.workspaceInodes,
    temporaryBytes: policy.temporaryBytes,
    linkDirectory: identity.linkDirectory,
    linkMountPath,
    environment: {
      CELLAR_LINK: join(linkMountPath, linkSocketName),
      CELLAR_EGRESS: join(linkMountPath, egressSocketName),
      CELLAR_TOKEN: identity.token,
    },
    seccompProfile: policy.seccompProfile,
  };
}
