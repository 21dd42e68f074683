// Records to rows and back. Nothing here knows SQL.
import type { ExecutionRecord, SessionRecord } from '../records.ts';
import type { ExecutionTable, Row, SessionTable } from './schema.ts';

type Stored<Table> = { [Field in keyof Omit<Table, 'position'>]: Table[Field] };

/** A record, or a part of one, as column values. Fields that are undefined are left out. */
export function encodeRow<Item extends object>(item: Item): Row<Item> {
  const row: Record<string, string | number | null> = {};
  for (const [field, value] of Object.entries(item)) {
    if (value === undefined) continue;
    if (typeof value === 'boolean') row[field] = value ? 1 : 0;
    else if (typeof value === 'object' && value !== null) row[field] = JSON.stringify(value);
    else row[field] = value;
  }
  return row as Row<Item>;
}

export function decodeSession(row: Stored<SessionTable>): SessionRecord {
  return {
    sessionId: row.sessionId,
    tenant: row.tenant,
    name: row.name,
    language: row.language,
    state: row.state,
    config: JSON.parse(row.config),
    createdAt: row.createdAt,
    lastUsedAt: row.lastUsedAt,
    expiresAt: row.expiresAt,
    sandbox: parse(row.sandbox),
    agentSeq: row.agentSeq,
    seqReserved: row.seqReserved,
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
    stdin: row.stdin,
    result: parse(row.result),
    error: parse(row.error),
    truncated: row.truncated === 1,
    usage: parse(row.usage),
    warnings: JSON.parse(row.warnings),
    storedBytes: row.storedBytes,
    queuedAt: row.queuedAt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    durationMs: row.durationMs,
  };
}

function parse(text: string | null) {
  return text === null ? null : JSON.parse(text);
}
