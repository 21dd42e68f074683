// Keeps one session in a sandbox: starts one, takes over a living one, notices when it is lost, puts it away. It knows
// nothing of executions; what it learns it tells its owner, each time with the sandbox it is about.
import type { AgentEvent, ConfigureRequest } from '#protocol';
import type { Log } from '../foundation/log.ts';
import type { SandboxRecord, SessionLimits } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { SandboxSource } from '../sandbox/sandbox-source.ts';
import { pumpEvents } from './event-pump.ts';

export type Loss = { readonly reason: string; readonly detail: string };

export type KeeperOwner = {
  /** Stores a batch; events of a sandbox that is not the current one any more must be ignored. */
  events(sandbox: Sandbox, batch: readonly AgentEvent[]): Promise<void>;
  /** The sandbox is gone or not to be trusted any more. Told once per sandbox, never after `putAway`. */
  lost(sandbox: Sandbox, loss: Loss): void;
};

export class SandboxKeeper {
  readonly #source: SandboxSource;
  readonly #owner: KeeperOwner;
  readonly #log: Log;
  readonly #startMsMax: number;
  #current: Sandbox | null = null;
  #record: SandboxRecord | null = null;
  #starting: AbortController | null = null;

  constructor(options: {
    source: SandboxSource;
    owner: KeeperOwner;
    log: Log;
    startMsMax: number;
  }) {
    this.#source = options.source;
    this.#owner = options.owner;
    this.#log = options.log;
    this.#startMsMax = options.startMsMax;
  }

  get current(): Sandbox | null {
    return this.#current;
  }

  /** A sandbox for a planned identity, configured and followed. Throws AppErrors; then nothing is left of it. */
  async start(
    plan: SandboxRecord,
    limits: SessionLimits,
    configure: ConfigureRequest,
  ): Promise<Sandbox> {
    this.#starting = new AbortController();
    const signal = AbortSignal.any([this.#starting.signal, AbortSignal.timeout(this.#startMsMax)]);
    try {
      const sandbox = await this.#source.start(plan, limits, signal);
      try {
        await sandbox.agent.configure(configure, signal);
      } catch (error) {
        await this.#dispose(sandbox);
        throw error;
      }
      return sandbox;
    } catch (error) {
      this.#source.release(plan);
      throw error;
    } finally {
      this.#starting = null;
    }
  }

  /** Takes over the container of an earlier process; null when it does not run any more. */
  async adopt(record: SandboxRecord, agentSeq: number): Promise<Sandbox | null> {
    const sandbox = await this.#source.adopt(
      record,
      agentSeq,
      AbortSignal.timeout(this.#startMsMax),
    );
    if (sandbox === null) this.#source.release(record);
    return sandbox;
  }

  /** Makes a started or adopted sandbox the current one and follows its events and its end. */
  use(sandbox: Sandbox, record: SandboxRecord): void {
    this.#current = sandbox;
    this.#record = record;
    const lost = (loss: Loss) => {
      if (this.#current === sandbox) this.#owner.lost(sandbox, loss);
    };
    void sandbox.lost.then(lost);
    pumpEvents(sandbox.agent, (batch) => this.#owner.events(sandbox, batch)).catch(
      (error: unknown) =>
        lost({
          reason: 'protocol',
          detail: error instanceof Error ? error.message : String(error),
        }),
    );
  }

  /** Gives up a start that is under way, and destroys the current sandbox. Never throws: what the engine holds back is an orphan then. */
  async putAway(): Promise<void> {
    this.#starting?.abort();
    const sandbox = this.#current;
    const record = this.#record;
    this.#current = null;
    this.#record = null;
    if (sandbox && record) await this.discard(sandbox, record);
  }

  /** Destroys a sandbox that is not the current one. */
  async discard(sandbox: Sandbox, record: SandboxRecord): Promise<void> {
    await this.#dispose(sandbox);
    this.#source.release(record);
  }

  /** Leaves the container to the next process. */
  leave(): void {
    this.#starting?.abort();
    this.#current = null;
  }

  async #dispose(sandbox: Sandbox): Promise<void> {
    try {
      await sandbox[Symbol.asyncDispose]();
    } catch (error) {
      this.#log.warn({ sandboxId: sandbox.sandboxId, err: error }, 'sandbox could not be removed');
    }
  }
}
