// What a sandbox is, in our words. A runtime driver translates it; nothing in it is optional, so that no limit is
// ever left to an engine's default.

/** All that is needed to create one container. Made by `sandbox/hardening.ts` from policy and limits only. */
export type SandboxSpec = {
  /** `sbx-…`; the container is named `cellar-<sandboxId>`. */
  readonly sandboxId: string;
  /** The orchestrator instance that owns it, for recovery by label. */
  readonly instanceId: string;
  readonly image: string;
  /** `runc`, `runsc`, … as the engine knows it. */
  readonly runtime: string;
  /** Host uid and gid of everything in the sandbox: its own, see SECURITY C8. */
  readonly uid: number;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly pids: number;
  readonly openFiles: number;
  readonly fileBytes: number;
  readonly workspaceBytes: number;
  readonly workspaceInodes: number;
  readonly temporaryBytes: number;
  /** Host directory that is mounted read-only at `mountPath`; the agent dials a socket in it. */
  readonly linkDirectory: string;
  readonly linkMountPath: string;
  /** Environment of the agent process: its token and nothing else of ours. */
  readonly environment: Readonly<Record<string, string>>;
  /** The seccomp profile as JSON text. */
  readonly seccompProfile: string;
};
