// The main thread's half of the engine for Anarchy Inference: hands programs to the worker, watches over it, and replaces it when
// it does not stop, runs out of memory or dies. It never runs a program itself.
import type {
  ExecutionProfile,
  InspectedNode,
  InspectRequest,
  VariablesReply,
  VariablesRequest,
} from '#protocol';
import { AgentFailure } from '../../agent-failure.ts';
import {
  type Engine,
  type EngineOutcome,
  type EngineSettings,
  type ExecutionSink,
  outcomeWithout,
  type StopCause,
} from '../engine.ts';
import { EngineNetwork } from './engine-network.ts';
import { EngineThread } from './engine-thread.ts';
import { heapHardBytesFor, heapHardBytesIn, isHeapFit, youngBytesIn } from './heap-limits.ts';
import { ImageTransfer } from './image-transfer.ts';
import { stopReason } from './stop-reason.ts';
import type { FromWorker, Program, Question } from './worker-messages.ts';

export type AnarchyEngineOptions = {
  /** The module that calls `runWorker` when it is started as a thread. */
  readonly entry: URL;
  /** Directory of the session's files. */
  readonly workspace: string;
  /** The Unix socket of the session's proxy, which is there while the session may reach anybody. */
  readonly egress: string;
  /** From a stop to the end of a worker that does not obey it. */
  readonly graceMs?: number;
  /** For an answer about the session while a program runs. */
  readonly answerMs?: number;
};

type Running = {
  readonly program: Program;
  readonly sink: ExecutionSink;
  stopped: StopCause | null;
  /** The last that the worker has told. */
  profile: ExecutionProfile | null;
  graceTimer: NodeJS.Timeout | undefined;
};

type Asked = {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (failure: AgentFailure) => void;
  readonly timer: NodeJS.Timeout;
};

/** Workers that died one after another without having done anything. */
const failedStartsMax = 3;
/** Periods of grace that a profile may take. */
const measuringGraces = 2;

export class AnarchyEngine implements Engine {
  readonly languageVersion = 1;
  readonly #entry: URL;
  readonly #workspace: string;
  readonly #graceMs: number;
  readonly #answerMs: number;
  readonly #network: EngineNetwork;
  readonly #asked = new Map<number, Asked>();
  #thread: EngineThread;
  #settings: EngineSettings | null = null;
  #running: Running | null = null;
  #transfer: ImageTransfer | null = null;
  #warming: PromiseWithResolvers<void> | null = null;
  #questions = 0;
  #heldCost = 0;
  #failedStarts = 0;
  /** A worker died between two executions: the next outcome has to say so. */
  #stateLost = false;
  #disposed = false;

  /** Starts the worker at once, so that it is there when the session is configured. */
  constructor(options: AnarchyEngineOptions) {
    const { entry, workspace, egress, graceMs = 2_000, answerMs = 2_000 } = options;
    this.#entry = entry;
    this.#workspace = workspace;
    this.#graceMs = graceMs;
    this.#answerMs = answerMs;
    this.#network = new EngineNetwork(egress);
    this.#thread = this.#startThread(heapHardBytesIn(process.constrainedMemory()));
  }

  prepare(): Promise<void> {
    if (this.#warming === null) {
      this.#warming = Promise.withResolvers();
      this.#thread.post({ type: 'warmUp' });
    }
    return this.#warming.promise;
  }

  configure(settings: EngineSettings): void {
    const isFirst = this.#settings === null;
    this.#settings = settings;
    this.#network.configure(settings);
    const { heapHardBytes } = this.#thread;
    const isFit = () =>
      isHeapFit(heapHardBytes, settings.heapBytesMax, process.constrainedMemory());
    // Later the heap is part of the state: a higher limit counts as far as the thread's own allows.
    if (!isFirst || isFit()) {
      this.#thread.post({ type: 'configure', settings });
      return;
    }
    const former = this.#thread;
    this.#thread = this.#startThread(heapHardBytesFor(settings.heapBytesMax));
    void former.terminate();
  }

  execute(program: Program, sink: ExecutionSink): void {
    this.#running = { program, sink, stopped: null, profile: null, graceTimer: undefined };
    this.#thread.shared.setStop(null);
    this.#thread.post({ type: 'execute', program });
  }

  stop(cause: StopCause): void {
    const running = this.#running;
    if (running === null || running.stopped !== null) return;
    const thread = this.#thread;
    running.stopped = cause;
    this.#endAfterGrace(running, thread, measuringGraces);
    thread.shared.setStop(cause);
  }

  /** What its profile takes is not the program's fault: it has up to so many more periods for that. */
  #endAfterGrace(running: Running, thread: EngineThread, more: number): void {
    running.graceTimer = setTimeout(() => {
      if (more > 0 && thread.shared.measuring) this.#endAfterGrace(running, thread, more - 1);
      else void thread.terminate();
    }, this.#graceMs);
  }

  input(content: string): void {
    if (this.#running !== null) this.#thread.postUrgently({ type: 'input', content });
  }

  drained(): void {
    if (this.#heldCost === 0) return;
    this.#thread.shared.addTaken(this.#heldCost);
    this.#heldCost = 0;
  }

  async variables(request: VariablesRequest): Promise<VariablesReply> {
    return (await this.#ask({ type: 'variables', request })) as VariablesReply;
  }

  async inspect(request: InspectRequest): Promise<InspectedNode> {
    const answer = await this.#ask({ type: 'inspect', request });
    if (answer === 'unknown_variable')
      throw new AgentFailure('unknown_variable', `There is no variable ${request.variable}`);
    if (answer === 'unknown_path')
      throw new AgentFailure('unknown_path', `${request.variable} has nothing at this path`);
    return answer as InspectedNode;
  }

  async *save(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    this.#transfer = new ImageTransfer(this.#thread, this.#graceMs);
    try {
      yield* this.#transfer.save(signal);
    } finally {
      this.#transfer = null;
    }
  }

  async load(
    image: AsyncIterable<Uint8Array>,
    options: { readonly fork: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    this.#transfer = new ImageTransfer(this.#thread, this.#graceMs);
    try {
      await this.#transfer.load(image, options);
      this.#stateLost = false;
    } finally {
      this.#transfer = null;
    }
  }

  async reset(): Promise<void> {
    if (this.#running !== null) this.#running.stopped ??= 'cancelled';
    // Its end brings another one. Not both at a time: each may fill the memory.
    await this.#thread.terminate();
    this.#stateLost = false;
    // That one had nothing to say is no sign of anything.
    this.#failedStarts = 0;
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#thread.terminate();
  }

  #startThread(heapHardBytes: number): EngineThread {
    const thread = new EngineThread({
      entry: this.#entry,
      workspace: this.#workspace,
      heapHardBytes,
      youngBytes: youngBytesIn(process.constrainedMemory()),
      onMessage: (message) => this.#receive(message),
      onExit: (exited, { outOfMemory }) => {
        if (exited === this.#thread) this.#replace(outOfMemory);
      },
    });
    if (this.#settings !== null) thread.post({ type: 'configure', settings: this.#settings });
    return thread;
  }

  #receive(message: FromWorker): void {
    if (message.type === 'answer') {
      this.#settle(message.id, ({ resolve, reject }) => {
        if (message.answer === null) reject(busy());
        else resolve(message.answer);
      });
      return;
    }
    if (message.type === 'request') {
      const { id, request } = message;
      const thread = this.#thread;
      void this.#network.begin(id, request, (answer) => {
        thread.postUrgently({ type: 'response', id, answer });
      });
      return;
    }
    if (message.type === 'requestAbort') {
      this.#network.giveUp(message.id);
      return;
    }
    if (message.type === 'warm') {
      this.#warming?.resolve();
      return;
    }
    if (message.type === 'profile') {
      if (this.#running !== null) this.#running.profile = message.profile;
      return;
    }
    if (message.type !== 'events') {
      this.#transfer?.receive(message);
      return;
    }
    const running = this.#running;
    if (running === null) return;
    const hasRoom = message.batch.length === 0 || running.sink.events(message.batch);
    // What comes with the end holds nobody back any more.
    if (hasRoom || message.outcome !== null) this.#thread.shared.addTaken(message.cost);
    else this.#heldCost += message.cost;
    if (message.outcome === null) return;
    this.drained();
    this.#finish(running, { ...message.outcome, stateLost: this.#stateLost });
  }

  #finish(running: Running, outcome: EngineOutcome): void {
    clearTimeout(running.graceTimer);
    this.#running = null;
    this.#stateLost = false;
    running.sink.ended(outcome);
  }

  /** The worker is gone: another one takes its place, with an empty session. */
  #replace(outOfMemory: boolean): void {
    if (this.#disposed) return;
    const former = this.#thread;
    this.#failedStarts = former.hasSpoken || this.#running?.stopped ? 0 : this.#failedStarts + 1;
    if (this.#failedStarts >= failedStartsMax) throw new Error('the engine does not start');
    this.#heldCost = 0;
    this.#network.giveUp();
    this.#transfer?.lose();
    this.#warming?.reject(restarted());
    for (const id of this.#asked.keys()) this.#settle(id, ({ reject }) => reject(restarted()));
    this.#thread = this.#startThread(former.heapHardBytes);
    if (this.#running === null) {
      this.#stateLost = this.#settings !== null;
      return;
    }
    const { program, stopped, profile } = this.#running;
    const outcome =
      stopped !== null
        ? outcomeWithout(stopped, stopReason(stopped, program.timeoutMs), true)
        : outcomeWithout('error', outOfMemory ? memoryExhausted : engineFailed, true);
    this.#finish(this.#running, profile === null ? outcome : { ...outcome, profile });
  }

  #ask(question: Question): Promise<unknown> {
    const id = ++this.#questions;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#settle(id, (asked) => asked.reject(busy())),
        this.#answerMs,
      );
      this.#asked.set(id, { resolve, reject, timer });
      this.#thread.postUrgently({ type: 'question', id, question });
    });
  }

  #settle(id: number, settle: (asked: Asked) => void): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    clearTimeout(asked.timer);
    settle(asked);
  }
}

const memoryExhausted = { type: 'ResourceLimitError', message: 'Memory exhausted' };
const engineFailed = { type: 'InternalError', message: 'The engine failed' };
const restarted = () => new AgentFailure('engine_unavailable', 'The engine was restarted');
const busy = () => new AgentFailure('engine_busy', 'The program did not come to a safe point');
