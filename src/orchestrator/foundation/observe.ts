// What the parts of the service tell of their work, for figures about it: facts, each in one object. Who listens, and what becomes of
// it, is not their concern; where nobody listens they tell nobody.
import type { ErrorCode } from './errors.ts';

/** Times are milliseconds on the monotonic clock, sizes bytes. */
export type ServiceEvent =
  // --- sessions -----------------------------------------------------------------------------------------------------
  /** Stored sessions by state, as an earlier process left them. Told once, before anything else about sessions. */
  | { readonly type: 'sessionsFound'; readonly counts: Readonly<Record<string, number>> }
  /** `from` is null for a new one. */
  | { readonly type: 'sessionMoved'; readonly from: string | null; readonly to: string }
  /** It has a sandbox that runs: from the start of that one, or of its thaw. `created`: its first one. */
  | ({
      readonly type: 'sessionReady';
      readonly created: boolean;
      readonly path: SessionPath;
      readonly ms: number;
    } & InTrace)
  | {
      readonly type: 'sessionNotReady';
      readonly created: boolean;
      readonly code: ErrorCode;
    }
  | ({
      readonly type: 'snapshotTaken';
      readonly reason: string;
      readonly ms: number;
    } & SnapshotSizes)
  | { readonly type: 'stateRestored'; readonly part: 'state' | 'files'; readonly ms: number }
  // --- executions ---------------------------------------------------------------------------------------------------
  | { readonly type: 'executionQueued' }
  /** `waitedMs`: since it was accepted; null for one that an earlier process accepted, here and below. */
  | ({ readonly type: 'executionDispatched'; readonly waitedMs: number | null } & InTrace)
  | ({ readonly type: 'executionFirstOutput'; readonly ms: number | null } & InTrace)
  | ({
      readonly type: 'executionEnded';
      readonly tenant: string;
      readonly sessionId: string;
      readonly status: string;
      /** The sandbox's word: any text. */
      readonly error: string | null;
      readonly truncated: boolean;
      /** It had been handed to the sandbox. */
      readonly dispatched: boolean;
      readonly ms: number;
    } & InTrace)
  // --- sandboxes ----------------------------------------------------------------------------------------------------
  /** From the first call to the engine to the agent's hello. */
  | ({ readonly type: 'sandboxStarted'; readonly ms: number } & InTrace)
  | { readonly type: 'sandboxNotStarted' }
  /** This container is a session's from now on; of none where a state is only tried out for the tenant. */
  | {
      readonly type: 'sandboxTaken';
      readonly tenant: string;
      readonly sessionId: string | null;
      readonly runtimeId: string;
    }
  | { readonly type: 'sandboxLost'; readonly reason: string }
  /** The container is about to be removed: who wants to look at it looks now. */
  | { readonly type: 'sandboxEnding'; readonly runtimeId: string }
  | { readonly type: 'agentRedialled' }
  /** What a look at the engine's containers showed. */
  | { readonly type: 'reconciled'; readonly containers: number; readonly orphans: number }
  | { readonly type: 'orphanHandled'; readonly action: OrphanAction }
  // --- other hosts --------------------------------------------------------------------------------------------------
  /** A connection that a sandbox asked for. */
  | {
      readonly type: 'egressEnded';
      /** Why there was none, or why it was cut; null when it came to its own end. */
      readonly refusal: string | null;
      readonly sentBytes: number;
      readonly receivedBytes: number;
    }
  /** More of them, over any connection of the session's. */
  | {
      readonly type: 'networkUsed';
      readonly tenant: string;
      readonly sessionId: string;
      readonly sentBytes: number;
      readonly receivedBytes: number;
    }
  // --- room ---------------------------------------------------------------------------------------------------------
  | { readonly type: 'admitted'; readonly waitedMs: number }
  | {
      readonly type: 'admissionRefused';
      readonly scope: 'service' | 'tenant';
      /** What was short; `queue`: too many wait already. */
      readonly reason: string;
    }
  // --- stores -------------------------------------------------------------------------------------------------------
  | {
      readonly type: 'registryCall';
      readonly call: RegistryCall;
      readonly ms: number;
      readonly failed: boolean;
    }
  | {
      readonly type: 'storeCall';
      readonly call: StoreCall;
      readonly ms: number;
      /** Null when it succeeded. */
      readonly code: ErrorCode | null;
    }
  // --- clients ------------------------------------------------------------------------------------------------------
  | ({
      readonly type: 'requestAnswered';
      readonly method: string;
      /** Its template; null when no route has the address. */
      readonly route: string | null;
      readonly status: number;
      /** Why it was not served; null when it was. */
      readonly refusal: ErrorCode | null;
      readonly ms: number;
    } & InTrace)
  /** A live message was not served. */
  | { readonly type: 'messageRefused'; readonly code: string }
  | { readonly type: 'rateLimitHit'; readonly limit: RateLimit }
  /** `reason`: the fault; null where it has no name. */
  | { readonly type: 'archiveRefused'; readonly reason: string | null }
  /** Somebody showed what proves nothing. */
  | { readonly type: 'authFailed'; readonly kind: AuthFailure }
  | { readonly type: 'socketOpened' }
  | { readonly type: 'socketMessageSent' }
  /** By the service, and why. `socketClosed` follows. */
  | { readonly type: 'socketEnded'; readonly reason: string }
  | { readonly type: 'socketClosed' }
  // --- audit log ----------------------------------------------------------------------------------------------------
  | { readonly type: 'auditWritten'; readonly count: number }
  | { readonly type: 'auditNotWritten' }
  | { readonly type: 'auditLost'; readonly reason: 'dropped' | 'suppressed' }
  | { readonly type: 'auditChecked'; readonly whole: boolean }
  // --- traces -------------------------------------------------------------------------------------------------------
  | { readonly type: 'spansExported'; readonly count: number }
  /** `queue`: too many waited; `export`: the collector did not take them. */
  | { readonly type: 'spansDropped'; readonly reason: 'queue' | 'export'; readonly count: number };

/** Where it is part of one. */
type InTrace = { readonly traceId?: string | undefined };

/** `cold`: a fresh container; `warm`: one that waited; `restore`: with a stored state; `resume`: thawed. */
export type SessionPath = 'cold' | 'warm' | 'restore' | 'resume';
export type OrphanAction = 'container_removed' | 'container_kept' | 'directory_removed';
export type RegistryCall = 'commit' | 'sync';
export type StoreCall = 'put' | 'open' | 'delete' | 'list' | 'collect' | 'check';
/** `claims`: a token of somebody who has no tenant or role here. */
export type AuthFailure = 'key' | 'token' | 'claims' | 'ticket' | 'cookie' | 'login';
export type RateLimit = 'requests' | 'executions' | 'logins' | 'liveMessages';
type SnapshotSizes = { readonly sizeBytes: number; readonly storedBytes: number };

/** Returns at once and never throws. */
export type Observe = (event: ServiceEvent) => void;

/** For the options of a part: it may be missing. */
export type Observed = { readonly observe?: Observe | undefined };
