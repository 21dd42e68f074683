// One execution on its way from queued to ended: what each event of the agent makes of it. Holds no I/O.
// The agent is hostile: an event that does not fit is refused, and output is counted here again.
import type { AgentEvent, EndedEvent, ErrorReport, ExecutionProfile } from '#protocol';
import type { ExecutionRecord, ExecutionStatus, OutputRecord } from '../registry/records.ts';
import { isUsable } from './execution-profile.ts';
import type { LiveMessage } from './live-messages.ts';

/** What an event means: messages for the followers, and changes of the stored record. */
export type Step = {
  readonly messages: readonly LiveMessage[];
  readonly change: Partial<ExecutionRecord> | null;
  readonly ended: boolean;
  /** To be stored with the end. */
  readonly profile?: ExecutionProfile;
};

/** Stored size of an event beside its content, so that a flood of tiny events is bounded too. */
const eventOverheadBytes = 64;
/** Room for the events of a program that writes little but for hours. */
const eventsBytesSpare = 16 * 1024 * 1024;

export class ExecutionRun {
  #record: ExecutionRecord;
  readonly #output: OutputRecord[];
  readonly #outputBytesMax: number;
  #storedBytes = 0;
  #overflowed = false;
  #dispatchedMonotonic: number | null = null;

  /** `output`: what it has written already, where another process began it. */
  constructor(
    record: ExecutionRecord,
    outputBytesMax: number,
    output: readonly OutputRecord[] = [],
  ) {
    this.#record = record;
    this.#outputBytesMax = outputBytesMax;
    this.#output = [...output];
    for (const { content } of output) this.#admit(content);
  }

  get executionId(): string {
    return this.#record.executionId;
  }

  get record(): ExecutionRecord {
    return this.#record;
  }

  get output(): readonly OutputRecord[] {
    return this.#output;
  }

  get started(): boolean {
    return this.#record.status === 'running';
  }

  /** It was handed to the agent now: its duration counts from here, so that what ends at once has one too. */
  dispatched(monotonic: number): void {
    if (!this.started) this.#dispatchedMonotonic = monotonic;
  }

  /** An event of the agent for this execution, at wall-clock `at` and monotonic `monotonic` milliseconds; null when it is out of order. */
  take(event: AgentEvent, at: number, monotonic: number): Step | null {
    if ((event.type === 'started') === this.started) return null;
    switch (event.type) {
      case 'started':
        return this.#start(at);
      case 'output': {
        if (!this.#admit(event.content)) return nothing;
        const { executionId, content, channel } = event;
        this.#output.push({ channel, content, at });
        return message({ type: 'output', executionId, content, channel, timestamp: at });
      }
      case 'intermediateResult':
        if (!this.#admit(JSON.stringify(event.result))) return nothing;
        return message({
          type: 'intermediateResult',
          executionId: this.executionId,
          result: event.result,
        });
      case 'progress':
        if (!this.#admit('')) return nothing;
        return message({
          type: 'progress',
          executionId: this.executionId,
          value: event.value,
          ...(event.of === undefined ? {} : { of: event.of }),
        });
      case 'inputRequest':
        if (!this.#admit(event.prompt)) return nothing;
        return message({
          type: 'inputRequest',
          executionId: this.executionId,
          prompt: event.prompt,
        });
      case 'ended':
        return this.#end(event, at, monotonic);
    }
  }

  /** The execution ends without the agent's word: lost with its sandbox, or cancelled while it was queued. */
  abandon(status: 'lost' | 'cancelled', error: ErrorReport, at: number, monotonic: number): Step {
    return this.#close({ status, error, truncated: this.#overflowed }, at, monotonic, []);
  }

  /** Adds a warning to a step of this execution. */
  warn(step: Step, message: string): Step {
    const warnings = [...this.#record.warnings, { message }];
    return { ...step, change: { ...step.change, ...this.#set({ warnings }) } };
  }

  #start(at: number): Step {
    const { executionId: id, requestId } = this.#record;
    return {
      change: this.#set({ status: 'running', startedAt: at }),
      messages: [
        { type: 'executionStart', id, ...(requestId === null ? {} : { requestId }), timestamp: at },
      ],
      ended: false,
    };
  }

  #end(event: EndedEvent, at: number, monotonic: number): Step {
    const { added, changed, removed } = event.variables;
    const changes: LiveMessage[] =
      added.length + changed.length + removed.length === 0
        ? []
        : [{ type: 'variablesChanged', executionId: this.executionId, added, changed, removed }];
    if (event.stateLost)
      changes.push({ type: 'state', from: 'busy', to: 'busy', reason: 'stateLost' });
    const profile = this.#record.profiled ? event.profile : undefined;
    const isRefused = profile !== undefined && !isUsable(profile, this.#record.code);
    const step = this.#close(
      {
        status: event.status,
        ...(event.result === undefined ? {} : { result: event.result }),
        ...(event.error === undefined ? {} : { error: event.error }),
        truncated: event.truncated || this.#overflowed,
        usage: event.usage,
        warnings: event.warnings,
      },
      at,
      monotonic,
      changes,
      profile === undefined || isRefused ? 0 : Buffer.byteLength(JSON.stringify(profile)),
    );
    if (isRefused) return this.warn(step, 'The profile made no sense and was not kept');
    return profile === undefined ? step : { ...step, profile };
  }

  #close(
    end: Partial<ExecutionRecord> & { status: ExecutionStatus; truncated: boolean },
    at: number,
    monotonic: number,
    after: readonly LiveMessage[],
    profileBytes = 0,
  ): Step {
    const durationMs = this.started ? this.#duration(at, monotonic) : 0;
    const { code, stdin } = this.#record;
    const kept = JSON.stringify([code, stdin, end.result, end.error, end.warnings]);
    const storedBytes = this.#storedBytes + Buffer.byteLength(kept) + profileBytes;
    const change = this.#set({ ...end, storedBytes, endedAt: at, durationMs });
    const executionId = this.executionId;
    const messages: LiveMessage[] = [];
    if (end.error) messages.push({ type: 'error', executionId, error: end.error });
    messages.push({
      type: 'executionResult',
      executionId,
      ...(end.result ? { result: end.result } : {}),
      duration: durationMs,
      status: end.status,
      truncated: end.truncated,
      ...(end.usage ? { usage: end.usage } : {}),
    });
    return { change, messages: [...messages, ...after], ended: true };
  }

  /** For a run that another process started there is only the wall clock. */
  #duration(at: number, monotonic: number): number {
    const from = this.#dispatchedMonotonic;
    const elapsedMs = from === null ? at - (this.#record.startedAt ?? at) : monotonic - from;
    return Math.max(0, Math.round(elapsedMs * 1000) / 1000);
  }

  #set(change: Partial<ExecutionRecord>): Partial<ExecutionRecord> {
    this.#record = { ...this.#record, ...change };
    return change;
  }

  // SECURITY: the agent has its own limit; this one holds even when the agent is not ours any more.
  #admit(content: string): boolean {
    this.#storedBytes += Buffer.byteLength(content) + eventOverheadBytes;
    if (this.#storedBytes > this.#outputBytesMax * 2 + eventsBytesSpare) this.#overflowed = true;
    return !this.#overflowed;
  }
}

const nothing: Step = { messages: [], change: null, ended: false };

function message(message: LiveMessage): Step {
  return { messages: [message], change: null, ended: false };
}
