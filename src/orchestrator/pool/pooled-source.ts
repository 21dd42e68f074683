// The source of sandboxes that looks into the warm pool first. What the pool does not have is started as ever.
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { SandboxRecord } from '../registry/records.ts';
import type { RuntimeUsage } from '../runtimes/runtime.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { ContainerLimits } from '../sandbox/hardening.ts';
import type { SandboxSource } from '../sandbox/sandbox-source.ts';
import type { WarmPool } from './warm-pool.ts';

export class PooledSource implements SandboxSource {
  readonly #direct: SandboxSource;
  readonly #pool: WarmPool;
  readonly #log: Log;

  constructor(options: { direct: SandboxSource; pool: WarmPool; log: Log }) {
    this.#direct = options.direct;
    this.#pool = options.pool;
    this.#log = options.log;
  }

  get canPause(): boolean {
    return this.#direct.canPause;
  }

  plan(limits: ContainerLimits, { fresh } = { fresh: false }): SandboxRecord {
    return (fresh ? null : this.#pool.take(limits)) ?? this.#direct.plan(limits);
  }

  release(record: SandboxRecord): void {
    if (!this.#pool.giveBack(record.sandboxId)) this.#direct.release(record);
  }

  async start(
    record: SandboxRecord,
    limits: ContainerLimits,
    signal: AbortSignal,
  ): Promise<Sandbox> {
    if (record.runtimeId === null) {
      const ended = this.#pool.urgentStart();
      return this.#direct.start(record, limits, signal).finally(ended);
    }
    const waiting = this.#pool.fetch(record.sandboxId);
    if (waiting === null) throw new AppError('sandbox_lost');
    const { sandbox } = waiting;
    try {
      signal.throwIfAborted();
      if (!isSame(waiting.limits, limits)) await this.#direct.update(sandbox, limits, signal);
      return sandbox;
    } catch (error) {
      this.#pool.discard(waiting);
      this.#log.warn({ sandboxId: record.sandboxId, err: error }, 'waiting sandbox not usable');
      throw new AppError('sandbox_lost', { cause: error });
    }
  }

  adopt(record: SandboxRecord, agentSeq: number, signal: AbortSignal): Promise<Sandbox | null> {
    return this.#direct.adopt(record, agentSeq, signal);
  }

  update(sandbox: Sandbox, limits: ContainerLimits, signal: AbortSignal): Promise<void> {
    return this.#direct.update(sandbox, limits, signal);
  }

  usage(sandbox: Sandbox, signal: AbortSignal): Promise<RuntimeUsage> {
    return this.#direct.usage(sandbox, signal);
  }
}

function isSame(one: ContainerLimits, other: ContainerLimits): boolean {
  return (
    one.memoryBytes === other.memoryBytes && one.cpus === other.cpus && one.pids === other.pids
  );
}
