// The port to a container engine. A driver knows containers and nothing of sessions or of the link's protocol.
// Every call takes a signal and gives up when it fires; no call waits for ever.
import type { SandboxSpec } from './sandbox-spec.ts';

/** A container of ours as the engine lists it. */
export type RuntimeSandbox = {
  /** The engine's own id, what the other calls take. */
  readonly runtimeId: string;
  readonly sandboxId: string;
  readonly instanceId: string;
  /** Host uid of everything in it; null where an earlier version did not write it down. */
  readonly uid: number | null;
  readonly state: 'created' | 'running' | 'paused' | 'exited';
  /** Milliseconds since 1970. */
  readonly createdAt: number;
};

export type RuntimeEvent = {
  readonly type: 'exited' | 'outOfMemory';
  readonly sandboxId: string;
  readonly exitCode: number | null;
};

/** Measured on the host, never by the sandbox. */
export type RuntimeUsage = {
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly memoryPeakBytes: number;
  readonly pids: number;
};

export type RuntimeInfo = {
  readonly engine: string;
  readonly version: string;
  /** Names under which the engine can run a container. */
  readonly runtimes: readonly string[];
};

export interface Runtime {
  readonly capabilities: { readonly pause: boolean; readonly update: boolean };
  /** Reachability and version. Throws AppError `runtime_unavailable`. */
  info(signal: AbortSignal): Promise<RuntimeInfo>;
  /** Known flaws that the engine may have, a line each for the operator; empty for none. Throws AppError `runtime_unavailable`. */
  flaws(signal: AbortSignal): Promise<readonly string[]>;
  /** What an image's name stands for at the moment: it is another text when the image has become another. Throws `runtime_unavailable` or `sandbox_failed`. */
  imageIdentity(image: string, signal: AbortSignal): Promise<string>;
  /** Creates and starts; gives the runtime id. A failure leaves no container behind. Throws `runtime_unavailable` or `sandbox_failed`. */
  start(spec: SandboxSpec, signal: AbortSignal): Promise<string>;
  /** Kills and removes. Removing what is gone is no error. */
  destroy(runtimeId: string, signal: AbortSignal): Promise<void>;
  /** Freezes every process of the container where it is. One that is frozen already is no error; `sandbox_lost`: it has exited, or is gone. */
  pause(runtimeId: string, signal: AbortSignal): Promise<void>;
  /** The processes go on. A container that is not frozen is no error; `sandbox_lost`: it has exited, or is gone. */
  resume(runtimeId: string, signal: AbortSignal): Promise<void>;
  /** Changes limits of a running container. */
  update(
    runtimeId: string,
    limits: Pick<SandboxSpec, 'memoryBytes' | 'cpus' | 'pids'>,
    signal: AbortSignal,
  ): Promise<void>;
  usage(runtimeId: string, signal: AbortSignal): Promise<RuntimeUsage>;
  /** All containers of this instance, whatever their state. */
  list(instanceId: string, signal: AbortSignal): Promise<RuntimeSandbox[]>;
  /**
   * Exits and out-of-memory kills of this instance's containers from the moment of the call on, perhaps some shortly before it too, until
   * the signal fires. Ends with an error when the engine goes away; the caller lists and watches again.
   */
  events(instanceId: string, signal: AbortSignal): AsyncIterable<RuntimeEvent>;
}
