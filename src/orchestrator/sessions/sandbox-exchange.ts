// Puts another sandbox in the place of a session's present one, which goes on until the other is ready: with the state of a version,
// or empty with the same files. A session that sleeps may get one in this way, too.
import { abortable } from '../foundation/abortable.ts';
import { AppError } from '../foundation/errors.ts';
import { isDormant, type SandboxRecord, type SessionConfig } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import { eventRecord, type LiveLog } from './live-log.ts';
import type { StateDetails, StateReason } from './live-messages.ts';
import type { Loss } from './losses.ts';
import type { Bring, Origin, Origins } from './origins.ts';
import { type Prepared, prepareRenewal } from './renewal.ts';
import type { SandboxKeeper, SandboxSettings } from './sandbox-keeper.ts';
import { settleSandbox } from './sandbox-settings.ts';
import type { SerialQueue } from './serial-queue.ts';
import type { SessionNetwork } from './session-network.ts';
import type { SessionOptions } from './session-options.ts';
import type { SessionStore } from './session-store.ts';
import type { StateChanges } from './state-changes.ts';

export type SandboxExchangeParts = {
  readonly options: SessionOptions;
  /** The session's queue. */
  readonly serial: SerialQueue;
  readonly store: SessionStore;
  readonly live: LiveLog;
  readonly keeper: SandboxKeeper;
  readonly network: SessionNetwork;
  readonly origins: Origins;
  readonly states: StateChanges;
  readonly settings: (bring: Bring) => SandboxSettings;
  readonly isCurrent: (sandbox: Sandbox) => boolean;
  /** Throws when there is nothing to serve any more. */
  readonly assertLive: () => void;
  /** The sandbox that is being started, once it is there. */
  readonly ready: () => Promise<Sandbox>;
  /** The session lives in this sandbox from now on. */
  readonly use: (sandbox: Sandbox, record: SandboxRecord) => void;
  readonly lose: (sandbox: Sandbox, loss: Loss) => void;
};

export class SandboxExchange {
  readonly #parts: SandboxExchangeParts;
  #renewing = false;
  #lostMeanwhile: Loss | null = null;

  constructor(parts: SandboxExchangeParts) {
    this.#parts = parts;
  }

  /** The present sandbox is lost. True: it is being renewed, which sees to that as well. */
  noteLoss(loss: Loss): boolean {
    if (this.#renewing) this.#lostMeanwhile = loss;
    return this.#renewing;
  }

  /**
   * Outside of the queue, with nothing executing: the state of a version takes the place of `former`'s. Throws when that fails, and then
   * nothing has changed.
   */
  async goBack(former: Sandbox, origin: Origin): Promise<void> {
    const prepared = await this.#prepareOrigin(origin);
    await this.#place(prepared, () => this.#swapForOrigin(former, prepared, origin));
  }

  /**
   * As `goBack`, of a session that sleeps: it is not woken for that, and sleeps on when it fails. `arrives` is called when the sandbox
   * becomes the session's. Where somebody else wakes the session meanwhile, that sandbox is the former one. The signal ends the wait for it.
   */
  async goBackAsleep(origin: Origin, arrives: () => void, signal: AbortSignal): Promise<void> {
    const { store, assertLive, ready, keeper } = this.#parts;
    const prepared = await this.#prepareOrigin(origin);
    const arrived = await this.#place(prepared, async () => {
      assertLive();
      if (!isDormant(store.record.state)) return false;
      await this.#assertThere(origin);
      arrives();
      await this.#arrive(prepared, origin.snapshot.version);
      return true;
    });
    if (arrived) return;
    const former = await abortable(ready(), signal).catch((error: unknown) => {
      keeper.discard(prepared.sandbox, prepared.plan);
      throw error;
    });
    await this.#place(prepared, () => this.#swapForOrigin(former, prepared, origin));
  }

  /** Outside of the queue, with nothing executing: an empty sandbox with the same files takes the place of `former`. */
  async renew(former: Sandbox): Promise<void> {
    const { options, store, origins, lose } = this.#parts;
    this.#renewing = true;
    try {
      const { files, ...prepared } = await prepareRenewal({
        former,
        record: store.record,
        origins,
        prepare: (bring) => this.#prepare(bring),
        log: options.log,
      });
      await this.#place(prepared, () => {
        const { version } = store.record;
        return this.#swap(former, prepared, version, { reason: 'restarted', files, version });
      });
    } finally {
      this.#renewing = false;
      const loss = this.#lostMeanwhile;
      this.#lostMeanwhile = null;
      if (loss !== null) lose(former, loss);
    }
  }

  /** The session's sandbox has the settings of `config`, or nobody knows which: it gets the present ones. */
  async keepUp(sandbox: Sandbox, config: SessionConfig | null): Promise<void> {
    if (this.#parts.store.record.config !== config) await settleSandbox(sandbox, this.#parts);
  }

  #prepareOrigin(origin: Origin): Promise<Prepared> {
    const { origins, store } = this.#parts;
    return this.#prepare(origins.bring(origin, store.record.sessionId));
  }

  async #prepare(bring: Bring): Promise<Prepared> {
    const { keeper, settings, store } = this.#parts;
    const { config } = store.record;
    return { ...(await keeper.startUnstored(settings(bring))), config };
  }

  /** Does in the session's queue what makes the sandbox its own; when that throws, the sandbox goes. */
  #place<Result>(prepared: Prepared, work: () => Promise<Result>): Promise<Result> {
    const { serial, keeper } = this.#parts;
    return serial.run(async () => {
      try {
        return await work();
      } catch (error) {
        keeper.discard(prepared.sandbox, prepared.plan);
        throw error;
      }
    });
  }

  /** It may have been let go meanwhile: a session never stands on what is not there. */
  async #assertThere({ snapshot }: Origin): Promise<void> {
    const { sessionId, version } = snapshot;
    const found = await this.#parts.options.registry.findSnapshot(sessionId!, version!);
    if (found === null) throw new AppError('snapshot_not_found');
  }

  async #swapForOrigin(former: Sandbox, prepared: Prepared, origin: Origin): Promise<void> {
    await this.#assertThere(origin);
    const { version } = origin.snapshot;
    await this.#swap(former, prepared, version, { reason: 'rolledBack', version });
  }

  /** In one change: the session is awake, in this sandbox, and stands on the version. */
  async #arrive({ sandbox, plan, config }: Prepared, version: number | null): Promise<void> {
    const { states, use } = this.#parts;
    const record = recordOf(sandbox, plan);
    const session = { sandbox: record, agentSeq: 0, version };
    use(sandbox, record);
    await states.to('idle', 'rolledBack', session, {}, true, { version });
    await this.keepUp(sandbox, config);
  }

  /** If `former` still is the present one; `version` is what the session falls back to then. */
  async #swap(
    former: Sandbox,
    { sandbox, plan, config }: Prepared,
    version: number | null,
    told: StateDetails & { readonly reason: StateReason },
  ): Promise<void> {
    const { options, store, live, keeper, isCurrent, use } = this.#parts;
    if (!isCurrent(former)) throw new AppError('sandbox_lost');
    const { state, sandbox: formerRecord } = store.record;
    const record = recordOf(sandbox, plan);
    const event = live.compose({ type: 'state', from: state, to: state, ...told });
    const session = { sandbox: record, agentSeq: 0, version };
    const events = [eventRecord(event, options.clock.now())];
    await store.applyStubbornly({ session, events }, true);
    keeper.discard(former, formerRecord!);
    use(sandbox, record);
    await this.keepUp(sandbox, config);
    live.send([event]);
  }
}

/** A planned sandbox as it has become. */
export function recordOf(sandbox: Sandbox, plan: SandboxRecord): SandboxRecord {
  return { ...plan, runtimeId: sandbox.runtimeId, runtime: sandbox.runtime };
}
