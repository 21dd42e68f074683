// What is done to a session while it executes nothing: its state is stored, brought back, frozen or put away. One such thing at a time,
// beside what else happens.
import { abortable } from '../foundation/abortable.ts';
import { AppError } from '../foundation/errors.ts';
import { isDormant, type SnapshotRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { Checkpoint, Executor } from './executor.ts';
import type { Step } from './idle-ladder.ts';
import type { Loss } from './losses.ts';
import { SerialQueue } from './serial-queue.ts';
import type { SessionFiles } from './session-files.ts';
import type { SessionLife } from './session-life.ts';
import type { SessionOptions } from './session-options.ts';
import type { SessionRoom } from './session-room.ts';
import type { SessionStore } from './session-store.ts';
import type { SessionUse } from './session-use.ts';
import type { SessionVersions } from './session-versions.ts';
import type { SnapshotRequest, VersionChoice } from './snapshots.ts';
import type { Uses } from './uses.ts';

export type StandstillParts = {
  readonly options: SessionOptions;
  /** The session's queue: all that changes it. */
  readonly serial: SerialQueue;
  readonly room: SessionRoom;
  readonly store: SessionStore;
  readonly executor: Executor;
  readonly life: SessionLife;
  readonly versions: SessionVersions;
  readonly use: SessionUse;
  readonly uses: Uses;
  readonly files: Pick<SessionFiles, 'shut'>;
};

export class Standstill {
  readonly #parts: StandstillParts;
  readonly #turns: SerialQueue;
  #turnsTaken = 0;

  constructor(parts: StandstillParts) {
    this.#parts = parts;
    this.#turns = new SerialQueue(parts.uses);
  }

  /** Something of the kind is being done, or waits. */
  get underWay(): boolean {
    return this.#turnsTaken > 0;
  }

  /** See Session.snapshot. */
  snapshot(request: SnapshotRequest, signal: AbortSignal): Promise<SnapshotRecord> {
    return this.#inTurn(() =>
      this.#awake(signal, (sandbox) => this.#store(sandbox, request, signal)),
    );
  }

  /** Files have changed under the policy `execution`. `begun` is called before the state is looked at; gives the sandbox whose it is. */
  storeFiles(begun: () => void): Promise<Sandbox> {
    const signal = this.#longest();
    const request = { label: null, reason: 'files' } as const;
    return this.#inTurn(() =>
      this.#awake(signal, async (sandbox) => {
        begun();
        await this.#store(sandbox, request, signal);
        return sandbox;
      }),
    );
  }

  /** Stores the state because the policy says so: that is no use, and a paused session stays paused. */
  async storeInterval(): Promise<void> {
    const signal = this.#longest();
    const request = { label: null, reason: 'interval' } as const;
    try {
      await this.#inTurn(async () => {
        if (this.#parts.life.sandbox === null) return;
        await this.#roused(signal, (sandbox) => this.#store(sandbox, request, signal));
      });
    } catch (error) {
      this.#unsnapped(error);
    }
  }

  /** See Session.rollback. */
  rollback(wanted: VersionChoice, signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      if (!isDormant(this.#parts.store.record.state))
        return this.#awake(signal, (sandbox) => this.#goBack(sandbox, wanted, signal));
      using _use = this.#parts.use.begin();
      using _held = this.hold();
      this.#parts.life.assertLive();
      await this.#goBack(null, wanted, signal);
    });
  }

  /** `former`: null of a session that sleeps. */
  async #goBack(former: Sandbox | null, wanted: VersionChoice, signal: AbortSignal): Promise<void> {
    const { options, life, store, versions, room } = this.#parts;
    const origin = { snapshot: await versions.find(wanted), fork: false };
    const { tenant, config } = store.record;
    const own = await options.admission.enter(tenant, config.limits, signal);
    let isAccepted = false;
    const accept = () => {
      isAccepted = true;
      room.accept(own);
    };
    try {
      if (former) await life.exchange.goBack(former, origin);
      else await life.exchange.goBackAsleep(origin, accept, signal);
    } finally {
      // A session that was awake has room already: that of the sandbox that stays.
      if (!isAccepted) own.releaseAfter(life.removed());
    }
  }

  /** See Session.pause. */
  pause(signal: AbortSignal): Promise<void> {
    const { serial, store, life } = this.#parts;
    return this.#inTurn(async () => {
      if (store.record.state === 'creating') await abortable(life.ready, signal);
      await serial.run(async () => {
        life.assertLive();
        const { state } = store.record;
        // There is nothing that could be frozen, or it is.
        if (state === 'paused' || state === 'hibernated' || state === 'failed') return;
        this.#assertUnused();
        await life.freezer.pause();
      });
    });
  }

  /** See Session.hibernate. */
  hibernate(signal: AbortSignal): Promise<void> {
    const { serial, store, life, versions, files } = this.#parts;
    return this.#inTurn(async () => {
      if (store.record.state === 'hibernated') return;
      await this.#roused(signal, async (sandbox) => {
        using _shut = await files.shut(signal);
        const request = { label: null, reason: 'hibernate' } as const;
        const content = await versions.take(sandbox.agent, request, signal);
        await serial.run(async () => {
          try {
            this.#assertUnused();
          } catch (error) {
            await versions.forget(content);
            throw error;
          }
          const change = await versions.current(content, () => life.isCurrent(sandbox));
          await life.sleep(change);
          await change.stored();
        });
      });
    });
  }

  /** A step down that somebody else needs. Throws `session_busy` when it is used, and what storing throws. */
  reclaim(to: Step['to']): Promise<void> {
    return to === 'paused' ? this.pause(this.#longest()) : this.hibernate(this.#longest());
  }

  /** A step down the idle ladder. False when it could not be taken now. */
  async descend(step: Step): Promise<boolean> {
    try {
      await this.reclaim(step.to);
      return true;
    } catch (error) {
      const { options, store, life } = this.#parts;
      const used = error instanceof AppError && error.code === 'session_busy';
      const ids = { sessionId: store.record.sessionId, to: step.to };
      if (!used && !life.closed) options.log.warn({ ...ids, err: error }, 'a session stays awake');
      return false;
    }
  }

  /**
   * An execution has ended: under the policy `execution` its end is stored together with the state that it made. A loss when that state
   * has gone with the sandbox.
   */
  async checkpoint(sandbox: Sandbox): Promise<Checkpoint | Loss> {
    const { store, versions } = this.#parts;
    const { policy } = store.record.config.persistence;
    if (policy === 'interval') versions.schedule();
    if (policy !== 'execution') return {};
    const request = { label: null, reason: 'execution' } as const;
    const signal = this.#longest();
    for (let attempt = 1; ; attempt++) {
      try {
        const content = await versions.take(sandbox.agent, request, signal);
        return await versions.changeFor(content);
      } catch (error) {
        const isCutOff = error instanceof AppError && error.code === 'sandbox_lost';
        // A link that broke comes back, or turns out to be lost.
        if (isCutOff && attempt === 1) continue;
        this.#unsnapped(error);
        if (isCutOff) return await lossOf(sandbox);
        const why = error instanceof AppError ? error.message : 'an internal error';
        return { warning: `The state after this execution could not be stored: ${why}` };
      }
    }
  }

  async #store(
    sandbox: Sandbox,
    request: SnapshotRequest,
    signal: AbortSignal,
  ): Promise<SnapshotRecord> {
    const { life, serial, versions } = this.#parts;
    const content = await versions.take(sandbox.agent, request, signal);
    return serial.run(() => versions.keep(content, () => life.isCurrent(sandbox), request.effect));
  }

  #assertUnused(): void {
    if (!this.#parts.executor.atRest) throw new AppError('session_busy');
    if (this.#parts.use.underWay)
      throw new AppError('session_busy', { detail: 'Another request uses this session.' });
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#turnsTaken++;
    try {
      return await this.#turns.run(work);
    } finally {
      this.#turnsTaken--;
    }
  }

  /** Somebody asks for it: a session that sleeps wakes up, and it counts as a use. */
  async #awake<Result>(
    signal: AbortSignal,
    work: (sandbox: Sandbox) => Promise<Result>,
  ): Promise<Result> {
    using _use = this.#parts.use.begin();
    const { life, room } = this.#parts;
    return await this.#held(signal, () => room.run(signal, () => life.wake()), work);
  }

  /** Nobody is to notice: a paused session runs for as long as the work takes, and is frozen again. */
  async #roused<Result>(
    signal: AbortSignal,
    work: (sandbox: Sandbox) => Promise<Result>,
  ): Promise<Result> {
    const { life, room, serial } = this.#parts;
    const rouse = () => room.run(signal, () => life.rouse(), { frozen: true });
    try {
      return await this.#held(signal, rouse, work);
    } finally {
      await serial.run(() => {
        if (!life.closed) return life.freezer.settle();
      });
    }
  }

  /** Runs `work` when nothing is executed any more; what is submitted meanwhile waits. */
  async #held<Result>(
    signal: AbortSignal,
    wake: () => Promise<void>,
    work: (sandbox: Sandbox) => Promise<Result>,
  ): Promise<Result> {
    const { life } = this.#parts;
    using held = this.hold();
    await wake();
    const sandbox = await abortable(life.ready, signal);
    await abortable(held.quiet, signal);
    return await work(sandbox);
  }

  /** Nothing more is begun until the result is disposed of; `quiet` resolves when what runs has ended. */
  hold(): { readonly quiet: Promise<void> } & Disposable {
    const { executor, life, serial } = this.#parts;
    const hold = executor.hold();
    return {
      quiet: hold.quiet,
      [Symbol.dispose]: () => {
        hold.release();
        void serial.run(async () => {
          const { sandbox, closed } = life;
          if (sandbox && !closed) await executor.dispatch(sandbox.agent);
        });
      },
    };
  }

  #unsnapped(error: unknown): void {
    const { options, store } = this.#parts;
    const { sessionId } = store.record;
    options.log.error({ sessionId, err: error }, 'a snapshot could not be taken');
  }

  #longest(): AbortSignal {
    return AbortSignal.timeout(this.#parts.options.limits.snapshotMsMax);
  }
}

/** As it was noticed, if it was by now. */
function lossOf(sandbox: Sandbox): Promise<Loss> {
  const unnoticed = { reason: 'lost', detail: 'its state cannot be had' };
  return Promise.race([sandbox.lost, Promise.resolve(unnoticed)]);
}
