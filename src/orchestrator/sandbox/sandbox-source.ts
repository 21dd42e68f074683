// Where sessions get their sandboxes from. They name what they need; how it is started, and whether one was
// waiting already, is not their concern.
import type { SandboxRecord } from '../registry/records.ts';
import type { RuntimeUsage } from '../runtimes/runtime.ts';
import type { Sandbox } from './agent.ts';
import type { ContainerLimits } from './hardening.ts';

export interface SandboxSource {
  /** Its sandboxes can be paused. */
  readonly canPause: boolean;
  /**
   * The identity of a sandbox for these limits: stored before `start`, so that no container is ever without an owner. One with a
   * `runtimeId` runs already and was given to nobody before; `fresh` asks for one that does not exist yet. Throws `overloaded`.
   */
  plan(limits: ContainerLimits, options?: { readonly fresh: boolean }): SandboxRecord;
  /** A planned identity is not needed any more (its sandbox is gone, or was never started). */
  release(record: SandboxRecord): void;
  /**
   * Starts the container and waits for its agent, or hands over the one that waits under this identity, with these limits. A failure
   * leaves nothing behind; `sandbox_lost` when the waiting one was no good.
   */
  start(record: SandboxRecord, limits: ContainerLimits, signal: AbortSignal): Promise<Sandbox>;
  /**
   * Takes over a sandbox that an earlier process started, if its container still runs; null when it does not. Does not wait for the agent: it
   * dials when it notices, and `lost` tells when it never does. One that is paused stays so. Events go on after `agentSeq`.
   */
  adopt(record: SandboxRecord, agentSeq: number, signal: AbortSignal): Promise<Sandbox | null>;
  /** Changes the limits of a running sandbox as far as the engine can. */
  update(sandbox: Sandbox, limits: ContainerLimits, signal: AbortSignal): Promise<void>;
  usage(sandbox: Sandbox, signal: AbortSignal): Promise<RuntimeUsage>;
}
