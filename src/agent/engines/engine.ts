// The port that every language engine implements. An engine runs code away from the agent's main thread, so that the agent
// always answers; one execution, save or load at a time, which the caller sees to. Editing and debugging will be further methods.
import type {
  AgentEvent,
  ConfigureRequest,
  EndedEvent,
  ExecuteCommand,
  InspectedNode,
  InspectRequest,
  VariablesReply,
  VariablesRequest,
} from '#protocol';

type WithoutPlace<Event> = Event extends unknown ? Omit<Event, 'seq' | 'executionId'> : never;

/** What a running program makes known, without its place in the sequence. */
export type EngineEvent = WithoutPlace<
  Extract<AgentEvent, { type: 'output' | 'intermediateResult' | 'progress' | 'inputRequest' }>
>;

/** How an execution ended. */
export type EngineOutcome = Omit<EndedEvent, 'seq' | 'type' | 'executionId' | 'times'>;

export type EngineSettings = Omit<ConfigureRequest, 'sessionId' | 'language'>;

export type StopCause = 'cancelled' | 'timeout';

export interface ExecutionSink {
  /** Events in order. False: the reader is behind, and the engine must soon hold its program back until `drained`. */
  events(batch: readonly EngineEvent[]): boolean;
  /** Told exactly once, after the last event. */
  ended(outcome: EngineOutcome): void;
}

export interface Engine {
  /** Grows with what a program can mean: state that a newer one made is not given to an older one. */
  readonly languageVersion: number;
  /**
   * Before the first `configure`, for sandboxes that wait: resolves when the engine runs and the first program of a session will not have to
   * wait for anything to be loaded. Throws AgentFailure `engine_unavailable`.
   */
  prepare(): Promise<void>;
  /** Gives the session's settings: before the first execution, and whenever they change. */
  configure(settings: EngineSettings): void;
  /** Runs a program; everything about it is told to the sink, failures of the engine included. Never throws. */
  execute(
    program: Omit<ExecuteCommand, 'type' | 'executionId' | 'traceparent'>,
    sink: ExecutionSink,
  ): void;
  /**
   * Stops the running program at its next safe point and keeps the session's state. An engine that does not get there
   * within its grace period is rebuilt empty, and the outcome says `stateLost`.
   */
  stop(cause: StopCause): void;
  /** More input for the running program. */
  input(content: string): void;
  /** The reader has caught up after `events` gave false. */
  drained(): void;
  /** Answered while a program runs, too. Throws AgentFailure `engine_busy` when the program does not come to a safe point in time. */
  variables(request: VariablesRequest): Promise<VariablesReply>;
  /** As `variables`; also throws `unknown_variable` and `unknown_path`. */
  inspect(request: InspectRequest): Promise<InspectedNode>;
  /**
   * The whole state of the session as bytes, read as fast as they are taken. No program may run. Throws AgentFailure
   * `image_too_large`, `engine_unavailable` and others; after that, or when the signal is aborted, the bytes are worth nothing.
   */
  save(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Puts saved state in the place of the session's; a `fork` goes on with random numbers of its own. No program may run. Throws
   * AgentFailure `image_refused` and others, or what the source throws: the session is then as it was.
   */
  load(
    image: AsyncIterable<Uint8Array>,
    options: { readonly fork: boolean; readonly signal: AbortSignal },
  ): Promise<void>;
  /** Ends what runs at once, wherever it is, and begins an empty session with the same settings. What runs ends as `cancelled`. */
  reset(): Promise<void>;
  dispose(): Promise<void>;
}

/** The outcome of a program that ended without the language having a say. */
export function outcomeWithout(
  status: EngineOutcome['status'],
  error: NonNullable<EngineOutcome['error']>,
  stateLost = false,
): EngineOutcome {
  return {
    status,
    error,
    truncated: false,
    usage: { cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 },
    warnings: [],
    variables: { added: [], changed: [], removed: [] },
    stateLost,
  };
}
