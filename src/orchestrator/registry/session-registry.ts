// The port to the registry: sessions, their executions, their live events, idempotent replies. What a method has
// resolved is committed and survives the death of this process; `durable` says it survives the machine's too.
import type {
  EventRecord,
  ExecutionRecord,
  OutputRecord,
  ProfileRecord,
  RequestEffect,
  SandboxRecord,
  SessionChange,
  SessionRecord,
  SessionState,
  SnapshotRecord,
} from './records.ts';

export type Page = { readonly limit: number; readonly offset: number };
export type Listing<Item> = { readonly items: readonly Item[]; readonly total: number };

/** A parsed `filter=` expression: all terms must hold. `*` in a pattern matches any run of characters. */
export type SessionFilter = {
  readonly name?: string;
  readonly state?: SessionState;
  readonly language?: string;
  readonly labels?: Readonly<Record<string, string>>;
};

/** What it takes to find a session, whoever asks. */
export type OwnedSession = Pick<SessionRecord, 'tenant' | 'sessionId'>;

/** The stored outcome of a request that carried an Idempotency-Key. */
export type IdempotentReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type IdempotencyClaim =
  | { readonly outcome: 'claimed' }
  | { readonly outcome: 'inProgress' }
  /** Nobody is at it any more, and it had made something by then. An empty id: what that is was not stored. */
  | { readonly outcome: 'cutOff'; readonly made: string }
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'replied'; readonly reply: IdempotentReply };

export type RetainedSession = Pick<SessionRecord, 'sessionId' | 'version' | 'config'>;

export type HistoryPart = { readonly items: readonly ExecutionRecord[]; readonly last: number };

export type HistoryPage = Page & { readonly bytesMax?: number };

export type StoredProfile = ProfileRecord & { readonly firstOutputAt: number | null };

export type HistorySize = { readonly executions: number; readonly bytes: number };

export interface SessionRegistry {
  /** Throws AppError `name_taken` when a session of this tenant that is not deleted has the name. */
  createSession(record: SessionRecord, effect?: RequestEffect): Promise<void>;
  /** By id or name, never another tenant's. Null when there is none. Deleted ones do not exist, and those that are not complete not yet. */
  findSession(tenant: string, idOrName: string): Promise<SessionRecord | null>;
  /** Those that `findSession` finds. */
  listSessions(tenant: string, filter: SessionFilter, page: Page): Promise<Listing<SessionRecord>>;
  /** Of every tenant, oldest first: those that are not dormant, and those whose deletion was cut off. */
  sessionsToRecover(): Promise<SessionRecord[]>;
  /** Of every tenant, without deleted ones. */
  countSessions(): Promise<number>;
  /** The same, by their states; those that no session has are missing. */
  countSessionsByState(): Promise<Partial<Record<SessionState, number>>>;
  /** Those of every tenant whose `expiresAt` is not after `now`, milliseconds since 1970; the longest overdue first. */
  expiredSessions(now: number): Promise<OwnedSession[]>;
  /** One transaction. A new snapshot takes its label from another of the session. Throws `name_taken` on a renamed session's conflict. */
  apply(change: SessionChange): Promise<void>;
  /** Removes the session with everything it has. */
  deleteSession(sessionId: string): Promise<void>;

  findExecution(sessionId: string, executionId: string): Promise<ExecutionRecord | null>;
  /** Newest first; fewer than the page may have where they would take more than `bytesMax`, in the sense of `storedBytes`, but at least one. */
  listExecutions(sessionId: string, page: HistoryPage): Promise<Listing<ExecutionRecord>>;
  /** Ended ones that had started by `at`, oldest first. `after` is 0, and then the `last` of the part before. */
  executionsStartedBy(
    sessionId: string,
    at: number,
    after: number,
    limit: number,
  ): Promise<HistoryPart>;
  /** Queued and running ones, oldest first: for recovery. */
  openExecutions(sessionId: string): Promise<ExecutionRecord[]>;
  /** Output of one execution in order. */
  outputOf(executionId: string): Promise<OutputRecord[]>;
  /** Null when the execution has none. */
  findProfile(executionId: string): Promise<StoredProfile | null>;
  /** Removes ended executions and their events; gives how many executions. */
  clearHistory(sessionId: string): Promise<number>;
  /** How many executions a session has, and what they take, in the sense of `storedBytes`. */
  historySize(sessionId: string): Promise<HistorySize>;
  /**
   * Ended executions go, oldest first and with their events, until at most `executions` are left and all that is left takes
   * at most `bytes`. The newest stays in any case. Gives the session's `seqPruned` after that.
   */
  pruneHistory(sessionId: string, keep: HistorySize): Promise<number>;

  /** Newest first. */
  listSnapshots(sessionId: string, page: Page): Promise<Listing<SnapshotRecord>>;
  countSnapshots(sessionId: string): Promise<number>;
  findSnapshot(sessionId: string, version: number): Promise<SnapshotRecord | null>;
  findSnapshotByLabel(sessionId: string, label: string): Promise<SnapshotRecord | null>;
  /** Gives a version a label, or none; another version of the session that had it loses it. Null when there is no such version. */
  labelSnapshot(
    sessionId: string,
    version: number,
    label: string | null,
  ): Promise<SnapshotRecord | null>;
  /** The highest version below one. */
  findSnapshotBelow(sessionId: string, version: number): Promise<SnapshotRecord | null>;
  /** Of all sessions of a tenant, living or not, and imported ones; newest first. */
  listTenantSnapshots(tenant: string, page: Page): Promise<Listing<SnapshotRecord>>;
  /** Never another tenant's. */
  findSnapshotById(tenant: string, snapshotId: string): Promise<SnapshotRecord | null>;
  /** One that belongs to no session. Those of sessions come with `apply`. */
  addSnapshot(record: SnapshotRecord, effect?: RequestEffect): Promise<void>;
  /** Newest first: those with an automatic reason and without a label. */
  automaticSnapshots(sessionId: string): Promise<SnapshotRecord[]>;
  /** Sessions that have any of those, by their ids, after one. */
  sessionsWithAutomaticSnapshots(after: string, limit: number): Promise<RetainedSession[]>;
  /** Removes those of them that have no label and that no session stands on, at this moment; gives the ids of these. */
  releaseSnapshots(snapshotIds: readonly string[]): Promise<string[]>;
  /** Those that are not there are no error. */
  removeSnapshots(snapshotIds: readonly string[]): Promise<void>;
  /** Those of the ids that no snapshot of the tenant has. */
  unknownSnapshots(tenant: string, snapshotIds: readonly string[]): Promise<string[]>;

  /** Live events with seq above `since`, in order, at most `limit`. */
  eventsSince(sessionId: string, since: number, limit: number): Promise<EventRecord[]>;

  /**
   * `scope` is tenant and route, `requestHash` is over the body. Claims expire after 24 h. One of a process that died before the
   * request made anything passes to whoever asks next.
   */
  claimIdempotencyKey(
    scope: string,
    key: string,
    requestHash: string,
    now: number,
  ): Promise<IdempotencyClaim>;
  storeIdempotentReply(scope: string, key: string, reply: IdempotentReply): Promise<void>;
  /**
   * The request failed. Where it made nothing, or what it made is `undone`, the key may be used again; else the claim is `cutOff`. An
   * answer that was stored stays.
   */
  releaseIdempotencyKey(
    scope: string,
    key: string,
    options: { readonly undone: boolean },
  ): Promise<void>;

  /** Of all sessions, from the intent on: their containers may run. */
  sandboxes(): Promise<SandboxRecord[]>;
  /** Hash of the API key made at first start, and the like: small facts of this instance. */
  readFact(name: string): Promise<string | null>;
  writeFact(name: string, value: string): Promise<void>;

  /** Resolves when everything committed so far is on the disk. Callers that wait together share one sync. */
  durable(): Promise<void>;
  /** Throws AppError `registry_unavailable` when a write would fail. */
  check(): Promise<void>;
  close(): Promise<void>;
}
