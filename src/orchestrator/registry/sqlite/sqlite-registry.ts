// The registry in one SQLite file, embedded in the process: the default of the port. Every method runs to its end
// before the next one starts, so callers never see half a change. Changes that wait to be committed together are committed first.
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../foundation/clock.ts';
import { AppError } from '../../foundation/errors.ts';
import type { Observed } from '../../foundation/observe.ts';
import type { AccessRegistry } from '../access-registry.ts';
import type { AuditRegistry } from '../audit-registry.ts';
import type {
  EventRecord,
  ExecutionRecord,
  OutputRecord,
  RequestEffect,
  SandboxRecord,
  SessionChange,
  SessionRecord,
  SessionState,
  SnapshotRecord,
} from '../records.ts';
import type {
  HistoryPage,
  HistoryPart,
  HistorySize,
  IdempotencyClaim,
  IdempotentReply,
  Listing,
  OwnedSession,
  Page,
  RetainedSession,
  SessionFilter,
  SessionRegistry,
  StoredProfile,
} from '../session-registry.ts';
import type { UsageRegistry } from '../usage-registry.ts';
import { AccessRows } from './access-rows.ts';
import { AuditRows } from './audit-rows.ts';
import { Checkpointer } from './checkpointer.ts';
import type { Database } from './database.ts';
import type { Durability } from './durability.ts';
import { ExecutionRows } from './execution-rows.ts';
import { FactRows } from './fact-rows.ts';
import { GroupCommit } from './group-commit.ts';
import { IdempotencyRows } from './idempotency-rows.ts';
import { ObservedCalls } from './observed-calls.ts';
import { type OpenedDatabase, openDatabase } from './open-database.ts';
import { isForeignKeyViolation, isSyncFailure, registryError } from './registry-error.ts';
import { SessionRows } from './session-rows.ts';
import { SnapshotRows } from './snapshot-rows.ts';
import { StorageRows } from './storage-rows.ts';
import { UsageRows } from './usage-rows.ts';
import { writeChange } from './write-change.ts';

/** Rows that one turn of the event loop removes, so that forgetting much holds up nobody. */
const executionsRemovedMax = 20;
const eventsRemovedMax = 200;

const dayMs = 24 * 60 * 60 * 1000;

export type SqliteRegistryOptions = Observed & {
  /** Made when it is not there. One process at a time. */
  readonly directory: string;
  readonly clock: Clock;
  /** How long an idempotency key is kept. */
  readonly idempotencyMs?: number;
};

export class SqliteRegistry implements SessionRegistry {
  /** Tenants and their API keys. */
  readonly access: AccessRegistry;
  readonly audit: AuditRegistry;
  readonly usage: UsageRegistry;
  readonly #database: Database;
  readonly #durability: Durability;
  readonly #lock: Disposable;
  readonly #checkpointer: Checkpointer;
  readonly #sessions: SessionRows;
  readonly #executions: ExecutionRows;
  readonly #snapshots: SnapshotRows;
  readonly #idempotency: IdempotencyRows;
  readonly #facts: FactRows;
  readonly #calls: ObservedCalls;
  readonly #changes = new GroupCommit<SessionChange>((changes) => this.#applyAll(changes));
  #durableVersion = 0;
  #closed = false;

  /** Throws StartError that tells the operator what is wrong. */
  static async open(options: SqliteRegistryOptions): Promise<SqliteRegistry> {
    return new SqliteRegistry(await openDatabase(options.directory), options);
  }

  private constructor(opened: OpenedDatabase, options: SqliteRegistryOptions) {
    this.#database = opened.database;
    this.#durability = opened.durability;
    this.#lock = opened.lock;
    this.#checkpointer = new Checkpointer({ ...opened, clock: options.clock });
    this.#sessions = new SessionRows(opened.database);
    this.#executions = new ExecutionRows(opened.database);
    this.#snapshots = new SnapshotRows(
      opened.database,
      new StorageRows(opened.database, () => options.clock.now()),
    );
    this.#idempotency = new IdempotencyRows(opened.database, {
      runId: randomUUID(),
      retentionMs: options.idempotencyMs ?? dayMs,
    });
    this.#facts = new FactRows(opened.database);
    const runners = {
      read: <Result>(work: () => Result) => this.#read(work),
      write: <Result>(work: () => Result) => this.#write(work),
    };
    this.access = new AccessRows(opened.database, {
      ...runners,
      tookEffect: (effect) => this.#idempotency.tookEffect(effect),
    });
    this.#calls = new ObservedCalls(options);
    this.audit = new AuditRows(opened.database, runners);
    this.usage = new UsageRows(opened.database, runners);
  }

  async createSession(record: SessionRecord, effect?: RequestEffect): Promise<void> {
    this.#write(() => {
      this.#sessions.insert(record);
      if (effect) this.#idempotency.tookEffect(effect);
    });
  }

  async findSession(tenant: string, idOrName: string): Promise<SessionRecord | null> {
    return this.#read(() => this.#sessions.find(tenant, idOrName));
  }

  async listSessions(
    tenant: string,
    filter: SessionFilter,
    page: Page,
  ): Promise<Listing<SessionRecord>> {
    return this.#read(() => this.#sessions.list(tenant, filter, page));
  }

  async sessionsToRecover(): Promise<SessionRecord[]> {
    return this.#read(() => this.#sessions.toRecover());
  }

  async countSessions(): Promise<number> {
    return this.#read(() => this.#sessions.count());
  }

  async countSessionsByState(): Promise<Partial<Record<SessionState, number>>> {
    return this.#read(() => this.#sessions.countByState());
  }

  async expiredSessions(now: number): Promise<OwnedSession[]> {
    return this.#read(() => this.#sessions.expired(now));
  }

  async apply(change: SessionChange): Promise<void> {
    await this.#changes.add(change);
  }

  #applyAll(changes: readonly SessionChange[]): void {
    this.#transact(() => {
      try {
        for (const change of changes)
          writeChange(change, {
            sessions: this.#sessions,
            executions: this.#executions,
            snapshots: this.#snapshots,
            idempotency: this.#idempotency,
          });
      } catch (error) {
        if (!isForeignKeyViolation(error)) throw error;
        throw new AppError('session_not_found', { cause: error });
      }
    });
  }

  async deleteSession(sessionId: string): Promise<void> {
    // Out of everyone's sight at once; a process that dies half-way leaves a deleted session for recovery to remove.
    this.#write(() => this.#sessions.update(sessionId, { state: 'deleted' }));
    while (this.#write(() => this.#executions.removeEvents(sessionId, eventsRemovedMax)) > 0)
      await nextTurn();
    this.#write(() => this.#sessions.delete(sessionId));
  }

  async findExecution(sessionId: string, executionId: string): Promise<ExecutionRecord | null> {
    return this.#read(() => this.#executions.find(sessionId, executionId));
  }

  async listExecutions(sessionId: string, page: HistoryPage): Promise<Listing<ExecutionRecord>> {
    return this.#read(() => this.#executions.list(sessionId, page));
  }

  async executionsStartedBy(
    sessionId: string,
    at: number,
    after: number,
    limit: number,
  ): Promise<HistoryPart> {
    return this.#read(() => this.#executions.startedBy(sessionId, at, after, limit));
  }

  async openExecutions(sessionId: string): Promise<ExecutionRecord[]> {
    return this.#read(() => this.#executions.open(sessionId));
  }

  async outputOf(executionId: string): Promise<OutputRecord[]> {
    return this.#read(() => this.#executions.output(executionId));
  }

  async findProfile(executionId: string): Promise<StoredProfile | null> {
    return this.#read(() => this.#executions.profile(executionId));
  }

  async clearHistory(sessionId: string): Promise<number> {
    return this.#removeEnded(
      sessionId,
      this.#read(() => this.#executions.positionBefore(sessionId, 0)),
    );
  }

  async historySize(sessionId: string): Promise<HistorySize> {
    return this.#read(() => this.#executions.size(sessionId));
  }

  async pruneHistory(sessionId: string, keep: HistorySize): Promise<number> {
    const last = this.#read(() =>
      Math.max(
        this.#executions.positionBefore(sessionId, keep.executions) ?? 0,
        // Summing up from the newest is dear, and mostly not needed.
        this.#executions.size(sessionId).bytes > keep.bytes
          ? (this.#executions.positionOverBytes(sessionId, keep.bytes) ?? 0)
          : 0,
      ),
    );
    await this.#removeEnded(sessionId, last);
    return this.#read(() => this.#sessions.seqPruned(sessionId));
  }

  async listSnapshots(sessionId: string, page: Page): Promise<Listing<SnapshotRecord>> {
    return this.#read(() => this.#snapshots.list(sessionId, page));
  }

  async countSnapshots(sessionId: string): Promise<number> {
    return this.#read(() => this.#snapshots.count(sessionId));
  }

  async findSnapshot(sessionId: string, version: number): Promise<SnapshotRecord | null> {
    return this.#read(() => this.#snapshots.find(sessionId, version));
  }

  async findSnapshotByLabel(sessionId: string, label: string): Promise<SnapshotRecord | null> {
    return this.#read(() => this.#snapshots.findByLabel(sessionId, label));
  }

  async labelSnapshot(
    sessionId: string,
    version: number,
    label: string | null,
  ): Promise<SnapshotRecord | null> {
    return this.#write(() => this.#snapshots.label(sessionId, version, label));
  }

  async findSnapshotBelow(sessionId: string, version: number): Promise<SnapshotRecord | null> {
    return this.#read(() => this.#snapshots.findBelow(sessionId, version));
  }

  async listTenantSnapshots(tenant: string, page: Page): Promise<Listing<SnapshotRecord>> {
    return this.#read(() => this.#snapshots.listOf(tenant, page));
  }

  async findSnapshotById(tenant: string, snapshotId: string): Promise<SnapshotRecord | null> {
    return this.#read(() => this.#snapshots.findById(tenant, snapshotId));
  }

  async addSnapshot(record: SnapshotRecord, effect?: RequestEffect): Promise<void> {
    this.#write(() => {
      this.#snapshots.insert(record);
      if (effect) this.#idempotency.tookEffect(effect);
    });
  }

  async automaticSnapshots(sessionId: string): Promise<SnapshotRecord[]> {
    return this.#read(() => this.#snapshots.automatic(sessionId));
  }

  async sessionsWithAutomaticSnapshots(after: string, limit: number): Promise<RetainedSession[]> {
    return this.#read(() => this.#snapshots.sessionsWithAutomatic(after, limit));
  }

  async releaseSnapshots(snapshotIds: readonly string[]): Promise<string[]> {
    if (snapshotIds.length === 0) return [];
    return this.#write(() => this.#snapshots.release(snapshotIds));
  }

  async removeSnapshots(snapshotIds: readonly string[]): Promise<void> {
    if (snapshotIds.length > 0) this.#write(() => this.#snapshots.remove(snapshotIds));
  }

  async unknownSnapshots(tenant: string, snapshotIds: readonly string[]): Promise<string[]> {
    return this.#read(() => this.#snapshots.unknown(tenant, snapshotIds));
  }

  async eventsSince(sessionId: string, since: number, limit: number): Promise<EventRecord[]> {
    return this.#read(() => this.#executions.eventsSince(sessionId, since, limit));
  }

  async claimIdempotencyKey(
    scope: string,
    key: string,
    requestHash: string,
    now: number,
  ): Promise<IdempotencyClaim> {
    return this.#write(() => this.#idempotency.claim(scope, key, requestHash, now));
  }

  async storeIdempotentReply(scope: string, key: string, reply: IdempotentReply): Promise<void> {
    this.#write(() => this.#idempotency.store(scope, key, reply));
  }

  async releaseIdempotencyKey(
    scope: string,
    key: string,
    options: { readonly undone: boolean },
  ): Promise<void> {
    this.#write(() => this.#idempotency.release(scope, key, options));
  }

  async sandboxes(): Promise<SandboxRecord[]> {
    return this.#read(() => this.#sessions.sandboxes());
  }

  async readFact(name: string): Promise<string | null> {
    return this.#read(() => this.#facts.read(name));
  }

  async writeFact(name: string, value: string): Promise<void> {
    this.#write(() => this.#facts.write(name, value));
  }

  async durable(): Promise<void> {
    this.#changes.flush();
    this.#durability.assertSound();
    const { version } = this.#database;
    if (version === this.#durableVersion) return;
    await this.#calls.sync(() => this.#durability.sync());
    this.#durableVersion = Math.max(this.#durableVersion, version);
  }

  async check(): Promise<void> {
    await this.writeFact('checked', randomUUID());
    await this.durable();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#changes.flush();
    await this.#checkpointer.close();
    await this.#durability.close();
    this.#database.close();
    this.#lock[Symbol.dispose]();
  }

  async #removeEnded(sessionId: string, last: number | null): Promise<number> {
    if (!last) return 0;
    for (let total = 0; ; await nextTurn()) {
      const removed = this.#write(() =>
        this.#executions.removeEnded(sessionId, last, executionsRemovedMax),
      );
      total += removed;
      if (removed < executionsRemovedMax) return total;
    }
  }

  #read<Result>(work: () => Result): Result {
    this.#changes.flush();
    try {
      return work();
    } catch (error) {
      throw registryError(error);
    }
  }

  #write<Result>(work: () => Result): Result {
    this.#changes.flush();
    return this.#transact(work);
  }

  #transact<Result>(work: () => Result): Result {
    this.#durability.assertSound();
    try {
      const result = this.#calls.commit(() => this.#database.transaction(work));
      this.#checkpointer.committed();
      return result;
    } catch (error) {
      if (isSyncFailure(error)) this.#durability.fail(error);
      throw registryError(error);
    }
  }
}
