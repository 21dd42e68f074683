// The tables as Kysely types. They follow the records: a column is the record's field, with objects as JSON text and
// truth as 0 or 1. What the database itself enforces is in migrations.ts.
import type { Generated } from 'kysely';
import type { ApiKeyRecord, TenantRecord } from '../access-records.ts';
import type { AuditRecord } from '../audit-records.ts';
import type { LoginRecord } from '../login-registry.ts';
import type {
  EventRecord,
  ExecutionRecord,
  ProfileRecord,
  SessionRecord,
  SnapshotRecord,
} from '../records.ts';
import type { StorageStep, UsageHour, UsageReading } from '../usage-records.ts';

/** How a field of a record is stored. */
export type Column<Value> = Value extends boolean
  ? number
  : Value extends string | number | null
    ? Value
    : string;

export type Row<Item> = { [Field in keyof Item]: Column<Item[Field]> };

/** `position` grows with every insertion: it orders what happened within one millisecond. */
type Positioned = { position: Generated<number> };

/** `deleted` is 1 when the state is that. */
export type SessionTable = Positioned & Row<SessionRecord> & { deleted: Generated<number> };
/** `seqFirst` to `seqLast` is where its events are; null while it has none. Cheaper to keep than an index of all events. */
export type ExecutionTable = Positioned &
  Row<ExecutionRecord> & { seqFirst: number | null; seqLast: number | null };
export type EventTable = Row<EventRecord> & { sessionId: string };

export type SnapshotTable = Positioned & Row<SnapshotRecord>;

/** Of executions that came with an archive: they have no events. */
export type ImportedOutputTable = { executionId: string; output: string };

export type ProfileTable = Row<ProfileRecord>;

export type IdempotencyTable = {
  scope: string;
  key: string;
  requestHash: string;
  claimedAt: number;
  /** The process that claimed the key; empty when nobody is at it any more. */
  runId: string;
  /** The id of what the request made; null while that is nothing. */
  made: string | null;
  /** The IdempotentReply as JSON text; null while the request is under way. */
  reply: string | null;
};

/** `deletedAt` of one whose id only stays, so that it is not given again. */
export type TenantTable = Row<TenantRecord> & { deletedAt: number | null };
export type ApiKeyTable = Positioned & Row<ApiKeyRecord>;

/** Log-ins with browsers. */
export type LoginTable = Positioned & Row<LoginRecord>;

export type AuditTable = Row<AuditRecord>;

export type UsageTable = Row<UsageHour>;
export type UsageReadingTable = Row<UsageReading>;
export type UsageStorageTable = Row<StorageStep> & { tenant: string; sessionId: string };

export type FactTable = { name: string; value: string };

export type Schema = {
  session: SessionTable;
  execution: ExecutionTable;
  event: EventTable;
  snapshot: SnapshotTable;
  importedOutput: ImportedOutputTable;
  profile: ProfileTable;
  idempotency: IdempotencyTable;
  tenant: TenantTable;
  apiKey: ApiKeyTable;
  login: LoginTable;
  audit: AuditTable;
  usage: UsageTable;
  usageReading: UsageReadingTable;
  usageStorage: UsageStorageTable;
  fact: FactTable;
};
