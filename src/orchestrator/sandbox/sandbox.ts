// A container with its agent's link, as one thing: it is lost as one, it is frozen as one, and it goes as one.
import type { EgressTerms } from '../egress/egress-terms.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import type { Agent, Sandbox } from './agent.ts';
import type { AgentLink } from './agent-link.ts';
import type { SandboxNetwork } from './sandbox-network.ts';

export type SandboxParts = {
  readonly identity: Pick<Sandbox, 'sandboxId' | 'runtimeId' | 'runtime'>;
  readonly engine: Pick<Runtime, 'pause' | 'resume'>;
  readonly link: Pick<AgentLink, 'agent' | 'freeze' | 'thaw'>;
  readonly network: Pick<SandboxNetwork, 'permit'>;
  readonly lost: Sandbox['lost'];
  /** Takes everything down again, last made first. After it `lost` must not resolve any more. */
  readonly undo: AsyncDisposableStack;
  /** Its container and its link are frozen from the beginning. */
  readonly paused?: boolean;
};

/** For what must be tried whatever the caller's patience; the engine has deadlines of its own. */
const neverAborted = new AbortController().signal;

export class LiveSandbox implements Sandbox {
  readonly sandboxId: string;
  readonly runtimeId: string;
  readonly runtime: string;
  readonly agent: Agent;
  readonly lost: Sandbox['lost'];
  readonly #engine: SandboxParts['engine'];
  readonly #link: SandboxParts['link'];
  readonly #network: SandboxParts['network'];
  readonly #undo: AsyncDisposableStack;
  #paused: boolean;
  #disposal: Promise<void> | null = null;

  constructor({ identity, engine, link, network, lost, undo, paused = false }: SandboxParts) {
    this.sandboxId = identity.sandboxId;
    this.runtimeId = identity.runtimeId;
    this.runtime = identity.runtime;
    this.agent = link.agent;
    this.lost = lost;
    this.#engine = engine;
    this.#link = link;
    this.#network = network;
    this.#undo = undo;
    this.#paused = paused;
  }

  get paused(): boolean {
    return this.#paused;
  }

  permit(terms: EgressTerms | null): Promise<void> {
    return this.#network.permit(terms);
  }

  async pause(signal: AbortSignal): Promise<void> {
    if (this.#paused) return;
    this.#link.freeze();
    try {
      await this.#engine.pause(this.runtimeId, signal);
      this.#paused = true;
    } catch (error) {
      // A call that was given up may still have frozen it.
      await this.#engine.resume(this.runtimeId, neverAborted).catch(() => {});
      this.#link.thaw();
      throw error;
    }
  }

  async resume(signal: AbortSignal): Promise<void> {
    if (!this.#paused) return;
    await this.#engine.resume(this.runtimeId, signal);
    this.#paused = false;
    this.#link.thaw();
  }

  /** Destroys the container, then its link and directory: each even if one before failed. Throws what failed. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#undo.disposeAsync();
    return this.#disposal;
  }
}
