// How a session comes by the sandbox that it lives in: started, taken over from an earlier process, lost and replaced, rolled back,
// frozen, put to sleep and woken. All that changes something here runs in the session's serial queue.
import { AppError } from '../foundation/errors.ts';
import type { SandboxRecord, SessionConfig, SessionRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { Executor } from './executor.ts';
import { Freezer } from './freezer.ts';
import type { LiveLog } from './live-log.ts';
import type { RestoredFiles, StateReason } from './live-messages.ts';
import { type Loss, lossMessage, RecentLosses } from './losses.ts';
import { type Bring, type Origin, Origins } from './origins.ts';
import { recordOf, SandboxExchange } from './sandbox-exchange.ts';
import { SandboxKeeper } from './sandbox-keeper.ts';
import { configureRequest } from './sandbox-settings.ts';
import type { SerialQueue } from './serial-queue.ts';
import { SessionFigures } from './session-figures.ts';
import type { SessionNetwork } from './session-network.ts';
import type { SessionOptions } from './session-options.ts';
import type { Change, SessionStore } from './session-store.ts';
import type { VersionChange } from './session-versions.ts';
import { isStateFault } from './snapshots.ts';
import type { StateChanges } from './state-changes.ts';
import type { Uses } from './uses.ts';

export type SessionLifeParts = {
  readonly options: SessionOptions;
  readonly serial: SerialQueue;
  readonly store: SessionStore;
  readonly live: LiveLog;
  readonly executor: Executor;
  readonly uses: Uses;
  readonly network: SessionNetwork;
  readonly states: StateChanges;
};

export class SessionLife {
  readonly #options: SessionOptions;
  readonly #serial: SerialQueue;
  readonly #store: SessionStore;
  readonly #executor: Executor;
  readonly #keeper: SandboxKeeper;
  readonly #losses: RecentLosses;
  readonly #figures: SessionFigures;
  readonly #states: StateChanges;
  readonly #origins: Origins;
  readonly #network: SessionNetwork;
  /** Puts another sandbox in the place of the current one. */
  readonly exchange: SandboxExchange;
  readonly freezer: Freezer;
  #ready: Promise<Sandbox> = new Promise(() => {});
  #closed = false;
  #left = false;
  /** False until what an earlier process left is taken over: nothing may be queued before that. */
  #settled: boolean;

  constructor(parts: SessionLifeParts, settled: boolean) {
    const { options, serial, store, live, executor, uses } = parts;
    this.#options = options;
    this.#states = parts.states;
    this.#network = parts.network;
    this.#serial = serial;
    this.#store = store;
    this.#executor = executor;
    this.#settled = settled;
    this.#losses = new RecentLosses(options.clock);
    this.#figures = new SessionFigures(options);
    this.#origins = new Origins(options);
    this.#keeper = new SandboxKeeper({
      source: options.source,
      log: options.log,
      startMsMax: options.limits.sandboxStartMsMax,
      uses,
      took: (sandbox) => this.#figures.took(this.#record, sandbox),
      tracer: options.tracer,
      owner: {
        events: (sandbox, batch) =>
          serial.run(async () => {
            if (this.#keeper.current !== sandbox) return;
            const loss = await executor.take(batch, sandbox);
            // Whoever takes over from this process hears again what was not stored.
            if (this.#left) return;
            if (loss) await this.#lost(loss);
            else await executor.dispatch(sandbox.agent);
          }),
        lost: (sandbox, loss) => this.lose(sandbox, loss),
      },
    });
    this.exchange = new SandboxExchange({
      options,
      serial,
      store,
      live,
      keeper: this.#keeper,
      network: this.#network,
      origins: this.#origins,
      states: this.#states,
      settings: (bring) => this.#settings(bring),
      isCurrent: (sandbox) => this.isCurrent(sandbox),
      assertLive: () => this.assertLive(),
      ready: () => this.#ready,
      use: (sandbox, record) => this.#use(sandbox, record),
      lose: (sandbox, loss) => this.lose(sandbox, loss),
    });
    this.freezer = new Freezer({
      sandbox: () => this.sandbox,
      store,
      states: parts.states,
      log: options.log,
      msMax: options.limits.sandboxStartMsMax,
      replace: (loss) => this.#replace(loss),
    });
  }

  get settled(): boolean {
    return this.#settled;
  }

  get sandbox(): Sandbox | null {
    return this.#keeper.current;
  }

  /** The sandbox, once it is there. */
  get ready(): Promise<Sandbox> {
    return this.#ready;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** False: the session has another sandbox by now, or is over. */
  isCurrent(sandbox: Sandbox): boolean {
    return !this.#closed && this.#keeper.current === sandbox;
  }

  assertLive(): void {
    if (this.#left) throw new AppError('shutting_down');
    if (this.#closed || this.#record.state === 'deleted') throw new AppError('session_not_found');
    if (!this.#settled) throw new AppError('runtime_unavailable');
  }

  // --- beginnings ---------------------------------------------------------------------------------------------------

  /** Starts the first sandbox of a session whose record, with its planned sandbox, is stored. */
  begin(origin: Origin | null): void {
    this.#figures.created(this.#record.state);
    this.#start(this.#record.sandbox!, 'created', origin);
  }

  /** Takes over what an earlier process left. Throws `runtime_unavailable` while the engine cannot be asked; nothing has changed then. */
  async recover(): Promise<void> {
    if (this.#closed) return;
    const { sandbox: record, agentSeq, state } = this.#record;
    const open = await this.#store.openExecutions();
    const sandbox = record && (await this.#keeper.adopt(record, agentSeq));
    for (const { execution, output } of open) this.#executor.readd(execution, output);
    this.#settled = true;
    if (state === 'failed' || state === 'hibernated') return;
    if (state === 'creating') {
      // Nobody knows how far that start came. What waits for it was never handed to anybody.
      if (sandbox) this.#keeper.discard(sandbox, record!);
      return this.startAnother('recovered', await this.#origins.last(this.#record));
    }
    if (sandbox === null) return this.#replace({ reason: 'lost', detail: 'the container is gone' });
    this.#use(sandbox, record!);
    try {
      await this.#network.permit(sandbox);
    } catch (error) {
      return this.#replace({ reason: 'lost', detail: `it could be given no network: ${error}` });
    }
    await this.freezer.recover(record!.changing === true || !this.#executor.atRest);
    if (!this.isCurrent(sandbox) || sandbox.paused) return;
    if (record!.changing) await this.exchange.keepUp(sandbox, null);
    if (this.#record.state === 'idle' && !this.#executor.atRest)
      await this.#states.to('busy', 'execution');
    await this.#executor.dispatch(sandbox.agent);
  }

  /** A session that sleeps, or has no sandbox, and is wanted gets one that runs. Throws when that cannot even be begun. */
  async wake(): Promise<void> {
    if (this.#record.state === 'paused')
      await this.#figures.thawing(async () => {
        await this.freezer.wake();
        return this.#record.state === 'idle';
      });
    const { state } = this.#record;
    if (state === 'hibernated')
      await this.startAnother('resumed', await this.#origins.last(this.#record));
    if (state !== 'failed') return;
    await this.startAnother('recovered', await this.#origins.last(this.#record));
    if (this.#record.state === 'failed') await this.#ready;
  }

  /** As `wake`, but a paused session stays so by its state: the freezer's `settle` must follow. */
  async rouse(): Promise<void> {
    if (this.#record.state === 'paused') await this.freezer.thaw();
    else await this.wake();
  }

  // --- ends ---------------------------------------------------------------------------------------------------------

  /** Nothing is served any more; the containers are for `putAway`. */
  close(): void {
    this.#closed = true;
  }

  putAway(): Promise<void> {
    return this.#keeper.putAway();
  }

  /** Resolves when all that was put away is gone. */
  removed(): Promise<unknown> {
    return this.#keeper.removed();
  }

  /** This process ends; the container goes on for the next one. */
  leave(): void {
    this.#closed = true;
    this.#left = true;
    this.#keeper.leave();
  }

  /** The sandbox goes, once its state is stored as a version. */
  async sleep({ session, newSnapshots, removedSnapshots }: VersionChange): Promise<void> {
    const records = { newSnapshots, removedSnapshots };
    const { statistics } = this.#network;
    const change = { ...session, statistics, sandbox: null };
    await this.#states.to('hibernated', 'hibernated', change, records, true);
    void this.#keeper.putAway();
  }

  /** `stillSo` is asked when its turn in the queue has come. */
  lose(sandbox: Sandbox | null, loss: Loss, stillSo = () => true): void {
    void this.#serial.run(async () => {
      if (this.#closed || !sandbox || this.#keeper.current !== sandbox || !stillSo()) return;
      await this.#lost(loss);
    });
  }

  async #lost(loss: Loss): Promise<void> {
    if (!this.exchange.noteLoss(loss)) await this.#replace(loss);
  }

  /** The sandbox is gone: everybody is told at once, what was open is lost, another one with the last stored state takes its place. */
  async #replace(loss: Loss): Promise<void> {
    const { sessionId, sandbox } = this.#record;
    this.#options.log.warn({ sessionId, sandboxId: sandbox?.sandboxId, ...loss }, 'sandbox lost');
    this.#figures.lost(loss.reason);
    const tooMany = this.#losses.add();
    await this.#executor.abandonAll('lost', lossMessage(loss, this.#record.version));
    void this.#keeper.putAway();
    if (tooMany) {
      await this.#states.to('failed', 'lost', { sandbox: null });
    } else {
      await this.#states.to('creating', 'lost');
      await this.startAnother('recovered', await this.#origins.last(this.#record));
    }
  }

  // --- another sandbox ------------------------------------------------------------------------------------------------

  /**
   * Starts one in the place of what there was. The new identity is stored, with `changes`, before the engine is asked for anything.
   * The session has room for it.
   */
  async startAnother(
    reason: StateReason,
    origin: Origin | null,
    changes: Change['session'] = {},
    options = { fresh: false },
  ): Promise<void> {
    try {
      const plan = this.#options.source.plan(this.#record.config.limits, options);
      const session = { ...changes, sandbox: plan, agentSeq: 0 };
      if (this.#record.state !== 'creating') await this.#states.to('creating', reason, session);
      else await this.#store.applyStubbornly({ session }, false);
      this.#start(plan, reason, origin);
    } catch (error) {
      this.#ready = Promise.reject(error);
      this.#ready.catch(() => {});
      await this.#giveUp(error);
    }
  }

  /** A session that has no sandbox, or waits for one, begins anew with the files of its last version. */
  async restartWithout(): Promise<void> {
    void this.#keeper.putAway();
    const origin = await this.#origins.last(this.#record);
    await this.startAnother('restarted', origin && { ...origin, filesOnly: true });
  }

  /** Starts a sandbox beside the queue; `#ready` tells how it went. */
  #start(plan: SandboxRecord, reason: StateReason, origin: Origin | null): void {
    this.#ready = this.#started(plan, reason, origin);
    this.#ready.catch(() => {});
  }

  async #started(
    plan: SandboxRecord,
    reason: StateReason,
    origin: Origin | null,
  ): Promise<Sandbox> {
    const { config, sessionId } = this.#record;
    try {
      return await this.#figures.starting(plan, sessionId, reason, origin, async () => {
        const bring = this.#origins.bring(origin, sessionId);
        const sandbox = await this.#keeper.start(plan, this.#settings(bring));
        return this.#serial.run(() => this.#install(sandbox, plan, config, reason, origin));
      });
    } catch (error) {
      const retry = await this.#serial.run(() => this.#startFailed(plan, reason, origin, error));
      if (retry) return retry.ready;
      throw error;
    }
  }

  async #install(
    sandbox: Sandbox,
    plan: SandboxRecord,
    config: SessionConfig,
    reason: StateReason,
    origin: Origin | null,
  ): Promise<Sandbox> {
    if (this.#closed || !this.#isPlanned(plan)) {
      this.#keeper.discard(sandbox, plan);
      throw new AppError(this.#left ? 'shutting_down' : 'sandbox_lost');
    }
    const record = recordOf(sandbox, plan);
    const version = origin === null || origin.fork ? null : origin.snapshot.version;
    await this.#store.applyStubbornly({ session: { sandbox: record, version } }, false);
    this.#use(sandbox, record);
    await this.exchange.keepUp(sandbox, config);
    const files: RestoredFiles = origin === null ? 'none' : 'version';
    const details = reason === 'restarted' ? { files, version } : {};
    await this.#states.to('idle', reason, {}, {}, false, details);
    if (!this.#executor.atRest) await this.#states.to('busy', 'execution');
    await this.#executor.dispatch(sandbox.agent);
    return sandbox;
  }

  /**
   * A waiting sandbox that was no good gives way to a fresh one, and a state to the one before it; the caller then waits for that
   * start.
   */
  async #startFailed(
    plan: SandboxRecord,
    reason: StateReason,
    origin: Origin | null,
    error: unknown,
  ): Promise<{ ready: Promise<Sandbox> } | null> {
    if (this.#closed || !this.#isPlanned(plan) || this.#keeper.current) return null;
    if (plan.runtimeId !== null && !isStateFault(error)) {
      await this.startAnother(reason, origin, {}, { fresh: true });
      return { ready: this.#ready };
    }
    if (origin === null || origin.fork || !isStateFault(error)) {
      await this.#giveUp(error);
      return null;
    }
    const { sessionId } = this.#record;
    const { version } = origin.snapshot;
    this.#options.log.error({ sessionId, version, err: error }, 'a snapshot could not be restored');
    await this.startAnother(reason, await this.#origins.before(origin));
    return { ready: this.#ready };
  }

  /** Without a sandbox until the next request. */
  async #giveUp(error: unknown): Promise<void> {
    const { sessionId, sandbox, state } = this.#record;
    const ids = { sessionId, sandboxId: sandbox?.sandboxId };
    this.#options.log.error({ ...ids, err: error }, 'sandbox did not start');
    await this.#executor.abandonAll('lost', 'The sandbox could not be started');
    if (state !== 'failed') await this.#states.to('failed', 'failed', { sandbox: null });
  }

  // --- parts ----------------------------------------------------------------------------------------------------------

  #settings(prepare: Bring) {
    return {
      limits: this.#record.config.limits,
      configure: configureRequest(this.#record, this.#options),
      permit: (sandbox: Sandbox) => this.#network.permit(sandbox),
      prepare,
    };
  }

  #use(sandbox: Sandbox, record: SandboxRecord): void {
    this.#ready = Promise.resolve(sandbox);
    this.#keeper.use(sandbox, record);
  }

  /** False when the session has moved on to another sandbox since `plan` was made. */
  #isPlanned(plan: SandboxRecord): boolean {
    return this.#record.sandbox?.sandboxId === plan.sandboxId;
  }

  get #record(): SessionRecord {
    return this.#store.record;
  }
}
