// One session: its record, its sandbox, its executions, its followers, and its states. All that changes it goes through its
// serial queue, is stored before anybody is told, and is told to everybody who follows.
import type { ConfigureRequest } from '#protocol';
import { abortable } from '../foundation/abortable.ts';
import { AppError } from '../foundation/errors.ts';
import type {
  ExecutionRecord,
  SandboxRecord,
  SessionRecord,
  SessionState,
} from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import { Executor } from './executor.ts';
import { eventRecord, LiveLog } from './live-log.ts';
import type { StateReason } from './live-messages.ts';
import { type Loss, lossMessage, RecentLosses } from './losses.ts';
import { SandboxKeeper } from './sandbox-keeper.ts';
import { SerialQueue } from './serial-queue.ts';
import type { SessionOptions } from './session-options.ts';
import type {
  ConfigChange,
  ExecuteRequest,
  ExecutionView,
  LiveFollower,
  LiveSubscription,
} from './session-service.ts';
import { move } from './session-state.ts';
import { SessionStore } from './session-store.ts';

export class Session {
  readonly #options: SessionOptions;
  readonly #serial = new SerialQueue();
  readonly #store: SessionStore;
  readonly #live: LiveLog;
  readonly #executor: Executor;
  readonly #keeper: SandboxKeeper;
  readonly #losses: RecentLosses;
  #ready: Promise<Sandbox> = new Promise(() => {});
  #connections = 0;
  #closed = false;
  #left = false;
  /** False until what an earlier process left is taken over: nothing may be queued before that. */
  #settled: boolean;

  /** `left` true: the record was found in the registry, and `recover` comes next; else `begin`. */
  constructor(record: SessionRecord, options: SessionOptions, left = false) {
    this.#settled = !left;
    const { source, registry, clock, log, limits } = options;
    this.#options = options;
    this.#losses = new RecentLosses(clock);
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
    this.#executor = new Executor({
      store: this.#store,
      live: this.#live,
      clock,
      limits,
      unresponsive: (executionId) =>
        this.#lose(this.#keeper.current, { reason: 'unresponsive', detail: executionId }, () =>
          this.#executor.isRunning(executionId),
        ),
    });
    this.#keeper = new SandboxKeeper({
      source,
      log,
      startMsMax: limits.sandboxStartMsMax,
      owner: {
        events: (sandbox, batch) =>
          this.#serial.run(async () => {
            if (this.#keeper.current !== sandbox) return;
            const wrong = await this.#executor.take(batch, sandbox.agent);
            if (wrong) await this.#replace({ reason: 'protocol', detail: wrong });
            else await this.#executor.dispatch(sandbox.agent);
          }),
        lost: (sandbox, loss) => this.#lose(sandbox, loss),
      },
    });
  }

  get record(): SessionRecord {
    return this.#store.record;
  }

  get connections(): number {
    return this.#connections;
  }

  get sandbox(): Sandbox | null {
    return this.#keeper.current;
  }

  // --- life ---------------------------------------------------------------------------------------------------------

  /** Starts the first sandbox of a session whose record, with its planned sandbox, is stored. Throws when it does not start. */
  async begin(): Promise<void> {
    await this.#serial.run(() => this.#start(this.record.sandbox!, 'created'));
    await this.#ready;
  }

  /**
   * Takes over what an earlier process left: the container if it still runs, the open executions in any case. Throws
   * `runtime_unavailable` while the engine cannot be asked; then nothing has changed, and it is to be called again.
   */
  async recover(): Promise<void> {
    await this.#serial.run(async () => {
      if (this.#closed) return;
      const { sessionId, sandbox: record, agentSeq, state } = this.record;
      const open = await this.#options.registry.openExecutions(sessionId);
      const sandbox = record && (await this.#keeper.adopt(record, agentSeq));
      for (const execution of open) this.#executor.readd(execution);
      this.#settled = true;
      if (state === 'failed') return;
      if (state === 'creating') {
        // Nobody knows how far that start came. What waits for it was never handed to anybody.
        if (sandbox) this.#keeper.discard(sandbox, record!);
        return this.#startAnother('recovered');
      }
      if (sandbox === null)
        return this.#replace({ reason: 'lost', detail: 'the container is gone' });
      this.#ready = Promise.resolve(sandbox);
      this.#keeper.use(sandbox, record!);
      if (state === 'idle' && !this.#executor.atRest) await this.#changeState('busy', 'execution');
      await this.#executor.dispatch(sandbox.agent);
    });
  }

  /** A fresh sandbox: variables and files are forgotten, the history stays. What is open is cancelled. */
  async restart(): Promise<void> {
    await this.#serial.run(async () => {
      this.#assertLive();
      await this.#executor.abandonAll('cancelled', 'The session was restarted');
      void this.#keeper.putAway();
      await this.#startAnother('restarted');
    });
    await this.#ready;
  }

  /** Ends everything and removes every trace. Throws `session_busy` while something runs, unless forced. */
  async delete(force: boolean): Promise<void> {
    await this.#serial.run(async () => {
      this.#assertLive();
      if (!force && !this.#executor.atRest) throw new AppError('session_busy');
      await this.#executor.abandonAll('cancelled', 'The session was deleted');
      await this.#changeState('deleted', 'deleted');
      this.#closed = true;
    });
    await this.finishDeletion();
  }

  /** The part of `delete` that a crash may have cut off: the record says `deleted` already. */
  async finishDeletion(): Promise<void> {
    this.#closed = true;
    this.#live.close('deleted');
    await this.#keeper.putAway();
    await this.#serial.run(() => this.#options.registry.deleteSession(this.record.sessionId));
  }

  /** The process ends: followers are told, the container and its executions go on for the next process. */
  async leave(): Promise<void> {
    this.#closed = true;
    this.#left = true;
    this.#keeper.leave();
    this.#executor.leave();
    this.#live.close('shuttingDown');
    await this.#serial.run(() => {});
  }

  /** Changes a live session. Throws `not_changeable` for what is fixed when a sandbox starts. */
  async configure(change: ConfigChange): Promise<void> {
    await this.#serial.run(async () => {
      this.#assertLive();
      const before = this.record.config;
      const config = { ...before, ...change };
      if (config.limits.workspaceBytes !== before.limits.workspaceBytes) {
        throw new AppError('not_changeable', {
          detail: 'limits.workspaceBytes is fixed when a sandbox starts.',
        });
      }
      const sandbox = this.#keeper.current;
      if (sandbox) {
        const signal = AbortSignal.timeout(this.#options.limits.sandboxStartMsMax);
        await this.#options.source.update(sandbox, config.limits, signal);
        await sandbox.agent.configure(this.#configureRequest(config), signal);
      }
      await this.#store.apply({ session: { config } });
    });
  }

  /** The sandbox, once it is there; a failed session is tried again. The signal ends the wait only. */
  async awake(signal: AbortSignal): Promise<Sandbox> {
    await this.#serial.run(async () => {
      this.#assertLive();
      await this.#revive();
    });
    return abortable(this.#ready, signal);
  }

  // --- executions ---------------------------------------------------------------------------------------------------

  /** Stores and queues; resolves when the record is committed. Throws `queue_full`, `registry_unavailable`. */
  async submit(request: ExecuteRequest): Promise<ExecutionRecord> {
    if (!this.#store.available) throw new AppError('registry_unavailable');
    return this.#serial.run(async () => {
      this.#assertLive();
      await this.#revive();
      const execution = await this.#executor.submit(request);
      const sandbox = this.#keeper.current;
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
      this.#executor.cancel(executionId, this.#keeper.current?.agent ?? null),
    );
  }

  stdin(executionId: string, content: string): boolean {
    return this.#executor.stdin(executionId, content, this.#keeper.current?.agent ?? null);
  }

  /** Forgets ended executions with their events. */
  async clearHistory(): Promise<void> {
    await this.#serial.run(() => {
      this.#assertLive();
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
      if (this.#closed) throw new AppError('session_not_found');
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

  // --- sandboxes; all of it inside the serial queue -------------------------------------------------------------------

  /** `stillSo` is asked when its turn in the queue has come. */
  #lose(sandbox: Sandbox | null, loss: Loss, stillSo = () => true): void {
    void this.#serial.run(async () => {
      if (this.#closed || !sandbox || this.#keeper.current !== sandbox || !stillSo()) return;
      await this.#replace(loss);
    });
  }

  /** The sandbox is gone: everybody is told at once, what was open is lost, a fresh sandbox takes its place. */
  async #replace(loss: Loss): Promise<void> {
    const { sessionId, sandbox } = this.record;
    this.#options.log.warn({ sessionId, sandboxId: sandbox?.sandboxId, ...loss }, 'sandbox lost');
    const tooMany = this.#losses.add();
    await this.#executor.abandonAll('lost', lossMessage(loss));
    void this.#keeper.putAway();
    if (tooMany) {
      await this.#store.applyStubbornly({ session: { sandbox: null } }, false);
      await this.#changeState('failed', 'lost');
    } else {
      await this.#changeState('creating', 'lost');
      await this.#startAnother('recovered');
    }
  }

  /** A failed session is tried again. Throws when it cannot even be begun. */
  async #revive(): Promise<void> {
    if (this.record.state !== 'failed') return;
    await this.#startAnother('recovered');
    if (this.record.state === 'failed') await this.#ready;
  }

  /** The new identity is stored before the engine is asked for anything. */
  async #startAnother(reason: StateReason): Promise<void> {
    if (this.record.state !== 'creating') await this.#changeState('creating', reason);
    try {
      const plan = this.#options.source.plan();
      await this.#store.applyStubbornly({ session: { sandbox: plan, agentSeq: 0 } }, false);
      this.#start(plan, reason);
    } catch (error) {
      this.#ready = Promise.reject(error);
      this.#ready.catch(() => {});
      await this.#giveUp(error);
    }
  }

  /** Starts a sandbox beside the queue; `#ready` tells how it went. */
  #start(plan: SandboxRecord, reason: StateReason): void {
    const start = this.#keeper.start(plan, this.record.config.limits, this.#configureRequest());
    this.#ready = start.then((sandbox) =>
      this.#serial.run(() => this.#install(sandbox, plan, reason)),
    );
    this.#ready.catch(
      (error: unknown) => void this.#serial.run(() => this.#startFailed(plan, error)),
    );
  }

  async #install(sandbox: Sandbox, plan: SandboxRecord, reason: StateReason): Promise<Sandbox> {
    if (this.#closed || !this.#isCurrent(plan)) {
      this.#keeper.discard(sandbox, plan);
      throw new AppError(this.#left ? 'shutting_down' : 'sandbox_lost');
    }
    const record = { ...plan, runtimeId: sandbox.runtimeId, runtime: sandbox.runtime };
    await this.#store.applyStubbornly({ session: { sandbox: record } }, false);
    this.#keeper.use(sandbox, record);
    await this.#changeState('idle', reason);
    if (!this.#executor.atRest) await this.#changeState('busy', 'execution');
    await this.#executor.dispatch(sandbox.agent);
    return sandbox;
  }

  async #startFailed(plan: SandboxRecord, error: unknown): Promise<void> {
    if (this.#closed || !this.#isCurrent(plan) || this.#keeper.current) return;
    await this.#giveUp(error);
  }

  /** Without a sandbox until the next request. */
  async #giveUp(error: unknown): Promise<void> {
    const { sessionId, sandbox } = this.record;
    const ids = { sessionId, sandboxId: sandbox?.sandboxId };
    this.#options.log.error({ ...ids, err: error }, 'sandbox did not start');
    await this.#executor.abandonAll('lost', 'The sandbox could not be started');
    await this.#store.applyStubbornly({ session: { sandbox: null } }, false);
    await this.#changeState('failed', 'failed');
  }

  /** False when the session has moved on to another sandbox since `plan` was made. */
  #isCurrent(plan: SandboxRecord): boolean {
    return this.record.sandbox?.sandboxId === plan.sandboxId;
  }

  async #changeState(to: SessionState, reason: StateReason): Promise<void> {
    const from = this.record.state;
    const event = this.#live.compose({ type: 'state', from, to, reason });
    const events = [eventRecord(event, this.#options.clock.now())];
    await this.#store.applyStubbornly({ session: { state: move(from, to) }, events }, false);
    this.#live.send([event]);
  }

  #configureRequest(config = this.record.config): ConfigureRequest {
    return {
      sessionId: this.record.sessionId,
      language: this.record.language,
      environment: { ...config.env },
      outputBytesMax: config.limits.outputBytes,
      heapBytesMax: Math.floor(config.limits.memoryBytes * this.#options.limits.heapShare),
    };
  }

  #assertLive(): void {
    if (this.#left) throw new AppError('shutting_down');
    if (this.#closed || this.record.state === 'deleted') throw new AppError('session_not_found');
    if (!this.#settled) throw new AppError('runtime_unavailable');
  }
}
