// Records with every field filled, for tests that care about one or two.
import type { ExecutionProfile } from '#protocol';
import type { AuditEvent } from '../../src/orchestrator/registry/audit-records.ts';
import type {
  EventRecord,
  ExecutionRecord,
  SessionRecord,
  SnapshotRecord,
} from '../../src/orchestrator/registry/records.ts';

export function sessionRecord(changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    sessionId: 'ses-1',
    tenant: 'default',
    name: null,
    language: 'anarchy',
    state: 'idle',
    complete: true,
    config: {
      timeout: 5000,
      persistence: { policy: 'none' },
      limits: {
        memoryBytes: 268_435_456,
        cpus: 0.5,
        pids: 64,
        workspaceBytes: 67_108_864,
        outputBytes: 1_048_576,
      },
      network: { policy: 'none' },
      env: {},
      labels: {},
      idle: {},
    },
    createdAt: 1_767_225_600_000,
    lastUsedAt: 1_767_225_600_000,
    expiresAt: null,
    sandbox: null,
    agentSeq: 0,
    seqReserved: 0,
    version: null,
    versionLast: 0,
    seqPruned: 0,
    statistics: {
      executions: 0,
      errors: 0,
      cpuMs: 0,
      memoryPeakBytes: 0,
      networkBytes: 0,
    },
    ...changes,
  };
}

export function executionRecord(changes: Partial<ExecutionRecord> = {}): ExecutionRecord {
  return {
    executionId: 'exec-1',
    sessionId: 'ses-1',
    requestId: null,
    code: 'print(1);',
    status: 'queued',
    timeoutMs: 5000,
    captureOutput: true,
    intermediateResults: false,
    interactive: false,
    profiled: false,
    stdin: null,
    result: null,
    error: null,
    truncated: false,
    usage: null,
    warnings: [],
    imported: false,
    storedBytes: 0,
    queuedAt: 1_767_225_600_000,
    startedAt: null,
    endedAt: null,
    durationMs: null,
    ...changes,
  };
}

/** What the agent says of a program of one line. */
export function executionProfile(changes: Partial<ExecutionProfile> = {}): ExecutionProfile {
  return {
    intervalMs: 1,
    samples: 1,
    programMs: 1,
    garbageCollectionMs: 0,
    otherMs: 0,
    truncated: false,
    partial: false,
    functions: [{ name: 'f', line: 1, selfMs: 1, totalMs: 1, samples: 1, allocatedBytes: 0 }],
    lines: [{ function: 0, line: 1, selfMs: 1, totalMs: 1, samples: 1 }],
    nodes: [{ parent: -1, line: 0, selfMs: 1, samples: 1 }],
    ...changes,
  };
}

export function snapshotRecord(changes: Partial<SnapshotRecord> = {}): SnapshotRecord {
  return {
    snapshotId: 'snap-1',
    tenant: 'default',
    sessionId: 'ses-1',
    version: 1,
    parent: null,
    label: null,
    reason: 'requested',
    language: 'anarchy',
    createdAt: 1_767_225_600_000,
    sizeBytes: 100,
    storedBytes: 50,
    checksum: 'ab'.repeat(32),
    ...changes,
  };
}

export function outputEvent(
  seq: number,
  executionId: string,
  content: string,
  channel = 'stdout',
): EventRecord {
  return {
    seq,
    type: 'output',
    executionId,
    at: 1_767_225_600_000 + seq,
    message: JSON.stringify({ seq, type: 'output', executionId, content, channel }),
  };
}

export function auditEvent(changes: Partial<AuditEvent> = {}): AuditEvent {
  return {
    at: 1_767_225_600_000,
    tenant: 'red',
    keyId: 'key-1',
    role: 'developer',
    address: '192.0.2.1',
    requestId: 'req-1',
    action: 'createSession',
    target: '/api/sessions',
    made: null,
    status: 201,
    code: null,
    ...changes,
  };
}
