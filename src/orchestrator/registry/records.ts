// The rows of the registry, in the words of the layers above. Every one is keyed by tenant through its session.
import type {
  DescribedValue,
  ErrorReport,
  ExecutionProfile,
  Location,
  OutputChannel,
} from '#protocol';

export const sessionStates = [
  'creating',
  'idle',
  'busy',
  'paused',
  'hibernated',
  'failed',
  'deleted',
] as const;
export type SessionState = (typeof sessionStates)[number];

/** In these a session has no sandbox and wants none until it is used again. */
export const dormantStates = ['hibernated', 'failed'] as const satisfies readonly SessionState[];

export function isDormant(state: SessionState): boolean {
  return dormantStates.some((dormant) => dormant === state);
}

export const executionStatuses = [
  'queued',
  'running',
  'success',
  'error',
  'timeout',
  'cancelled',
  'lost',
] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];

export type SessionLimits = {
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly pids: number;
  readonly workspaceBytes: number;
  readonly outputBytes: number;
};

/** Which versions stay of those that nobody asked for: so many of the newest, and one of each of so many hours and days (UTC). */
export type RetentionPolicy = {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
};

export type SessionConfig = {
  /** Default time limit of an execution, ms. */
  readonly timeout: number;
  readonly persistence: {
    readonly policy: 'none' | 'hibernate' | 'interval' | 'execution';
    readonly intervalMs?: number;
    readonly keep?: number | RetentionPolicy;
  };
  readonly limits: SessionLimits;
  readonly network: {
    readonly policy: 'none' | 'allowlist';
    readonly allow?: readonly string[];
    readonly bytesPerSecond?: number;
    readonly bytesTotal?: number;
  };
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly idle: {
    readonly pauseAfterMs?: number;
    readonly hibernateAfterMs?: number;
    readonly expireAfterMs?: number;
  };
};

export type SandboxRecord = {
  readonly sandboxId: string;
  /** Null between the intent and the engine's answer. */
  readonly runtimeId: string | null;
  readonly token: string;
  readonly uid: number;
  readonly runtime: string;
  /** A change of its settings was begun: until it is over they may be others than the session's. */
  readonly changing?: true;
};

export type SessionRecord = {
  readonly sessionId: string;
  readonly tenant: string;
  readonly name: string | null;
  readonly language: string;
  readonly state: SessionState;
  /** False for a fork until it has a version of its own: a process that dies before that leaves a session that nobody was given. */
  readonly complete: boolean;
  readonly config: SessionConfig;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** When it is deleted unless it is used before; null when it never is, and while something is executed. */
  readonly expiresAt: number | null;
  /** Null in the dormant states only, and of a deleted session. */
  readonly sandbox: SandboxRecord | null;
  /** Newest event of the sandbox's agent that is stored. */
  readonly agentSeq: number;
  /** Live-event numbers below this one may have been given out; a restarted orchestrator goes on from here. */
  readonly seqReserved: number;
  /** The version that the present state was last stored as, or brought back from; null without one. */
  readonly version: number | null;
  /** Highest version number ever given: none is given twice. */
  readonly versionLast: number;
  /** Live events up to this seq were pruned: replay from before it has a gap. */
  readonly seqPruned: number;
  readonly statistics: {
    readonly executions: number;
    readonly errors: number;
    readonly cpuMs: number;
    readonly memoryPeakBytes: number;
    readonly networkBytes: number;
  };
};

/** Why a snapshot was taken. */
export const snapshotReasons = [
  'requested',
  'execution',
  'interval',
  'hibernate',
  'files',
  'restart',
  'fork',
  'imported',
] as const;
export type SnapshotReason = (typeof snapshotReasons)[number];

/** Of those that nobody asked for: policies take them, and policies let them go. */
export const automaticReasons = [
  'execution',
  'interval',
  'hibernate',
  'files',
  'restart',
] as const satisfies readonly SnapshotReason[];

/** A snapshot that is stored wholly: its content is in the snapshot store under its id. */
export type SnapshotRecord = {
  readonly snapshotId: string;
  readonly tenant: string;
  /** Null: it was imported and belongs to no session. It may outlive the session. */
  readonly sessionId: string | null;
  readonly version: number | null;
  /** The version before it. */
  readonly parent: number | null;
  /** Unique among the snapshots of its session. */
  readonly label: string | null;
  readonly reason: SnapshotReason;
  readonly language: string;
  readonly createdAt: number;
  readonly sizeBytes: number;
  readonly storedBytes: number;
  /** SHA-256 of the content, hexadecimal. */
  readonly checksum: string;
};

export type ExecutionRecord = {
  readonly executionId: string;
  readonly sessionId: string;
  readonly requestId: string | null;
  readonly code: string;
  readonly status: ExecutionStatus;
  readonly timeoutMs: number;
  readonly captureOutput: boolean;
  readonly intermediateResults: boolean;
  readonly interactive: boolean;
  /** A profile was asked for. */
  readonly profiled: boolean;
  readonly stdin: string | null;
  readonly result: DescribedValue | null;
  readonly error: ErrorReport | null;
  readonly truncated: boolean;
  readonly usage: {
    readonly cpuMs: number;
    readonly memoryPeakBytes: number;
    readonly outputBytes: number;
  } | null;
  readonly warnings: readonly { readonly message: string; readonly location?: Location }[];
  /** It came with an archive, and was never executed here. */
  readonly imported: boolean;
  /** What its code, result and events take in the registry, about. */
  readonly storedBytes: number;
  readonly queuedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Milliseconds from start to end on the host's monotonic clock; null until it has ended. */
  readonly durationMs: number | null;
};

/** Where the time of an execution went. Belongs to the execution, and goes with it. */
export type ProfileRecord = {
  readonly executionId: string;
  readonly profile: ExecutionProfile;
  /** When it was handed to the registry, together with the execution's end. */
  readonly storedAt: number;
};

/** A live event as it was sent: `message` is the WebSocket message (with its seq) as JSON text. */
export type EventRecord = {
  readonly seq: number;
  /** Type of the message, for queries. */
  readonly type: string;
  readonly executionId: string | null;
  readonly at: number;
  readonly message: string;
};

export type OutputRecord = {
  readonly channel: OutputChannel;
  readonly content: string;
  readonly at: number;
};

/** The key of a request, in its scope: tenant and route. */
export type IdempotencyKey = { readonly scope: string; readonly key: string };

/** The id of what a request with an Idempotency-Key made: stored together with that, so that a repetition finds it. */
export type RequestEffect = IdempotencyKey & { readonly made: string };

/** What happened to one session, stored in one transaction. */
export type SessionChange = {
  readonly sessionId: string;
  readonly session?: Partial<Omit<SessionRecord, 'sessionId' | 'tenant' | 'createdAt'>>;
  readonly newExecutions?: readonly ExecutionRecord[];
  readonly newSnapshots?: readonly SnapshotRecord[];
  /** Ids; those that are not there are no error. */
  readonly removedSnapshots?: readonly string[];
  /** Of imported executions, which have no events. */
  readonly importedOutput?: readonly {
    readonly executionId: string;
    readonly output: readonly OutputRecord[];
  }[];
  readonly newProfiles?: readonly ProfileRecord[];
  readonly executions?: readonly ({ readonly executionId: string } & Partial<
    Omit<ExecutionRecord, 'executionId' | 'sessionId'>
  >)[];
  readonly events?: readonly EventRecord[];
  readonly effect?: RequestEffect;
};
