// The executions of one session, from request to stored end. It hands them to the sandbox one at a time, makes of the
// agent's events what is stored and told, and never tells what is not stored. Its owner runs every call that changes
// something in the session's serial queue.
import { type AgentEvent, limits as linkLimits } from '#protocol';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { Watched } from '../foundation/trace.ts';
import type { ExecutionRecord, OutputRecord } from '../registry/records.ts';
import type { HistorySize } from '../registry/session-registry.ts';
import type { Agent, Sandbox } from '../sandbox/agent.ts';
import { ExecutionFigures } from './execution-figures.ts';
import { ExecutionRun, type Step } from './execution-run.ts';
import { type Hold, Holds } from './holds.ts';
import { storedUse } from './idle-ladder.ts';
import { eventRecord, type LiveLog } from './live-log.ts';
import type { Loss } from './losses.ts';
import { newExecution } from './new-execution.ts';
import { OpenExecutions } from './open-executions.ts';
import type { ExecuteRequest, ExecutionView } from './session-service.ts';
import { move } from './session-state.ts';
import type { Change, SessionStore } from './session-store.ts';

const pruneEvery = 50;

export type ExecutorOptions = Watched & {
  readonly log: Log;
  readonly store: SessionStore;
  readonly live: LiveLog;
  readonly clock: Clock;
  readonly limits: {
    readonly historyLengthMax: number;
    readonly historyBytesMax: number;
    readonly unresponsiveMsMax: number;
  };
  /** An execution did not end in time: its agent is not to be trusted any more. */
  readonly unresponsive: (executionId: string) => void;
  /**
   * Called when an execution has ended, before that is stored: what to store with it. Nothing runs meanwhile. A loss: the end is not to be
   * told, for what the execution has done went with its sandbox.
   */
  readonly checkpoint: (sandbox: Sandbox) => Promise<Checkpoint | Loss>;
  /** What the session has sent and received so far. */
  readonly networkBytes: () => number;
  /** The last execution that was open has ended. */
  readonly rested: () => void;
};

/** Changes that belong to the end of an execution, such as the snapshot that holds what it did. */
export type Checkpoint = Pick<Change, 'session' | 'newSnapshots' | 'removedSnapshots'> & {
  /** Called when it is on the disk. Nobody waits for it, and it does not fail. */
  readonly stored?: () => Promise<void>;
  /** For the execution's record. */
  readonly warning?: string;
};

export class Executor {
  readonly #store: SessionStore;
  readonly #live: LiveLog;
  readonly #clock: Clock;
  readonly #limits: ExecutorOptions['limits'];
  readonly #unresponsive: (executionId: string) => void;
  readonly #checkpoint: ExecutorOptions['checkpoint'];
  readonly #rested: () => void;
  readonly #networkBytes: () => number;
  readonly #holds = new Holds();
  readonly #open = new OpenExecutions();
  readonly #figures: ExecutionFigures;
  #stopWatchdog = () => {};
  /** The last one that the agent did not know to be over. */
  #over: string | null = null;
  /** What is stored, about: counted on from the last look. */
  #history: HistorySize | null = null;

  constructor(options: ExecutorOptions) {
    this.#store = options.store;
    this.#live = options.live;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#unresponsive = options.unresponsive;
    this.#checkpoint = options.checkpoint;
    this.#rested = options.rested;
    this.#networkBytes = options.networkBytes;
    const { tenant, sessionId } = options.store.record;
    this.#figures = new ExecutionFigures({ ...options, owner: { tenant, sessionId } });
  }

  /** Nothing runs and nothing waits. */
  get atRest(): boolean {
    return this.#open.none;
  }

  /** From now on, until it is released, nothing is handed to an agent. Whoever releases it dispatches. */
  hold(): Hold {
    return this.#holds.take(this.#open.running === null);
  }

  /** Stores and queues; an idle session becomes busy. Throws `queue_full`. */
  async submit(request: ExecuteRequest): Promise<ExecutionRecord> {
    if (this.#open.queued >= linkLimits.queueLengthMax) throw new AppError('queue_full');
    const { sessionId, config, statistics, state } = this.#store.record;
    const { idempotencyKey } = request;
    const now = this.#clock.now();
    const execution = newExecution(sessionId, request, config.timeout, now);
    await this.#store.apply({
      session: {
        lastUsedAt: now,
        // It does not expire while something is open.
        expiresAt: null,
        statistics: { ...statistics, executions: statistics.executions + 1 },
        ...(state === 'idle' ? { state: move('idle', 'busy') } : {}),
      },
      newExecutions: [execution],
      ...(idempotencyKey && { effect: { ...idempotencyKey, made: execution.executionId } }),
    });
    this.#add(execution, true);
    if (state === 'idle')
      this.#live.tell({ type: 'state', from: 'idle', to: 'busy', reason: 'execution' });
    return execution;
  }

  /** Queues an execution that is stored already, with what it has written: an earlier process accepted it. */
  readd(execution: ExecutionRecord, output: readonly OutputRecord[]): void {
    this.#add(execution, false, output);
  }

  #add(
    execution: ExecutionRecord,
    acceptedHere: boolean,
    output: readonly OutputRecord[] = [],
  ): void {
    const { outputBytes } = this.#store.record.config.limits;
    const run = new ExecutionRun(execution, outputBytes, output);
    this.#open.add(run);
    this.#figures.queued(run, acceptedHere);
  }

  /** Hands the next one to the agent if none runs. One that the agent has already is not started twice: the link asks first. */
  async dispatch(agent: Agent): Promise<void> {
    if (this.#holds.any) return;
    const run = this.#open.next();
    if (!run) return;
    try {
      this.#handOver(run, agent);
    } catch (error) {
      // The link refuses a command that would not fit one line.
      this.#open.rest();
      const message = error instanceof AppError ? error.message : 'The execution could not be sent';
      await this.#abandon([run], 'lost', message);
      return this.dispatch(agent);
    }
    run.dispatched(this.#clock.monotonic());
    this.#figures.dispatched(run);
    this.#watch(run);
  }

  #handOver(run: ExecutionRun, agent: Agent): void {
    const { executionId, code, timeoutMs, captureOutput, intermediateResults, interactive } =
      run.record;
    const { profiled, stdin } = run.record;
    const traceparent = this.#figures.handed(run);
    agent.execute({
      executionId,
      code,
      timeoutMs,
      captureOutput,
      intermediateResults,
      interactive,
      ...(profiled ? { profile: true } : {}),
      ...(stdin === null ? {} : { stdin }),
      ...(traceparent === null ? {} : { traceparent }),
    });
  }

  /** False when it is not open here. A running one ends when the agent says so, a queued one at once. */
  async cancel(executionId: string, agent: Agent | null): Promise<boolean> {
    const queued = this.#open.unqueue(executionId);
    if (queued) await this.#abandon([queued], 'cancelled', 'Execution was cancelled');
    else if (this.#open.find(executionId)) agent?.cancel(executionId);
    else return false;
    return true;
  }

  /** False when it does not run. */
  stdin(executionId: string, content: string, agent: Agent | null): boolean {
    if (!this.isRunning(executionId)) return false;
    agent?.stdin(executionId, content);
    return true;
  }

  isRunning(executionId: string): boolean {
    return this.#open.running?.executionId === executionId;
  }

  /** Resolves with the ended execution; null when it is not open here (any more). The signal ends the wait only. */
  ended(executionId: string, signal: AbortSignal): Promise<ExecutionView> | null {
    return this.#open.isUnsettled(executionId) ? this.#open.wait(executionId, signal) : null;
  }

  /** What an open execution has so far; null when it is not open here. */
  soFar(executionId: string): ExecutionView | null {
    const run = this.#open.find(executionId);
    return run && { record: run.record, output: [...run.output] };
  }

  /**
   * Stores what a batch of events means, then tells it. Gives null, or why the sandbox must go: then the events before the one that showed
   * it are stored.
   */
  async take(batch: readonly AgentEvent[], sandbox: Sandbox): Promise<Loss | null> {
    const at = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const steps: RunStep[] = [];
    let loss: Loss | null = null;
    // Of one end at most: nothing else is begun before it is stored.
    let checkpoint: Checkpoint = {};
    let { agentSeq } = this.#store.record;
    for (const event of batch) {
      const run = this.#open.running;
      const isOfRun = run?.executionId === event.executionId;
      if (isOfRun && run.started && event.type === 'ended') {
        const outcome = await this.#checkpoint(sandbox);
        if ('reason' in outcome) {
          loss = outcome;
          break;
        }
        checkpoint = outcome;
      }
      const step = isOfRun ? run.take(event, at, monotonic) : null;
      if (!step && (await this.#isOver(event.executionId))) {
        agentSeq = event.seq;
        continue;
      }
      if (!run || !step) {
        loss = { reason: 'protocol', detail: `${event.type} out of order` };
        break;
      }
      steps.push({ run, step });
      agentSeq = event.seq;
      if (!step.ended || event.type !== 'ended') continue;
      this.#figures.over(run, event);
      this.#open.rest();
      this.#stopWatchdog();
    }
    const last = steps.findLast(({ step }) => step.ended);
    const { session, newSnapshots = [], removedSnapshots = [], warning } = checkpoint;
    if (last && warning !== undefined) last.step = last.run.warn(last.step, warning);
    const change = { session: { ...session, agentSeq }, newSnapshots, removedSnapshots };
    if (await this.#record(steps, change, at)) void checkpoint.stored?.();
    sandbox.agent.acknowledge(agentSeq);
    return loss;
  }

  /** It was ended without the agent's word, by us or by the process before us, and the agent still has something to say about it. */
  async #isOver(executionId: string): Promise<boolean> {
    if (this.#over === executionId) return true;
    const isOver = await this.#store.isEnded(executionId);
    if (isOver) this.#over = executionId;
    return isOver;
  }

  /** Ends everything that is open without the agent's word. */
  async abandonAll(status: 'lost' | 'cancelled', message: string): Promise<void> {
    this.#stopWatchdog();
    await this.#abandon(this.#open.takeAll(), status, message);
    this.#holds.quieten();
  }

  /** This process ends; who waits here will not learn the end. */
  leave(): void {
    this.#stopWatchdog();
    this.#open.dismissWaiters(new AppError('shutting_down'));
  }

  async #abandon(
    runs: readonly ExecutionRun[],
    status: 'lost' | 'cancelled',
    message: string,
  ): Promise<void> {
    if (runs.length === 0) return;
    const at = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const error = { type: status === 'lost' ? 'SandboxLost' : 'CancelledError', message };
    await this.#record(
      runs.map((run) => ({ run, step: run.abandon(status, error, at, monotonic) })),
      {},
      at,
    );
  }

  /**
   * One transaction, then the disk if anything ended, then the followers, then those who wait. `at`: when it happened, wall-clock
   * milliseconds; what is stored says the same as what is told.
   */
  async #record(
    steps: readonly RunStep[],
    { session, ...rest }: Pick<Change, 'session' | 'newSnapshots' | 'removedSnapshots'>,
    at: number,
  ): Promise<boolean> {
    const events = steps.flatMap(({ step }) =>
      step.messages.map((message) => this.#live.compose(message)),
    );
    const ended = steps.filter(({ step }) => step.ended).map(({ run }) => run);
    const errors = ended.filter((run) => run.record.status !== 'success').length;
    const { state, config } = this.#store.record;
    const statistics = session?.statistics ?? this.#store.record.statistics;
    const networkBytes = this.#networkBytes();
    const isCounted = errors > 0 || networkBytes !== statistics.networkBytes;
    const isLast = ended.length > 0 && this.#open.none;
    const rests = isLast && state === 'busy';
    const change: Change = {
      ...rest,
      session: {
        ...session,
        ...(isCounted
          ? { statistics: { ...statistics, errors: statistics.errors + errors, networkBytes } }
          : {}),
        ...(isLast ? storedUse(this.#clock.now(), config.idle) : {}),
        ...(rests ? { state: move('busy', 'idle') } : {}),
      },
      executions: steps.flatMap(({ run, step }) =>
        step.change ? [{ executionId: run.executionId, ...step.change }] : [],
      ),
      newProfiles: steps.flatMap(({ run, step: { profile } }) =>
        profile ? [{ executionId: run.executionId, profile, storedAt: this.#clock.now() }] : [],
      ),
      events: events.map((event) => eventRecord(event, at)),
    };
    const isStored = await this.#store.applyStubbornly(change, ended.length > 0);
    this.#live.send(events);
    this.#figures.told(steps);
    if (rests) this.#live.tell({ type: 'state', from: 'busy', to: 'idle', reason: 'execution' });
    for (const run of ended) this.#open.settle(run);
    if (this.#open.running === null) this.#holds.quieten();
    if (isLast) this.#rested();
    await this.#prune(ended);
    return isStored;
  }

  /** Looks only when the bounds are well exceeded: what is kept a little too long costs less than looking every time. */
  async #prune(ended: readonly ExecutionRun[]): Promise<void> {
    if (ended.length === 0) return;
    const { historyLengthMax, historyBytesMax } = this.#limits;
    this.#history ??= await this.#store.historySize();
    let { executions, bytes } = this.#history;
    executions += ended.length;
    for (const { record } of ended) bytes += record.storedBytes;
    this.#history = { executions, bytes };
    if (executions <= historyLengthMax + pruneEvery && bytes <= historyBytesMax * 1.125) return;
    await this.#store.pruneHistory({ executions: historyLengthMax, bytes: historyBytesMax });
    this.#history = await this.#store.historySize();
  }

  /** SECURITY: the agent enforces the time limit; this one holds when it does not. */
  #watch(run: ExecutionRun): void {
    this.#stopWatchdog();
    const deadlineMs = run.record.timeoutMs + this.#limits.unresponsiveMsMax;
    this.#stopWatchdog = this.#clock.after(deadlineMs, () => {
      if (this.#open.running === run) this.#unresponsive(run.executionId);
    });
  }
}

type RunStep = { readonly run: ExecutionRun; step: Step };
