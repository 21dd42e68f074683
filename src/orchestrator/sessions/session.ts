// One session: its record, its sandbox, its executions, its followers. All that changes it goes through its serial queue, is
// stored before anybody is told, and is told to everybody who follows.
import { type AgentEvent, type ConfigureRequest, limits as linkLimits } from '#protocol';
import { abortable } from '../foundation/abortable.ts';
import { AppError } from '../foundation/errors.ts';
import type {
  ExecutionRecord,
  SandboxRecord,
  SessionChange,
  SessionRecord,
  SessionState,
} from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import { ExecutionRun, type Step } from './execution-run.ts';
import { eventRecord, LiveLog } from './live-log.ts';
import type { StateReason } from './live-messages.ts';
import { newExecution } from './new-execution.ts';
import { OpenExecutions } from './open-executions.ts';
import { type Loss, SandboxKeeper } from './sandbox-keeper.ts';
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
import { type Change, SessionStore } from './session-store.ts';

/** Sandboxes lost within `lossWindowMs` before a session waits for the next request instead of starting another. */
const lossesMax = 3;
const lossWindowMs = 60_000;
const pruneEvery = 50;

export class Session {
  readonly #options: SessionOptions;
  readonly #serial = new SerialQueue();
  readonly #keeper: SandboxKeeper;
  readonly #live: LiveLog;
  readonly #store: SessionStore;
  readonly #executions = new OpenExecutions();
  #stopWatchdog = () => {};
  #ready: Promise<Sandbox>;
  #connections = 0;
  #losses: number[] = [];
  #ended = 0;
  #closed = false;

  constructor(record: SessionRecord, options: SessionOptions) {
    this.#options = options;
    this.#store = new SessionStore(record, options);
    this.#keeper = new SandboxKeeper({
      source: options.source,
      log: options.log,
      startMsMax: options.limits.sandboxStartMsMax,
      owner: {
        events: (sandbox, batch) => this.#serial.run(() => this.#takeEvents(sandbox, batch)),
        lost: (sandbox, loss) => void this.#serial.run(() => this.#lose(sandbox, loss)),
      },
    });
    this.#live = new LiveLog(record.seqReserved, (seqReserved) => {
      void this.#serial.run(() => this.#store.applyStubbornly({ session: { seqReserved } }, false));
    });
    this.#ready = new Promise(() => {});
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

  // --- life ---------------------------------------------------------------------------------------------------

  /** Starts the first sandbox of a session whose record (with its planned sandbox) is stored. Throws when it does not start. */
  async begin(): Promise<void> {
    await this.#serial.run(() => this.#bring('created', this.record.sandbox!));
    await this.#ready;
  }

  /** Takes over what an earlier process left: the container if it still runs, the open executions in any case. */
  async recover(): Promise<void> {
    const { sandbox: record, agentSeq, state } = this.record;
    const open = await this.#options.registry.openExecutions(this.record.sessionId);
    const sandbox =
      record && (state === 'idle' || state === 'busy')
        ? await this.#keeper.adopt(record, agentSeq)
        : null;
    await this.#serial.run(async () => {
      for (const execution of open) this.#executions.add(this.#run(execution));
      if (sandbox === null)
        return this.#replace({ reason: 'lost', detail: 'the container is gone' });
      this.#ready = Promise.resolve(sandbox);
      this.#keeper.use(sandbox);
      // Sent again only if the agent does not have it: the link asks before it sends.
      this.#dispatch();
    });
  }

  /** A fresh sandbox; variables are forgotten, files too, the history stays. */
  async restart(): Promise<void> {
    await this.#serial.run(async () => {
      this.#assertLive();
      await this.#abandonAll('cancelled', 'The session was restarted');
      await this.#keeper.putAway(this.record.sandbox);
      await this.#bring('restarted');
    });
    await this.#ready;
  }

  /** Ends everything and removes every trace. Throws `session_busy` while something runs, unless forced. */
  async delete(force: boolean): Promise<void> {
    await this.#serial.run(async () => {
      this.#assertLive();
      if (!force && !this.#executions.none) throw new AppError('session_busy');
      await this.#abandonAll('cancelled', 'The session was deleted');
      await this.#changeState('deleted', 'deleted');
      this.#closed = true;
    });
    await this.finishDeletion();
  }

  /** The part of `delete` that a crash may have cut off: the record says `deleted` already. */
  async finishDeletion(): Promise<void> {
    this.#closed = true;
    this.#live.close('deleted');
    await this.#keeper.putAway(this.record.sandbox);
    await this.#serial.run(() => this.#options.registry.deleteSession(this.record.sessionId));
  }

  /** The process ends: followers are told, the container and its executions go on for the next process. */
  async leave(): Promise<void> {
    this.#closed = true;
    this.#stopWatchdog();
    this.#keeper.abandon();
    this.#live.close('shuttingDown');
    this.#executions.dismissWaiters(new AppError('shutting_down'));
    await this.#serial.run(() => {});
  }

  async configure(change: ConfigChange): Promise<void> {
    const config = { ...this.record.config, ...change };
    const { limits } = this.record.config;
    if (config.limits.workspaceBytes !== limits.workspaceBytes) {
      throw new AppError('not_changeable', {
        detail: 'limits.workspaceBytes is fixed when the sandbox is started.',
      });
    }
    await this.#serial.run(async () => {
      this.#assertLive();
      const sandbox = this.#keeper.current;
      if (sandbox) {
        const signal = AbortSignal.timeout(this.#options.limits.sandboxStartMsMax);
        await this.#options.source.update(sandbox, config.limits, signal);
        await sandbox.agent.configure(this.#configureRequest(config), signal);
      }
      await this.#store.apply({ session: { config } });
    });
  }

  /** The sandbox, once it is there: a failed session is tried again. The signal ends the wait only. */
  async awake(signal: AbortSignal): Promise<Sandbox> {
    await this.#serial.run(async () => {
      this.#assertLive();
      if (this.record.state === 'failed') await this.#bring('recovered');
    });
    return abortable(this.#ready, signal);
  }

  // --- executions -----------------------------------------------------------------------------------------------

  /** Stores and queues. Resolves when the record is committed. */
  async submit(request: ExecuteRequest): Promise<ExecutionRecord> {
    if (!this.#store.available) throw new AppError('registry_unavailable');
    return this.#serial.run(async () => {
      this.#assertLive();
      if (this.#executions.queued >= linkLimits.queueLengthMax) throw new AppError('queue_full');
      if (this.record.state === 'failed') await this.#bring('recovered');
      const { sessionId, config, statistics } = this.record;
      const now = this.#options.clock.now();
      const run = this.#run(newExecution(sessionId, request, config.timeout, now));
      const starts = this.record.state === 'idle';
      await this.#store.apply({
        session: {
          lastUsedAt: now,
          statistics: { ...statistics, executions: statistics.executions + 1 },
          ...(starts ? { state: move('idle', 'busy') } : {}),
        },
        newExecutions: [run.record],
      });
      this.#executions.add(run);
      if (starts) this.#sendState('idle', 'busy', 'execution');
      this.#dispatch();
      return run.record;
    });
  }

  /** Resolves with the ended execution; null when it is not open here (any more). The signal ends the wait only. */
  ended(executionId: string, signal: AbortSignal): Promise<ExecutionView> | null {
    return this.#executions.find(executionId) && this.#executions.wait(executionId, signal);
  }

  /** What an open execution has so far; null when it is not open here. */
  open(executionId: string): ExecutionView | null {
    const run = this.#executions.find(executionId);
    return run && { record: run.record, output: [...run.output] };
  }

  /** False when it is not open here. A running one ends when the agent says so. */
  async cancel(executionId: string): Promise<boolean> {
    return this.#serial.run(async () => {
      const queued = this.#executions.unqueue(executionId);
      if (queued) await this.#abandon([queued], 'cancelled', 'Execution was cancelled');
      else if (this.#executions.find(executionId)) this.#keeper.current?.agent.cancel(executionId);
      else return false;
      return true;
    });
  }

  stdin(executionId: string, content: string): boolean {
    if (this.#executions.running?.executionId !== executionId) return false;
    this.#keeper.current?.agent.stdin(executionId, content);
    return true;
  }

  /** Forgets ended executions with their events. */
  async clearHistory(): Promise<void> {
    await this.#serial.run(async () => {
      this.#assertLive();
      await this.#store.clearHistory();
    });
  }

  // --- followers ------------------------------------------------------------------------------------------------

  /** See SessionService.follow. Replay and going live are one step of the serial queue, so nothing falls between. */
  async follow(
    options: { since?: number; connection: boolean },
    follower: LiveFollower,
  ): Promise<LiveSubscription> {
    return this.#serial.run(async () => {
      this.#assertLive();
      if (options.since !== undefined)
        await this.#live.replay(options.since, this.record, this.#options.registry, follower);
      const unfollow = this.#live.follow(follower);
      if (options.connection) this.#connections++;
      let following = true;
      return {
        nextSeq: () => this.#live.nextSeq(),
        unsubscribe: () => {
          if (following && options.connection) this.#connections--;
          following = false;
          unfollow();
        },
      };
    });
  }

  // --- inside the serial queue ------------------------------------------------------------------------------------

  #assertLive(): void {
    if (this.#closed || this.record.state === 'deleted') throw new AppError('session_not_found');
  }

  #run(record: ExecutionRecord): ExecutionRun {
    return new ExecutionRun(record, this.record.config.limits.outputBytes);
  }

  /** Hands the next queued execution to an idle sandbox. */
  #dispatch(): void {
    const sandbox = this.#keeper.current;
    if (!sandbox || this.record.state === 'creating') return;
    const run = this.#executions.next();
    if (!run) return;
    const { executionId, code, timeoutMs, captureOutput, intermediateResults, interactive, stdin } =
      run.record;
    sandbox.agent.execute({
      executionId,
      code,
      timeoutMs,
      captureOutput,
      intermediateResults,
      interactive,
      ...(stdin === null ? {} : { stdin }),
    });
    this.#watch(run);
  }

  /** SECURITY: the agent enforces the time limit; this one holds when it does not. */
  #watch(run: ExecutionRun): void {
    this.#stopWatchdog();
    this.#stopWatchdog = this.#options.clock.after(
      run.record.timeoutMs + this.#options.limits.unresponsiveMsMax,
      () => {
        const sandbox = this.#keeper.current;
        if (!sandbox || this.#executions.running !== run) return;
        void this.#serial.run(() =>
          this.#lose(sandbox, { reason: 'unresponsive', detail: run.executionId }),
        );
      },
    );
  }

  async #takeEvents(sandbox: Sandbox, batch: readonly AgentEvent[]): Promise<void> {
    if (this.#keeper.current !== sandbox) return;
    const at = this.#options.clock.now();
    const monotonic = this.#options.clock.monotonic();
    const steps: RunStep[] = [];
    let violation: string | null = null;
    let agentSeq = this.record.agentSeq;
    for (const event of batch) {
      const run = this.#executions.running;
      if (run?.executionId !== event.executionId) {
        violation = `${event.type} of an execution that does not run`;
        break;
      }
      const step = run.take(event, at, monotonic);
      if (step === null) {
        violation = `${event.type} out of order`;
        break;
      }
      steps.push({ run, step });
      agentSeq = event.seq;
      if (step.ended) {
        this.#executions.rest();
        this.#stopWatchdog();
      }
      if (event.type === 'ended' && event.stateLost)
        steps.push({ run, step: stateLost(this.record.state) });
    }
    await this.#storeSteps(steps, { agentSeq });
    if (violation) return this.#lose(sandbox, { reason: 'protocol', detail: violation });
    sandbox.agent.acknowledge(agentSeq);
    this.#dispatch();
  }

  /** Stores what happened to executions, in one transaction, then tells everybody. */
  async #storeSteps(steps: readonly RunStep[], session: SessionChange['session']): Promise<void> {
    const at = this.#options.clock.now();
    const events = steps.flatMap(({ step }) =>
      step.messages.map((message) => this.#live.compose(message)),
    );
    const ended = steps.filter(({ step }) => step.ended).map(({ run }) => run);
    const errors = ended.filter((run) => run.record.status !== 'success').length;
    const { state, statistics } = this.record;
    const rests = ended.length > 0 && state === 'busy' && this.#executions.none;
    const change: Change = {
      session: {
        ...session,
        ...(errors > 0
          ? { statistics: { ...statistics, errors: statistics.errors + errors } }
          : {}),
        ...(rests ? { state: move('busy', 'idle') } : {}),
      },
      executions: steps.flatMap(({ run, step }) =>
        step.change ? [{ executionId: run.executionId, ...step.change }] : [],
      ),
      events: events.map((event) => eventRecord(event, at)),
    };
    await this.#store.applyStubbornly(change, ended.length > 0);
    this.#live.send(events);
    if (rests) this.#sendState('busy', 'idle', 'execution');
    for (const run of ended) this.#executions.settle(run);
    await this.#prune(ended.length);
  }

  /** The sandbox is gone: everybody is told at once, what was open is lost, a fresh sandbox takes its place. */
  async #lose(sandbox: Sandbox, loss: Loss): Promise<void> {
    if (this.#closed || this.#keeper.current !== sandbox) return;
    await this.#replace(loss);
  }

  async #replace(loss: Loss): Promise<void> {
    const { sessionId, sandbox } = this.record;
    this.#options.log.warn({ sessionId, sandboxId: sandbox?.sandboxId, ...loss }, 'sandbox lost');
    const now = this.#options.clock.monotonic();
    this.#losses = [...this.#losses.filter((at) => now - at < lossWindowMs), now];
    await this.#abandonAll('lost', lossMessage(loss));
    if (this.#losses.length > lossesMax) await this.#changeState('failed', 'lost');
    else if (this.record.state !== 'creating') await this.#changeState('creating', 'lost');
    await this.#keeper.putAway(sandbox);
    if (this.record.state === 'creating') await this.#bring('recovered');
  }

  /** Starts a sandbox; `#ready` tells how it went. The identity is stored before the engine is asked for anything. */
  async #bring(reason: StateReason, planned?: SandboxRecord): Promise<void> {
    const plan = planned ?? this.#options.source.plan();
    const { state } = this.record;
    if (!planned) {
      const creating = state === 'creating' ? {} : { state: move(state, 'creating') };
      await this.#store.apply({ session: { sandbox: plan, agentSeq: 0, ...creating } });
    }
    if (state !== 'creating') this.#sendState(state, 'creating', reason);
    const start = this.#keeper.start(plan, this.record.config.limits, this.#configureRequest());
    this.#ready = start.then((sandbox) =>
      this.#serial.run(() => this.#install(sandbox, plan, reason)),
    );
    this.#ready.catch(
      (error: unknown) => void this.#serial.run(() => this.#startFailed(plan, error)),
    );
  }

  async #install(sandbox: Sandbox, plan: SandboxRecord, reason: StateReason): Promise<Sandbox> {
    if (this.#closed || this.record.sandbox?.sandboxId !== plan.sandboxId) {
      await sandbox[Symbol.asyncDispose]();
      this.#options.source.release(plan);
      throw new AppError('sandbox_lost');
    }
    await this.#store.apply({
      session: { sandbox: { ...plan, runtimeId: sandbox.runtimeId, runtime: sandbox.runtime } },
    });
    this.#keeper.use(sandbox);
    await this.#changeState('idle', reason);
    if (!this.#executions.none) await this.#changeState('busy', 'execution');
    this.#dispatch();
    return sandbox;
  }

  async #startFailed(plan: SandboxRecord, error: unknown): Promise<void> {
    if (this.#closed || this.record.sandbox?.sandboxId !== plan.sandboxId || this.#keeper.current)
      return;
    const { sessionId } = this.record;
    this.#options.log.error(
      { sessionId, sandboxId: plan.sandboxId, err: error },
      'sandbox did not start',
    );
    await this.#abandonAll('lost', 'The sandbox could not be started');
    await this.#store.apply({ session: { sandbox: null } });
    await this.#changeState('failed', 'failed');
  }

  async #abandonAll(status: 'lost' | 'cancelled', message: string): Promise<void> {
    this.#stopWatchdog();
    await this.#abandon(this.#executions.takeAll(), status, message);
  }

  async #abandon(
    runs: readonly ExecutionRun[],
    status: 'lost' | 'cancelled',
    message: string,
  ): Promise<void> {
    if (runs.length === 0) return;
    const at = this.#options.clock.now();
    const monotonic = this.#options.clock.monotonic();
    const error = { type: status === 'lost' ? 'SandboxLost' : 'CancelledError', message };
    await this.#storeSteps(
      runs.map((run) => ({ run, step: run.abandon(status, error, at, monotonic) })),
      {},
    );
  }

  async #changeState(to: SessionState, reason: StateReason): Promise<void> {
    const from = this.record.state;
    const event = this.#live.compose({ type: 'state', from, to, reason });
    const events = [eventRecord(event, this.#options.clock.now())];
    await this.#store.applyStubbornly({ session: { state: move(from, to) }, events }, false);
    this.#live.send([event]);
  }

  /** Told, not stored: `executionStart` and `executionResult` say the same to those who come later. */
  #sendState(from: SessionState, to: SessionState, reason: StateReason): void {
    this.#live.send([this.#live.compose({ type: 'state', from, to, reason })]);
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

  async #prune(ended: number): Promise<void> {
    this.#ended += ended;
    if (this.#ended < pruneEvery) return;
    this.#ended = 0;
    await this.#store.pruneHistory(this.#options.limits.historyLengthMax);
  }
}

type RunStep = { readonly run: ExecutionRun; readonly step: Step };

function stateLost(state: SessionState): Step {
  return {
    messages: [{ type: 'state', from: state, to: state, reason: 'stateLost' }],
    change: null,
    ended: false,
  };
}

function lossMessage(loss: Loss): string {
  switch (loss.reason) {
    case 'outOfMemory':
      return 'The sandbox ran out of memory and was killed; its variables are lost';
    case 'unresponsive':
      return 'The sandbox did not answer and was killed; its variables are lost';
    default:
      return 'The sandbox was lost, and its variables with it';
  }
}
