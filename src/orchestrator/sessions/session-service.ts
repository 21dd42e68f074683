// What the API may ask of the sessions. Every call names the tenant first: another tenant's session does not exist.
// Errors are AppErrors.
import type { InspectedNode, VariablesReply } from '#protocol';
import type {
  ExecutionRecord,
  IdempotencyKey,
  OutputRecord,
  SessionConfig,
  SessionRecord,
} from '../registry/records.ts';
import type { Listing, Page, SessionFilter } from '../registry/session-registry.ts';
import type { ProfileView } from './execution-profile.ts';

export type SessionView = {
  readonly record: SessionRecord;
  /** Live WebSockets. */
  readonly connections: number;
  /** As last measured on the host; null without a container, and before the first reading. */
  readonly memoryBytes: number | null;
  /** Versions that it has. */
  readonly snapshots: number;
};

export type ExecutionView = {
  readonly record: ExecutionRecord;
  readonly output: readonly OutputRecord[];
};

/** Where a new session's state comes from. */
export type ForkSource =
  | { readonly session: string; readonly version?: number }
  | { readonly session: string; readonly label: string }
  | { readonly snapshot: string };

export type NewSession = {
  readonly name?: string;
  /** The state that it begins with; then the language is that state's. */
  readonly from?: ForkSource;
  readonly language: string;
  readonly config: SessionConfig;
  readonly idempotencyKey?: IdempotencyKey | undefined;
};

/** `force`: even while something runs in it. */
export type DeleteOptions = { readonly force: boolean; readonly keepSnapshots?: boolean };

/** Absent parts stay as they are; `limits` and the like are merged by the caller. */
export type ConfigChange = Partial<SessionConfig>;

export type ExecuteRequest = {
  readonly code: string;
  readonly requestId?: string;
  /** ms; the session's default without it. */
  readonly timeout?: number;
  readonly captureOutput?: boolean;
  readonly intermediateResults?: boolean;
  readonly profile?: boolean;
  readonly stdin?: string;
  /** The caller can answer input requests. */
  readonly interactive?: boolean;
  readonly idempotencyKey?: IdempotencyKey | undefined;
};

/** A live event: `seq` and the message as JSON text with the seq in it, ready to send. `executionId` where it belongs to one. */
export type LiveEvent = {
  readonly seq: number;
  readonly type: string;
  readonly executionId: string | null;
  readonly text: string;
};

/** One follower of a session's events. `close` is told once when the session is deleted or the service stops. */
export interface LiveFollower {
  event(event: LiveEvent): void;
  /** Asked while stored events are replayed: resolves when it has taken in what it was given; false when it wants no more. Without it there is always room. */
  room?(): Promise<boolean>;
  close(reason: 'deleted' | 'shuttingDown'): void;
}

export interface LiveSubscription {
  /** Every event to come has a number above this one. */
  readonly since: number;
  /**
   * For a message to this follower alone (inspection results, pongs, protocol errors): `send` is given its number at once, or
   * after the events that have lower numbers and are being stored. A session whose registry is stuck forgets some of them.
   */
  number(send: (seq: number) => void): void;
  unsubscribe(): void;
}

export interface SessionService {
  create(tenant: string, session: NewSession, signal: AbortSignal): Promise<SessionView>;
  find(tenant: string, idOrName: string): Promise<SessionView>;
  list(tenant: string, filter: SessionFilter, page: Page): Promise<Listing<SessionView>>;
  delete(
    tenant: string,
    idOrName: string,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<void>;
  configure(
    tenant: string,
    idOrName: string,
    change: ConfigChange,
    signal: AbortSignal,
  ): Promise<SessionView>;
  /** Variables are forgotten, files and history stay. */
  restart(tenant: string, idOrName: string, signal: AbortSignal): Promise<SessionView>;

  /** Queued and stored; resolves when the record is committed, before it runs. The signal ends the wait of a session that sleeps for room. */
  submit(
    tenant: string,
    idOrName: string,
    request: ExecuteRequest,
    signal?: AbortSignal,
  ): Promise<ExecutionRecord>;
  /**
   * Resolves when the execution has ended and its end is durable. The signal cancels the wait, not the execution. Throws
   * `runtime_unavailable` while nobody can know what became of one that an earlier process accepted.
   */
  ended(
    tenant: string,
    idOrName: string,
    executionId: string,
    signal: AbortSignal,
  ): Promise<ExecutionView>;
  execution(tenant: string, idOrName: string, executionId: string): Promise<ExecutionView>;
  /** Of an execution that has ended. Throws `execution_running`, and `profile_not_found` where there is none. */
  profile(tenant: string, idOrName: string, executionId: string): Promise<ProfileView>;
  /** Throws `execution_ended` when it has. */
  cancel(tenant: string, idOrName: string, executionId: string): Promise<void>;
  stdin(tenant: string, idOrName: string, executionId: string, content: string): Promise<void>;
  /** Newest first; with their output only where it is wanted, since it can be much. Where they are large, fewer than the page may have. */
  history(
    tenant: string,
    idOrName: string,
    page: Page,
    includeOutput: boolean,
  ): Promise<Listing<ExecutionView>>;
  clearHistory(tenant: string, idOrName: string): Promise<void>;

  variables(
    tenant: string,
    idOrName: string,
    request: { filter?: string; includeValues: boolean },
    signal: AbortSignal,
  ): Promise<VariablesReply>;
  inspect(
    tenant: string,
    idOrName: string,
    request: { variable: string; path: readonly (string | number)[]; depth: number },
    signal: AbortSignal,
  ): Promise<InspectedNode>;

  /**
   * Follows a session's events, `since` first: stored events above it are replayed (a `gap` message first where some are gone), then live
   * ones, each exactly once and in order. Without `since` from now on. Counts as a connection only when `connection` is set.
   */
  follow(
    tenant: string,
    idOrName: string,
    options: { since?: number; connection: boolean },
    follower: LiveFollower,
  ): Promise<LiveSubscription>;
  /** Host-side measurements for a `metrics` message. */
  metrics(
    tenant: string,
    idOrName: string,
    signal: AbortSignal,
  ): Promise<{ cpuPercent: number; memoryBytes: number; pids: number }>;
}
