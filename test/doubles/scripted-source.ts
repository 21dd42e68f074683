// Sandboxes whose agent a test plays: for what no working agent would do, and for what takes long with a real one.
import type { AgentEvent, ConfigureRequest, ExecuteCommand } from '#protocol';
import type { EgressTerms } from '../../src/orchestrator/egress/egress-terms.ts';
import { abortable } from '../../src/orchestrator/foundation/abortable.ts';
import { AppError } from '../../src/orchestrator/foundation/errors.ts';
import type { SandboxRecord } from '../../src/orchestrator/registry/records.ts';
import type { Agent, Sandbox } from '../../src/orchestrator/sandbox/agent.ts';
import type { ContainerLimits } from '../../src/orchestrator/sandbox/hardening.ts';
import type { SandboxSource } from '../../src/orchestrator/sandbox/sandbox-source.ts';
import { ScriptedFiles } from './scripted-files.ts';

type EventBody = AgentEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'seq'>
    : never
  : never;

export class ScriptedSandbox implements Sandbox {
  readonly sandboxId: string;
  readonly runtimeId: string;
  readonly runtime = 'scripted';
  readonly executions: Omit<ExecuteCommand, 'type'>[] = [];
  readonly cancelled: string[] = [];
  readonly configured: ConfigureRequest[] = [];
  prepared = false;
  /** What it says when it is to be warmed up. */
  unprepared: AppError | null = null;
  /** How long its warming up takes. */
  warming: Promise<void> = Promise.resolve();
  acknowledged = 0;
  /** What a snapshot of it holds: values, or `values|files`. */
  state = '';
  readonly files = new ScriptedFiles();
  resets = 0;
  /** How long it takes to end what runs. */
  resetting: Promise<void> = Promise.resolve();
  /** What it says to a state that it is to bring back. */
  refusal: AppError | null = null;
  disposed = false;
  paused = false;
  /** What a question for variables waits for. */
  answering: Promise<void> = Promise.resolve();
  /** What the engine says to the next call that freezes or thaws it. */
  engineFailure: AppError | null = null;
  /** What the engine makes of its removal. */
  removal: Promise<void> = Promise.resolve();
  readonly #loss = Promise.withResolvers<Awaited<Sandbox['lost']>>();
  readonly lost = this.#loss.promise;
  readonly #events: AgentEvent[] = [];
  #seq = 0;
  #lost = false;
  #wake = () => {};

  constructor(record: SandboxRecord) {
    this.sandboxId = record.sandboxId;
    this.runtimeId = `container of ${record.sandboxId}`;
  }

  readonly agent: Agent & { connected: boolean } = {
    connected: true,
    prepare: async () => {
      await this.warming;
      if (this.unprepared) throw this.unprepared;
      this.prepared = true;
    },
    configure: async (request) => {
      this.#assertThawed();
      this.configured.push(request);
    },
    execute: (command) => {
      this.#assertThawed();
      this.executions.push(command);
      this.#wake();
    },
    cancel: (executionId) => void this.cancelled.push(executionId),
    stdin: () => {},
    events: () => this.#read(),
    acknowledge: (seq) => {
      this.acknowledged = seq;
      this.#wake();
    },
    variables: async () => {
      this.#assertThawed();
      await this.answering;
      this.#assertThawed();
      return { items: [], truncated: false };
    },
    inspect: async () => {
      this.#assertThawed();
      throw new AppError('variable_not_found');
    },
    knownExecutions: () => new Set(),
    snapshot: () => this.#snapshot(),
    reset: async () => {
      this.resets++;
      await this.resetting;
      this.state = filesOf(this.state);
    },
    files: this.files,
    restore: async (archive, { fork, filesOnly }) => {
      if (this.refusal) throw this.refusal;
      const chunks: Uint8Array[] = [];
      for await (const chunk of archive) chunks.push(chunk);
      const state = Buffer.concat(chunks).toString() + (fork ? ' (fork)' : '');
      this.state = filesOnly ? filesOf(state) : state;
    },
  };

  emit(event: EventBody): number {
    this.#events.push({ ...event, seq: ++this.#seq } as AgentEvent);
    this.#wake();
    return this.#seq;
  }

  /** The agent runs what it was given last, to a result; it may write something. */
  finish(executionId: string, value: unknown = null, content?: string): number {
    this.emit({ type: 'started', executionId });
    if (content !== undefined)
      this.emit({ type: 'output', executionId, channel: 'stdout', content });
    return this.end(executionId, value);
  }

  end(executionId: string, value: unknown = null): number {
    return this.emit({
      type: 'ended',
      executionId,
      status: 'success',
      result: { type: 'number', value, preview: String(value) },
      truncated: false,
      usage: { cpuMs: 1, memoryPeakBytes: 1, outputBytes: 0 },
      warnings: [],
      variables: { added: [], changed: [], removed: [] },
      stateLost: false,
    });
  }

  lose(reason: 'exited' | 'outOfMemory'): void {
    this.#lost = true;
    this.#loss.resolve({ reason, detail: 'as scripted' });
    this.#wake();
  }

  /** What its programs may reach, one of each call. */
  readonly permitted: (EgressTerms | null)[] = [];

  async permit(terms: EgressTerms | null): Promise<void> {
    this.permitted.push(terms);
  }

  async pause(): Promise<void> {
    this.#engineCall();
    this.paused = true;
  }

  async resume(): Promise<void> {
    this.#engineCall();
    this.paused = false;
  }

  #engineCall(): void {
    const failure = this.engineFailure;
    this.engineFailure = null;
    if (failure) throw failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    this.#wake();
    await this.removal;
  }

  /** A real one would let its callers wait for ever. */
  #assertThawed(): void {
    if (this.paused) throw new Error('a frozen agent was asked');
  }

  async *#snapshot(): AsyncGenerator<Buffer> {
    this.#assertThawed();
    yield Buffer.from(this.state);
  }

  async *#read(): AsyncGenerator<AgentEvent> {
    while (!this.disposed) {
      const event = this.#events.shift();
      if (event) yield event;
      else if (this.#lost) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** What is left of a state without its values. */
function filesOf(state: string): string {
  return state.includes('|') ? state.slice(state.indexOf('|')) : '';
}

export class ScriptedSource implements SandboxSource {
  canPause = true;
  readonly started: ScriptedSandbox[] = [];
  readonly released: string[] = [];
  /** What the next start throws. */
  failure: AppError | null = null;
  /** What sandboxes that are started say when they are to be warmed up, and how long it takes. */
  unprepared: AppError | null = null;
  warming: Promise<void> = Promise.resolve();
  /** What the next plan throws. */
  planFailure: AppError | null = null;
  /** Starts wait for it, or for their signal. */
  engine: Promise<void> = Promise.resolve();
  /** A start that was given up takes down what it has made. */
  undoing: Promise<void> = Promise.resolve();
  /** Of every start that was asked for. */
  readonly signals: AbortSignal[] = [];
  /** Sandboxes that an earlier process left. */
  readonly left = new Map<string, ScriptedSandbox>();
  #planned = 0;

  get last(): ScriptedSandbox {
    return this.started.at(-1)!;
  }

  plan(): SandboxRecord {
    if (this.planFailure) throw this.planFailure;
    const sandboxId = `sbx-${++this.#planned}`;
    return {
      sandboxId,
      runtimeId: null,
      token: 'token',
      uid: 1000 + this.#planned,
      runtime: 'scripted',
    };
  }

  release(record: SandboxRecord): void {
    this.released.push(record.sandboxId);
  }

  async start(
    record: SandboxRecord,
    _limits: ContainerLimits,
    signal: AbortSignal,
  ): Promise<Sandbox> {
    this.signals.push(signal);
    if (this.failure) throw this.failure;
    try {
      await abortable(this.engine, signal);
    } catch (error) {
      await this.undoing;
      throw error;
    }
    const sandbox = new ScriptedSandbox(record);
    sandbox.unprepared = this.unprepared;
    sandbox.warming = this.warming;
    this.started.push(sandbox);
    return sandbox;
  }

  async adopt(record: SandboxRecord): Promise<Sandbox | null> {
    if (this.failure) throw this.failure;
    return this.left.get(record.sandboxId) ?? null;
  }

  readonly updates: { readonly sandboxId: string; readonly limits: ContainerLimits }[] = [];
  /** What the next changes of limits throw. */
  updateFailure: AppError | null = null;

  async update({ sandboxId }: Sandbox, limits: ContainerLimits): Promise<void> {
    if (this.updateFailure) throw this.updateFailure;
    this.updates.push({ sandboxId, limits });
  }

  /** How long the engine takes to measure. */
  measuring: Promise<void> = Promise.resolve();

  async usage() {
    await this.measuring;
    return { cpuMs: 1, memoryBytes: 1, memoryPeakBytes: 1, pids: 1 };
  }
}
