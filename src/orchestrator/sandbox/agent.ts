// The orchestrator's side of one agent, as the sessions see it. Implemented by agent-link.ts and agent-client.ts.
import type {
  AgentEvent,
  ConfigureRequest,
  ExecuteCommand,
  FilePart,
  FileRemoveRequest,
  FileStatus,
  FileStatusRequest,
  FilesReply,
  FilesRequest,
  FileWriteReply,
  FileWriteRequest,
  InspectedNode,
  InspectRequest,
  VariablesReply,
  VariablesRequest,
} from '#protocol';
import type { EgressTerms } from '../egress/egress-terms.ts';

export interface Agent {
  /** A connection is up now. */
  readonly connected: boolean;
  /** For a sandbox that will wait for its session: resolves when its engine runs and is warm. Before `configure`. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Gives the sandbox its session; awaited before the first execution. */
  configure(request: ConfigureRequest, signal: AbortSignal): Promise<void>;
  /** Commands are sent when the link is up, and again after a redial as long as the agent has not shown that it has them. */
  execute(command: Omit<ExecuteCommand, 'type'>): void;
  cancel(executionId: string): void;
  stdin(executionId: string, content: string): void;
  /**
   * Events in order, each once, across redials, starting after the last acknowledged one. Pulled: an unread event holds the
   * agent back. Ends when the sandbox is disposed or lost, after what had come until then; throws when the agent breaks the
   * protocol or stays away too long.
   */
  events(): AsyncIterable<AgentEvent>;
  /** The event is stored; the agent may forget it and all before it. */
  acknowledge(seq: number): void;
  variables(request: VariablesRequest, signal: AbortSignal): Promise<VariablesReply>;
  inspect(request: InspectRequest, signal: AbortSignal): Promise<InspectedNode>;
  /**
   * The session's state as an archive, whole if the iteration ends; executions wait meanwhile. SECURITY: its bytes are the
   * sandbox's: they are kept and given back to a sandbox, never read. The iteration throws AppErrors.
   */
  snapshot(signal: AbortSignal): AsyncIterable<Buffer>;
  /**
   * Brings a state back into a sandbox that has executed nothing; a `fork` gets random numbers of its own. After a failure the sandbox
   * is worth nothing. Throws AppErrors: `snapshot_refused` when the agent will not have it.
   */
  restore(
    archive: AsyncIterable<Uint8Array>,
    options: RestoreOptions,
    signal: AbortSignal,
  ): Promise<void>;
  /** Ends what runs, whether it can be stopped or not, and forgets every value. The files stay. Throws AppErrors. */
  reset(signal: AbortSignal): Promise<void>;
  readonly files: AgentFiles;
  /** Executions the agent held when it last said hello. */
  knownExecutions(): ReadonlySet<string>;
}

export type RestoreOptions = {
  readonly fork: boolean;
  /** The values in the archive are passed over. */
  readonly filesOnly?: boolean;
};

/** The workspace of a sandbox, while code runs in it as well. Errors are AppErrors. */
export interface AgentFiles {
  list(request: FilesRequest, signal: AbortSignal): Promise<FilesReply>;
  status(request: FileStatusRequest, signal: AbortSignal): Promise<FileStatus>;
  /** Opens a file. One of `content` and `close` must follow, once. */
  read(path: string, signal: AbortSignal): Promise<FileReading>;
  /** All of the content becomes the file, or nothing has changed. */
  write(
    request: FileWriteRequest,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<FileWriteReply>;
  remove(request: FileRemoveRequest, signal: AbortSignal): Promise<void>;
}

export type FileReading = {
  readonly status: FileStatus;
  /** Exactly that part of the file as it was opened; the iteration throws when the agent gives anything else. */
  content(part: FilePart): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
};

/** A container with a connected agent. Disposing destroys the container and its link. */
export interface Sandbox extends AsyncDisposable {
  readonly sandboxId: string;
  readonly runtimeId: string;
  readonly runtime: string;
  readonly agent: Agent;
  /** Its processes are frozen: the agent answers nothing, and its silence is no loss. */
  readonly paused: boolean;
  /** Its programs may reach what the terms allow, from now on and in open connections; null: nobody. Throws what the file system says. */
  permit(terms: EgressTerms | null): Promise<void>;
  /** Freezes it; nothing may be asked of its agent at that moment. Throws AppErrors, and then it runs on. */
  pause(signal: AbortSignal): Promise<void>;
  /** It goes on where it was frozen. Throws AppErrors, and then it still is: `sandbox_lost` when it is gone. */
  resume(signal: AbortSignal): Promise<void>;
  /** Resolves when the sandbox is gone without having been disposed: its container exited, or its agent stayed away. Never rejects. */
  readonly lost: Promise<{
    reason: 'exited' | 'outOfMemory' | 'unreachable' | 'protocol';
    detail: string;
  }>;
}
