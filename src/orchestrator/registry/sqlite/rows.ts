// Records to rows and back. Nothing here knows SQL.
import type { SQLInputValue } from 'node:sqlite';
import type { ApiKeyRecord, TenantRecord } from '../access-records.ts';
import type { AuditRecord } from '../audit-records.ts';
import type { ExecutionRecord, SessionRecord } from '../records.ts';
import type { ApiKeyTable, ExecutionTable, Row, SessionTable, TenantTable } from './schema.ts';

type Stored<Table> = Omit<
  { [Field in keyof Table]: Table[Field] },
  'position' | 'deleted' | 'deletedAt' | 'seqFirst' | 'seqLast'
>;

/** A record, or a part of one, as column values. Fields that are undefined are left out. */
export function encodeRow<Item extends object>(item: Item): Row<Item> {
  const row: Record<string, SQLInputValue> = {};
  for (const [field, value] of Object.entries(item))
    if (value !== undefined) row[field] = encodeValue(value);
  return row as Row<Item>;
}

/** A field of a record as its column's value. */
export function encodeValue(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return value as SQLInputValue;
}

/** Stands for every execution where only the names of the columns matter. */
export const anyExecution: Row<ExecutionRecord> = {
  executionId: '',
  sessionId: '',
  requestId: null,
  code: '',
  status: 'queued',
  timeoutMs: 0,
  captureOutput: 0,
  intermediateResults: 0,
  interactive: 0,
  profiled: 0,
  stdin: null,
  result: null,
  error: null,
  truncated: 0,
  usage: null,
  warnings: '',
  imported: 0,
  storedBytes: 0,
  queuedAt: 0,
  startedAt: null,
  endedAt: null,
  durationMs: null,
};

/** The same for records of the audit log, which are stored as they are. */
export const anyAuditRecord: AuditRecord = {
  seq: 0,
  at: 0,
  tenant: null,
  keyId: null,
  role: null,
  address: '',
  requestId: '',
  action: '',
  target: '',
  made: null,
  status: 0,
  code: null,
  previous: '',
  hash: '',
};

export function decodeSession(row: Stored<SessionTable>): SessionRecord {
  return {
    sessionId: row.sessionId,
    tenant: row.tenant,
    name: row.name,
    language: row.language,
    state: row.state,
    complete: row.complete === 1,
    config: JSON.parse(row.config),
    createdAt: row.createdAt,
    lastUsedAt: row.lastUsedAt,
    expiresAt: row.expiresAt,
    sandbox: parse(row.sandbox),
    agentSeq: row.agentSeq,
    seqReserved: row.seqReserved,
    version: row.version,
    versionLast: row.versionLast,
    seqPruned: row.seqPruned,
    statistics: JSON.parse(row.statistics),
  };
}

export function decodeExecution(row: Stored<ExecutionTable>): ExecutionRecord {
  return {
    executionId: row.executionId,
    sessionId: row.sessionId,
    requestId: row.requestId,
    code: row.code,
    status: row.status,
    timeoutMs: row.timeoutMs,
    captureOutput: row.captureOutput === 1,
    intermediateResults: row.intermediateResults === 1,
    interactive: row.interactive === 1,
    profiled: row.profiled === 1,
    stdin: row.stdin,
    result: parse(row.result),
    error: parse(row.error),
    truncated: row.truncated === 1,
    usage: parse(row.usage),
    warnings: JSON.parse(row.warnings),
    imported: row.imported === 1,
    storedBytes: row.storedBytes,
    queuedAt: row.queuedAt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    durationMs: row.durationMs,
  };
}

export function decodeTenant(row: Stored<TenantTable>): TenantRecord {
  return {
    tenantId: row.tenantId,
    displayName: row.displayName,
    limits: JSON.parse(row.limits),
    defaults: JSON.parse(row.defaults),
    egressAllow: row.egressAllow === null ? null : JSON.parse(row.egressAllow),
    createdAt: row.createdAt,
  };
}

export function decodeKey(row: Stored<ApiKeyTable>): ApiKeyRecord {
  return {
    keyId: row.keyId,
    tenant: row.tenant,
    role: row.role,
    name: row.name,
    prefix: row.prefix,
    secretHash: row.secretHash,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    lastUsedAt: row.lastUsedAt,
    revokedAt: row.revokedAt,
    rotatedFrom: row.rotatedFrom,
  };
}

function parse(text: string | null) {
  return text === null ? null : JSON.parse(text);
}
