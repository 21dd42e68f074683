// One session: its executions, its followers, its settings and its snapshots. All that changes it goes through one serial queue. Where
// it lives is session-life.ts's part.
import { abortable } from '../foundation/abortable.ts';
import { AppError } from '../foundation/errors.ts';
import {
  type ExecutionRecord,
  isDormant,
  type SessionRecord,
  type SnapshotRecord,
} from '../registry/records.ts';
import type { Agent, Sandbox } from '../sandbox/agent.ts';
import { type Checkpoint, Executor } from './executor.ts';
import { IdleWatch } from './idle-watch.ts';
import { LiveLog } from './live-log.ts';
import { SerialQueue } from './serial-queue.ts';
import { type Origin, SessionLife } from './session-life.ts';
import type { SessionOptions } from './session-options.ts';
import type {
  ConfigChange,
  DeleteOptions,
  ExecuteRequest,
  ExecutionView,
  LiveFollower,
  LiveSubscription,
} from './session-service.ts';
import { SessionStore } from './session-store.ts';
import { SessionVersions } from './session-versions.ts';
import type { SnapshotRequest } from './snapshots.ts';
import type { Uses } from './uses.ts';

export class Session {
  readonly #options: SessionOptions;
  readonly #serial: SerialQueue;
  /** Snapshots, rollbacks and the like come one after another, beside what else happens. */
  readonly #stillness: SerialQueue;
  readonly #store: SessionStore;
  readonly #live: LiveLog;
  readonly #executor: Executor;
  readonly #life: SessionLife;
  readonly #versions: SessionVersions;
  readonly #idleWatch: IdleWatch;
  #connections = 0;

  /** What must keep it in memory is one of the `uses`. `left`: it was found in the registry, and `recover` comes next; else `begin`. */
  constructor(record: SessionRecord, options: SessionOptions, uses: Uses, left: boolean) {
    const { registry, clock, log, limits } = options;
    this.#options = options;
    this.#serial = new SerialQueue(uses);
    this.#stillness = new SerialQueue(uses);
    this.#store = new SessionStore(record, { registry, clock, log });
    this.#live = new LiveLog(
      record.seqReserved,
      (seqReserved) => {
        void this.#serial.run(() =>
          this.#store.applyStubbornly({ session: { seqReserved } }, false),
        );
      },
      log,
    );
    this.#idleWatch = new IdleWatch({
      clock,
      limitMs: () => this.record.config.idle.hibernateAfterMs,
      idle: () => void this.#doze(),
    });
    this.#versions = new SessionVersions({
      store: this.#store,
      snapshots: options.snapshots,
      clock,
      log,
      due: () => void this.snapshot({ label: null, reason: 'interval' }).catch(this.#unsnapped),
    });
    this.#executor = new Executor({
      store: this.#store,
      live: this.#live,
      clock,
      limits,
      unresponsive: (executionId) =>
        this.#life.lose(this.#life.sandbox, { reason: 'unresponsive', detail: executionId }, () =>
          this.#executor.isRunning(executionId),
        ),
      checkpoint: (agent) => this.#checkpoint(agent),
    });
    this.#life = new SessionLife(
      {
        options,
        serial: this.#serial,
        store: this.#store,
        live: this.#live,
        executor: this.#executor,
        uses,
      },
      !left,
    );
  }

  get record(): SessionRecord {
    return this.#store.record;
  }

  get connections(): number {
    return this.#connections;
  }

  get sandbox(): Sandbox | null {
    return this.#life.sandbox;
  }

  get sandboxIds(): string[] {
    return this.#life.sandboxIds;
  }

  /** It has no sandbox and nothing to do: once nobody uses it, the registry has all that there is of it. */
  get dormant(): boolean {
    const { state } = this.record;
    return state === 'deleted' || (isDormant(state) && this.#executor.atRest);
  }

  // --- life ---------------------------------------------------------------------------------------------------------

  /** Starts the first sandbox of a session whose record, with its planned sandbox, is stored. Throws when it does not start. */
  async begin(origin: Origin | null): Promise<void> {
    await this.#serial.run(() => this.#life.begin(origin));
    await this.#life.ready;
    this.#idleWatch.touch();
  }

  /**
   * Takes over what an earlier process left: the container if it still runs, the open executions in any case. Throws
   * `runtime_unavailable` while the engine cannot be asked; then nothing has changed, and it is to be called again.
   */
  async recover(): Promise<void> {
    await this.#serial.run(() => this.#life.recover());
    this.#idleWatch.touch();
  }

  /** A fresh sandbox: variables and files are forgotten, history and versions stay. What is open is cancelled. */
  async restart(): Promise<void> {
    await this.#serial.run(async () => {
      this.#life.assertLive();
      await this.#executor.abandonAll('cancelled', 'The session was restarted');
      void this.#life.putAway();
      await this.#life.startAnother('restarted', null, { version: null });
    });
    await this.#life.ready;
  }

  /** Ends everything and removes every trace but the snapshots, if they are to be kept. Throws `session_busy` while something runs, unless forced. */
  async delete({ force, keepSnapshots = false }: DeleteOptions): Promise<void> {
    await this.#serial.run(async () => {
      this.#life.assertLive();
      if (!force && !this.#executor.atRest) throw new AppError('session_busy');
      await this.#executor.abandonAll('cancelled', 'The session was deleted');
      if (!keepSnapshots) await this.#versions.removeAll();
      await this.#life.changeState('deleted', 'deleted');
      this.#life.close();
    });
    await this.finishDeletion();
  }

  /** The part of `delete` that a crash may have cut off: the record says `deleted` already. */
  async finishDeletion(): Promise<void> {
    this.#life.close();
    this.letGo();
    this.#live.close('deleted');
    await this.#life.putAway();
    this.#options.admission.rest(this.record.sessionId);
    await this.#serial.run(() => this.#options.registry.deleteSession(this.record.sessionId));
  }

  /** Somebody else will have the session when it is wanted again: nothing is left here that would wake up. */
  letGo(): void {
    this.#versions.close();
    this.#idleWatch.close();
  }

  /** The process ends: followers are told, the container and its executions go on for the next process. */
  async leave(): Promise<void> {
    this.#life.leave();
    this.letGo();
    this.#executor.leave();
    this.#live.close('shuttingDown');
    await this.#serial.run(() => {});
  }

  /** Changes a live session. Throws `not_changeable` for what is fixed when a sandbox starts. */
  async configure(change: ConfigChange): Promise<void> {
    await this.#serial.run(async () => {
      this.#life.assertLive();
      const before = this.record.config;
      const config = { ...before, ...change };
      if (config.limits.workspaceBytes !== before.limits.workspaceBytes) {
        throw new AppError('not_changeable', {
          detail: 'limits.workspaceBytes is fixed when a sandbox starts.',
        });
      }
      const { sandbox } = this.#life;
      if (sandbox) {
        const signal = AbortSignal.timeout(this.#options.limits.sandboxStartMsMax);
        await this.#options.source.update(sandbox, config.limits, signal);
        await sandbox.agent.configure(this.#life.configureRequest(config), signal);
      }
      await this.#store.apply({ session: { config } });
    });
    this.#idleWatch.touch();
  }

  /** The sandbox, once it is there; a session without one is given one. The signal ends the wait only. */
  async awake(signal: AbortSignal): Promise<Sandbox> {
    await this.#serial.run(async () => {
      this.#life.assertLive();
      await this.#life.wake();
    });
    this.#idleWatch.touch();
    return abortable(this.#life.ready, signal);
  }

  // --- versions -----------------------------------------------------------------------------------------------------

  /** Stores the state as a new version, after the running execution and before those that wait. Durable when it resolves. */
  snapshot(request: SnapshotRequest, signal = this.#longest()): Promise<SnapshotRecord> {
    return this.#still(signal, async (sandbox) => {
      const content = await this.#versions.take(sandbox.agent, request, signal);
      return this.#serial.run(() => this.#versions.keep(content, () => this.#is(sandbox)));
    });
  }

  /** The state is that of the version again. The present one serves until then, and goes on if it fails. */
  rollback(version: number, signal: AbortSignal): Promise<void> {
    return this.#still(signal, async (sandbox) => {
      const snapshot = await this.#versions.find(version);
      const prepared = await this.#life.prepare({ snapshot, fork: false });
      await this.#serial.run(() => this.#life.swap(sandbox, prepared, version));
    });
  }

  /** Stores the state and lets the sandbox go; the next request brings it back. Throws `session_busy` when something waits to be executed. */
  async hibernate(signal: AbortSignal): Promise<void> {
    if (this.record.state === 'hibernated') return;
    await this.#still(signal, async (sandbox) => {
      const request = { label: null, reason: 'hibernate' } as const;
      const content = await this.#versions.take(sandbox.agent, request, signal);
      await this.#serial.run(async () => {
        if (!this.#executor.atRest) {
          await this.#versions.forget(content);
          throw new AppError('session_busy');
        }
        await this.#versions.keep(content, () => this.#is(sandbox));
        this.#versions.close();
        await this.#life.sleep();
      });
    });
  }

  /** Nobody has used it for long. One that still works, or that cannot be stored, gets the same time again. */
  async #doze(): Promise<void> {
    try {
      if (this.#life.sandbox === null) return;
      if (this.#executor.atRest) await this.hibernate(this.#longest());
      else this.#idleWatch.touch();
    } catch (error) {
      this.#unsnapped(error);
      this.#idleWatch.touch();
    }
  }

  removeVersion(version: number): Promise<void> {
    return this.#serial.run(() => {
      this.#life.assertLive();
      return this.#versions.remove(version);
    });
  }

  /** Runs `work` while the sandbox executes nothing, and no other such work is done. */
  #still<Result>(
    signal: AbortSignal,
    work: (sandbox: Sandbox) => Promise<Result>,
  ): Promise<Result> {
    return this.#stillness.run(() => this.#whileHeld(signal, work));
  }

  async #whileHeld<Result>(
    signal: AbortSignal,
    work: (sandbox: Sandbox) => Promise<Result>,
  ): Promise<Result> {
    const hold = this.#executor.hold();
    try {
      const sandbox = await this.awake(signal);
      await abortable(hold.quiet, signal);
      return await work(sandbox);
    } finally {
      hold.release();
      void this.#serial.run(async () => {
        const { sandbox, closed } = this.#life;
        if (sandbox && !closed) await this.#executor.dispatch(sandbox.agent);
      });
    }
  }

  #is(sandbox: Sandbox): boolean {
    return !this.#life.closed && this.#life.sandbox === sandbox;
  }

  /** An execution has ended: under the policy `execution` its end is stored together with the state that it made. */
  async #checkpoint(agent: Agent): Promise<Checkpoint> {
    const { policy } = this.record.config.persistence;
    if (policy === 'interval') this.#versions.schedule();
    if (policy !== 'execution') return {};
    try {
      const request = { label: null, reason: 'execution' } as const;
      const content = await this.#versions.take(agent, request, this.#longest());
      await this.#versions.thin(1);
      return this.#versions.changeFor(content);
    } catch (error) {
      this.#unsnapped(error);
      const why = error instanceof AppError ? error.message : 'an internal error';
      return { warning: `The state after this execution could not be stored: ${why}` };
    }
  }

  readonly #unsnapped = (error: unknown): void => {
    const { sessionId } = this.record;
    this.#options.log.error({ sessionId, err: error }, 'a snapshot could not be taken');
  };

  #longest(): AbortSignal {
    return AbortSignal.timeout(this.#options.limits.snapshotMsMax);
  }

  // --- executions ---------------------------------------------------------------------------------------------------

  /** Stores and queues; resolves when the record is committed. Throws `queue_full`, `registry_unavailable`. */
  async submit(request: ExecuteRequest): Promise<ExecutionRecord> {
    if (!this.#store.available) throw new AppError('registry_unavailable');
    return this.#serial.run(async () => {
      this.#life.assertLive();
      await this.#life.wake();
      this.#idleWatch.touch();
      const execution = await this.#executor.submit(request);
      const { sandbox } = this.#life;
      if (sandbox) await this.#executor.dispatch(sandbox.agent);
      return execution;
    });
  }

  ended(executionId: string, signal: AbortSignal): Promise<ExecutionView> | null {
    return this.#executor.ended(executionId, signal);
  }

  soFar(executionId: string): ExecutionView | null {
    return this.#executor.soFar(executionId);
  }

  cancel(executionId: string): Promise<boolean> {
    return this.#serial.run(() =>
      this.#executor.cancel(executionId, this.#life.sandbox?.agent ?? null),
    );
  }

  stdin(executionId: string, content: string): boolean {
    return this.#executor.stdin(executionId, content, this.#life.sandbox?.agent ?? null);
  }

  /** Forgets ended executions with their events. */
  async clearHistory(): Promise<void> {
    await this.#serial.run(() => {
      this.#life.assertLive();
      return this.#store.clearHistory();
    });
  }

  // --- followers ----------------------------------------------------------------------------------------------------

  /** See SessionService.follow. Replay and going live are one step of the serial queue, so nothing falls between. */
  async follow(
    options: { since?: number; connection: boolean },
    follower: LiveFollower,
  ): Promise<LiveSubscription> {
    return this.#serial.run(async () => {
      if (this.#life.closed) throw new AppError('session_not_found');
      if (options.since !== undefined) {
        await this.#live.replay(options.since, this.record, this.#options.registry, follower);
      }
      const unfollow = this.#live.follow(follower);
      let counted = options.connection ? 1 : 0;
      this.#connections += counted;
      return {
        since: this.#live.nextSeq(),
        number: (send) => this.#live.number(send),
        unsubscribe: () => {
          this.#connections -= counted;
          counted = 0;
          unfollow();
        },
      };
    });
  }
}
