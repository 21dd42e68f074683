// Turns the records of the layers below into the JSON that clients see. Whatever is not named here stays inside.
import type { FileEntry } from '#protocol';
import type { ExecutionRecord, SessionRecord, SnapshotRecord } from '../registry/records.ts';
import { tierOf } from '../runtimes/runtime-tiers.ts';
import type { ExecutionView, SessionView } from '../sessions/session-service.ts';
import type { Execution, FileItem, Session, Snapshot } from './schemas/reply.ts';

/** SECURITY: of `env` the names only; of the sandbox neither token nor uid. */
export function sessionJson({ record, connections, memoryBytes, snapshots }: SessionView): Session {
  const { config, statistics, sandbox } = record;
  return {
    id: record.sessionId,
    name: record.name,
    tenant: record.tenant,
    language: record.language,
    state: record.state,
    createdAt: timeText(record.createdAt),
    lastUsedAt: timeText(record.lastUsedAt),
    expiresAt: record.expiresAt === null ? null : timeText(record.expiresAt),
    config: {
      timeout: config.timeout,
      persistence: { ...config.persistence },
      limits: { ...config.limits },
      network: networkJson(config.network),
      env: Object.keys(config.env).sort(),
      labels: { ...config.labels },
      idle: { ...config.idle },
    },
    statistics: {
      executions: statistics.executions,
      errors: statistics.errors,
      cpuMs: statistics.cpuMs,
      memoryBytes,
      memoryPeakBytes: statistics.memoryPeakBytes,
      networkBytes: statistics.networkBytes,
      snapshots,
    },
    connections,
    version: record.version,
    sandbox: sandbox && {
      id: sandbox.sandboxId,
      runtime: sandbox.runtime,
      tier: tierOf(sandbox.runtime),
    },
  };
}

export function snapshotJson(record: SnapshotRecord): Snapshot {
  return {
    id: record.snapshotId,
    session: record.sessionId,
    version: record.version,
    parent: record.parent,
    label: record.label,
    reason: record.reason,
    language: record.language,
    createdAt: timeText(record.createdAt),
    sizeBytes: record.sizeBytes,
    storedBytes: record.storedBytes,
    checksum: record.checksum,
  };
}

export function fileJson({ path, type, sizeBytes, modifiedMs, mode }: FileEntry): FileItem {
  return {
    path,
    type,
    sizeBytes,
    modifiedAt: timeText(Math.min(modifiedMs, latestMs)),
    mode: mode.toString(8).padStart(4, '0'),
  };
}

/** `results` false leaves out what an execution gave: result, error and output. */
export function executionJson(
  { record, output }: ExecutionView,
  { results } = { results: true },
): Execution {
  return {
    executionId: record.executionId,
    sessionId: record.sessionId,
    ...(record.requestId === null ? {} : { requestId: record.requestId }),
    code: record.code,
    status: record.status,
    ...(results ? resultsJson(record, output) : {}),
    truncated: record.truncated,
    ...(record.imported ? { imported: true } : {}),
    startedAt: record.startedAt === null ? null : timeText(record.startedAt),
    duration: record.durationMs,
    usage: record.usage,
    warnings: record.warnings.map((warning) => ({ ...warning })),
  };
}

/** What a sandbox says of its files may be later than any date. */
const latestMs = 8.64e15;

export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function resultsJson(record: ExecutionRecord, output: ExecutionView['output']) {
  return {
    ...(record.result ? { result: record.result } : {}),
    ...(record.error ? { error: record.error } : {}),
    output: output.map(({ channel, content, at }) => ({ channel, content, at: timeText(at) })),
  };
}

function networkJson({ allow, ...network }: SessionRecord['config']['network']) {
  return { ...network, ...(allow ? { allow: [...allow] } : {}) };
}
