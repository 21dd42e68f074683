// How a session comes by the sandbox that it lives in: started, taken over from an earlier process, lost and replaced, rolled back,
// frozen, put to sleep and woken. All that changes something here runs in the session's serial queue.
import { AppError } from '../foundation/errors.ts';
import type { SandboxRecord, SessionRecord, SnapshotRecord } from '../registry/records.ts';
import type { Agent, Sandbox } from '../sandbox/agent.ts';
import type { Executor } from './executor.ts';
import { Freezer } from './freezer.ts';
import { eventRecord, type LiveLog } from './live-log.ts';
import type { StateReason } from './live-messages.ts';
import { type Loss, lossMessage, RecentLosses } from './losses.ts';
import { SandboxKeeper } from './sandbox-keeper.ts';
import { configureRequest } from './sandbox-settings.ts';
import type { SerialQueue } from './serial-queue.ts';
import type { SessionOptions } from './session-options.ts';
import type { Change, SessionStore } from './session-store.ts';
import type { VersionChange } from './session-versions.ts';
import { isStateFault } from './snapshots.ts';
import type { StateChanges } from './state-changes.ts';
import type { Uses } from './uses.ts';

/** The state that a sandbox starts with. `fork`: it is another session's. */
export type Origin = { readonly snapshot: SnapshotRecord; readonly fork: boolean };

export type SessionLifeParts = {
  readonly options: SessionOptions;
  readonly serial: SerialQueue;
  readonly store: SessionStore;
  readonly live: LiveLog;
  readonly executor: Executor;
  readonly uses: Uses;
  readonly states: StateChanges;
};

export class SessionLife {
  readonly #options: SessionOptions;
  readonly #serial: SerialQueue;
  readonly #store: SessionStore;
  readonly #live: LiveLog;
  readonly #executor: Executor;
  readonly #keeper: SandboxKeeper;
  readonly #losses: RecentLosses;
  readonly #states: StateChanges;
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
    this.#serial = serial;
    this.#store = store;
    this.#live = live;
    this.#executor = executor;
    this.#settled = settled;
    this.#losses = new RecentLosses(options.clock);
    this.#keeper = new SandboxKeeper({
      source: options.source,
      log: options.log,
      startMsMax: options.limits.sandboxStartMsMax,
      uses,
      owner: {
        events: (sandbox, batch) =>
          serial.run(async () => {
            if (this.#keeper.current !== sandbox) return;
            const wrong = await executor.take(batch, sandbox.agent);
            if (wrong) await this.#replace({ reason: 'protocol', detail: wrong });
            else await executor.dispatch(sandbox.agent);
          }),
        lost: (sandbox, loss) => this.lose(sandbox, loss),
      },
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
    this.#start(this.#record.sandbox!, 'created', origin);
  }

  /** Takes over what an earlier process left. Throws `runtime_unavailable` while the engine cannot be asked; nothing has changed then. */
  async recover(): Promise<void> {
    if (this.#closed) return;
    const { sessionId, sandbox: record, agentSeq, state } = this.#record;
    const open = await this.#options.registry.openExecutions(sessionId);
    const sandbox = record && (await this.#keeper.adopt(record, agentSeq));
    for (const execution of open) this.#executor.readd(execution);
    this.#settled = true;
    if (state === 'failed' || state === 'hibernated') return;
    if (state === 'creating') {
      // Nobody knows how far that start came. What waits for it was never handed to anybody.
      if (sandbox) this.#keeper.discard(sandbox, record!);
      return this.startAnother('recovered', await this.#ownOrigin());
    }
    if (sandbox === null) return this.#replace({ reason: 'lost', detail: 'the container is gone' });
    this.#use(sandbox, record!);
    await this.freezer.recover(!this.#executor.atRest);
    if (!this.isCurrent(sandbox) || sandbox.paused) return;
    if (this.#record.state === 'idle' && !this.#executor.atRest)
      await this.#states.to('busy', 'execution');
    await this.#executor.dispatch(sandbox.agent);
  }

  /** A session that sleeps, or has no sandbox, and is wanted gets one that runs. Throws when that cannot even be begun. */
  async wake(): Promise<void> {
    if (this.#record.state === 'paused') await this.freezer.wake();
    const { state } = this.#record;
    if (state === 'hibernated') await this.startAnother('resumed', await this.#ownOrigin());
    if (state !== 'failed') return;
    await this.startAnother('recovered', await this.#ownOrigin());
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

  /** This process ends; the container goes on for the next one. */
  leave(): void {
    this.#closed = true;
    this.#left = true;
    this.#keeper.leave();
  }

  /** The sandbox goes, once its state is stored as a version. */
  async sleep({ session, newSnapshots, removedSnapshots }: VersionChange): Promise<void> {
    const records = { newSnapshots, removedSnapshots };
    await this.#states.to('hibernated', 'hibernated', { ...session, sandbox: null }, records, true);
    void this.#keeper.putAway();
  }

  /** `stillSo` is asked when its turn in the queue has come. */
  lose(sandbox: Sandbox | null, loss: Loss, stillSo = () => true): void {
    void this.#serial.run(async () => {
      if (this.#closed || !sandbox || this.#keeper.current !== sandbox || !stillSo()) return;
      await this.#replace(loss);
    });
  }

  /** The sandbox is gone: everybody is told at once, what was open is lost, another one with the last stored state takes its place. */
  async #replace(loss: Loss): Promise<void> {
    const { sessionId, sandbox } = this.#record;
    this.#options.log.warn({ sessionId, sandboxId: sandbox?.sandboxId, ...loss }, 'sandbox lost');
    const tooMany = this.#losses.add();
    await this.#executor.abandonAll('lost', lossMessage(loss, this.#record.version));
    void this.#keeper.putAway();
    if (tooMany) {
      await this.#states.to('failed', 'lost', { sandbox: null });
    } else {
      await this.#states.to('creating', 'lost');
      await this.startAnother('recovered', await this.#ownOrigin());
    }
  }

  // --- another sandbox ------------------------------------------------------------------------------------------------

  /**
   * Starts one in the place of what there was. The new identity is stored, with `changes`, before the engine is asked for anything.
   * Throws `overloaded` when a session without a sandbox finds no room for one; nothing has changed then.
   */
  async startAnother(
    reason: StateReason,
    origin: Origin | null,
    changes: Change['session'] = {},
    options = { fresh: false },
  ): Promise<void> {
    this.#options.admission.wake(this.#record.sessionId);
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

  /**
   * Outside of the queue: prepares a sandbox with a state while the present one goes on serving. Throws when that fails, and then
   * nothing has changed.
   */
  async prepare(origin: Origin): Promise<{ sandbox: Sandbox; plan: SandboxRecord }> {
    return this.#keeper.startUnstored(this.#settings(origin));
  }

  /** Puts a prepared sandbox in the place of `former`, if that still is the present one. */
  async swap(
    former: Sandbox,
    prepared: { sandbox: Sandbox; plan: SandboxRecord },
    snapshot: SnapshotRecord,
  ) {
    const { sandbox, plan } = prepared;
    const { sessionId, version } = snapshot;
    // It may have been let go meanwhile: a session never stands on what is not there.
    if ((await this.#options.registry.findSnapshot(sessionId!, version!)) === null) {
      this.#keeper.discard(sandbox, plan);
      throw new AppError('snapshot_not_found');
    }
    if (!this.isCurrent(former)) {
      this.#keeper.discard(sandbox, plan);
      throw new AppError(this.#left ? 'shutting_down' : 'sandbox_lost');
    }
    const { state, sandbox: formerRecord } = this.#record;
    const record = recordOf(sandbox, plan);
    const event = this.#live.compose({
      type: 'state',
      from: state,
      to: state,
      reason: 'rolledBack',
      version,
    });
    const session = { sandbox: record, agentSeq: 0, version };
    const events = [eventRecord(event, this.#options.clock.now())];
    await this.#store.applyStubbornly({ session, events }, true);
    this.#keeper.discard(former, formerRecord!);
    this.#use(sandbox, record);
    this.#live.send([event]);
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
    try {
      const sandbox = await this.#keeper.start(plan, this.#settings(origin));
      return await this.#serial.run(() => this.#install(sandbox, plan, reason, origin));
    } catch (error) {
      const retry = await this.#serial.run(() => this.#startFailed(plan, reason, origin, error));
      if (retry) return retry.ready;
      throw error;
    }
  }

  async #install(
    sandbox: Sandbox,
    plan: SandboxRecord,
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
    await this.#states.to('idle', reason);
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
    const snapshot = await this.#options.snapshots.before(origin.snapshot);
    await this.startAnother(reason, snapshot && { snapshot, fork: false });
    return { ready: this.#ready };
  }

  /** Without a sandbox until the next request. */
  async #giveUp(error: unknown): Promise<void> {
    const { sessionId, sandbox, state } = this.#record;
    const ids = { sessionId, sandboxId: sandbox?.sandboxId };
    this.#options.log.error({ ...ids, err: error }, 'sandbox did not start');
    await this.#executor.abandonAll('lost', 'The sandbox could not be started');
    if (state === 'failed') this.#options.admission.rest(sessionId);
    else await this.#states.to('failed', 'failed', { sandbox: null });
  }

  // --- parts ----------------------------------------------------------------------------------------------------------

  #settings(origin: Origin | null) {
    return {
      limits: this.#record.config.limits,
      configure: configureRequest(this.#record, this.#options.limits.heapShare),
      prepare: async (agent: Agent, signal: AbortSignal) => {
        if (origin === null) return;
        const { snapshot, fork } = origin;
        const { snapshots, clock, log } = this.#options;
        const begun = clock.monotonic();
        await agent.restore(snapshots.open(snapshot, signal), { fork }, signal);
        const { sessionId } = this.#record;
        const { snapshotId, sizeBytes } = snapshot;
        const durationMs = clock.monotonic() - begun;
        log.debug({ sessionId, snapshotId, sizeBytes, durationMs }, 'state restored');
      },
    };
  }

  /** The state that the session was stored as last, if it ever was. */
  async #ownOrigin(): Promise<Origin | null> {
    const { sessionId, version } = this.#record;
    const snapshot = await this.#options.snapshots.upTo(sessionId, version);
    return snapshot && { snapshot, fork: false };
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

function recordOf(sandbox: Sandbox, plan: SandboxRecord): SandboxRecord {
  return { ...plan, runtimeId: sandbox.runtimeId, runtime: sandbox.runtime };
}
