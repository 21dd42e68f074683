// Puts another sandbox in the place of a session's present one, which goes on until the other is ready: with the state of a version,
// or empty with the same files.
import { AppError } from '../foundation/errors.ts';
import type { SandboxRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import { eventRecord, type LiveLog } from './live-log.ts';
import type { StateDetails, StateReason } from './live-messages.ts';
import type { Loss } from './losses.ts';
import type { Bring, Origin, Origins } from './origins.ts';
import { type Prepared, prepareRenewal } from './renewal.ts';
import type { SandboxKeeper, SandboxSettings } from './sandbox-keeper.ts';
import type { SerialQueue } from './serial-queue.ts';
import type { SessionOptions } from './session-options.ts';
import type { SessionStore } from './session-store.ts';

export type SandboxExchangeParts = {
  readonly options: SessionOptions;
  /** The session's queue. */
  readonly serial: SerialQueue;
  readonly store: SessionStore;
  readonly live: LiveLog;
  readonly keeper: SandboxKeeper;
  readonly origins: Origins;
  readonly settings: (bring: Bring) => SandboxSettings;
  readonly isCurrent: (sandbox: Sandbox) => boolean;
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
    const { options, serial, store, keeper, origins } = this.#parts;
    const prepared = await this.#prepare(origins.bring(origin, store.record.sessionId));
    const { sessionId, version } = origin.snapshot;
    await serial.run(async () => {
      // It may have been let go meanwhile: a session never stands on what is not there.
      if ((await options.registry.findSnapshot(sessionId!, version!)) === null) {
        keeper.discard(prepared.sandbox, prepared.plan);
        throw new AppError('snapshot_not_found');
      }
      await this.#swap(former, prepared, version, { reason: 'rolledBack', version });
    });
  }

  /** Outside of the queue, with nothing executing: an empty sandbox with the same files takes the place of `former`. */
  async renew(former: Sandbox): Promise<void> {
    const { options, serial, store, origins, lose } = this.#parts;
    this.#renewing = true;
    try {
      const { files, ...prepared } = await prepareRenewal({
        former,
        record: store.record,
        origins,
        prepare: (bring) => this.#prepare(bring),
        log: options.log,
      });
      await serial.run(() => {
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

  #prepare(bring: Bring): Promise<Prepared> {
    return this.#parts.keeper.startUnstored(this.#parts.settings(bring));
  }

  /** If `former` still is the present one; `version` is what the session falls back to then. */
  async #swap(
    former: Sandbox,
    { sandbox, plan }: Prepared,
    version: number | null,
    told: StateDetails & { readonly reason: StateReason },
  ): Promise<void> {
    const { options, store, live, keeper, isCurrent, use } = this.#parts;
    if (!isCurrent(former)) {
      keeper.discard(sandbox, plan);
      throw new AppError('sandbox_lost');
    }
    const { state, sandbox: formerRecord } = store.record;
    const record = recordOf(sandbox, plan);
    const event = live.compose({ type: 'state', from: state, to: state, ...told });
    const session = { sandbox: record, agentSeq: 0, version };
    const events = [eventRecord(event, options.clock.now())];
    await store.applyStubbornly({ session, events }, true);
    keeper.discard(former, formerRecord!);
    use(sandbox, record);
    live.send([event]);
  }
}

/** A planned sandbox as it has become. */
export function recordOf(sandbox: Sandbox, plan: SandboxRecord): SandboxRecord {
  return { ...plan, runtimeId: sandbox.runtimeId, runtime: sandbox.runtime };
}
