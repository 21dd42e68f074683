// Sandboxes started when they are asked for: the source that every other one stands on.
import { randomBytes } from 'node:crypto';
import { newId } from '../foundation/id.ts';
import type { SandboxRecord } from '../registry/records.ts';
import type { RuntimeSandbox, RuntimeUsage } from '../runtimes/runtime.ts';
import type { Sandbox } from './agent.ts';
import { type ContainerLimits, pidsFor } from './hardening.ts';
import type { SandboxSource } from './sandbox-source.ts';
import { adoptSandbox, type SandboxHost, startSandbox } from './start-sandbox.ts';
import type { UidPool } from './uid-pool.ts';

/** A listing serves every adoption that asks within this time: a start-up asks once a session. */
const listingMsMax = 1_000;

export class DirectSource implements SandboxSource {
  readonly #host: SandboxHost;
  readonly #uids: UidPool;
  #runtimeName: string;
  readonly #starting = new Set<string>();
  #listing: Promise<RuntimeSandbox[]> | null = null;

  constructor(options: { host: SandboxHost; uids: UidPool; runtimeName: string }) {
    this.#host = options.host;
    this.#uids = options.uids;
    this.#runtimeName = options.runtimeName;
  }

  /** The engine's name of the runtime (`runc`, `runsc`) that new sandboxes run under. */
  set runtimeName(name: string) {
    this.#runtimeName = name;
  }

  /** Whether a sandbox can be started under this runtime and its agent reaches us: throws when not, as `start` does. */
  async tryRuntime(name: string, limits: ContainerLimits, signal: AbortSignal): Promise<void> {
    const record = { ...this.plan(), runtime: name };
    try {
      const sandbox = await this.start(record, limits, signal);
      await sandbox[Symbol.asyncDispose]();
    } finally {
      this.release(record);
    }
  }

  get canPause(): boolean {
    return this.#host.runtime.capabilities.pause;
  }

  plan(): SandboxRecord {
    const sandboxId = newId('sbx');
    const uid = this.#uids.allocate(sandboxId);
    this.#host.owned.add(sandboxId);
    return {
      sandboxId,
      runtimeId: null,
      token: randomBytes(32).toString('base64url'),
      uid,
      runtime: this.#runtimeName,
    };
  }

  release({ sandboxId, uid }: SandboxRecord): void {
    this.#host.owned.delete(sandboxId);
    // SECURITY: its container may still run, so nobody else gets its user id before it is gone.
    if (!this.#host.running.has(sandboxId)) this.#uids.release(uid, sandboxId);
  }

  async start(
    record: SandboxRecord,
    limits: ContainerLimits,
    signal: AbortSignal,
  ): Promise<Sandbox> {
    const { clock, observe, tracer } = this.#host;
    const begun = clock.monotonic();
    this.#starting.add(record.sandboxId);
    try {
      const sandbox = await startSandbox(this.#host, record, limits, signal);
      const traceId = tracer?.current?.traceId;
      observe?.({ type: 'sandboxStarted', ms: clock.monotonic() - begun, traceId });
      return sandbox;
    } catch (error) {
      observe?.({ type: 'sandboxNotStarted' });
      throw error;
    } finally {
      this.#starting.delete(record.sandboxId);
    }
  }

  /** Sandboxes that are being started, and those that run and are not. */
  get figures(): { readonly starting: number; readonly live: number } {
    const { running } = this.#host;
    const both = [...this.#starting].filter((sandboxId) => running.has(sandboxId)).length;
    return { starting: this.#starting.size, live: running.size - both };
  }

  async adopt(
    record: SandboxRecord,
    agentSeq: number,
    signal: AbortSignal,
  ): Promise<Sandbox | null> {
    this.#uids.claim(record.uid, record.sandboxId);
    return adoptSandbox(this.#host, record, agentSeq, signal, await this.#list(signal));
  }

  update(sandbox: Sandbox, limits: ContainerLimits, signal: AbortSignal): Promise<void> {
    const allowed = { ...limits, pids: pidsFor(sandbox.runtime, limits.pids) };
    return this.#host.runtime.update(sandbox.runtimeId, allowed, signal);
  }

  usage(sandbox: Sandbox, signal: AbortSignal): Promise<RuntimeUsage> {
    return this.#host.runtime.usage(sandbox.runtimeId, signal);
  }

  #list(signal: AbortSignal): Promise<RuntimeSandbox[]> {
    const { runtime, policy, clock } = this.#host;
    if (this.#listing === null) {
      const listing = runtime.list(policy.instanceId, signal);
      this.#listing = listing;
      const forget = () => {
        if (this.#listing === listing) this.#listing = null;
      };
      listing.then(() => clock.after(listingMsMax, forget), forget);
    }
    return this.#listing;
  }
}
