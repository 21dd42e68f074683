// Data directories with many sessions that sleep, as a service would have left them: filled through the interfaces of the registry and
// the snapshot store, with history, live events and a stored version each.
import { randomBytes, randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { newId } from '../../src/orchestrator/foundation/id.ts';
import type {
  EventRecord,
  ExecutionRecord,
  SessionRecord,
} from '../../src/orchestrator/registry/records.ts';
import type { SessionRegistry } from '../../src/orchestrator/registry/session-registry.ts';
import { SqliteRegistry } from '../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { openDirectoryStore } from '../../src/orchestrator/snapshots/directory/directory-store.ts';
import type { TenantSnapshots } from '../../src/orchestrator/snapshots/snapshot-store.ts';

const memoryDirectory = '/dev/shm';
const tenant = 'default';
const executionsEach = 3;
const contentBytes = 2048;
const putsAtOnce = 16;
const putMsMax = 60_000;
const seqBlock = 10_000;

export type SleepingSessions = { readonly directory: string; readonly sessionIds: string[] };

/**
 * Makes a data directory with so many sessions on the disk. The caller removes it. It is filled in memory, where waiting for the disk
 * after every single one costs nothing, and copied then.
 */
export async function storeSleepingSessions(
  count: number,
  signal: AbortSignal,
): Promise<SleepingSessions> {
  const scratch = await mkdtemp(join(memoryDirectory, 'cellar-sleeping-'));
  const directory = await mkdtemp(join(tmpdir(), 'cellar-sleeping-'));
  try {
    const sessionIds = await fill(scratch, count, signal);
    await cp(scratch, directory, { recursive: true });
    return { directory, sessionIds };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function fill(directory: string, count: number, signal: AbortSignal): Promise<string[]> {
  const store = await openDirectoryStore({
    directory: join(directory, 'snapshots'),
    clock: systemClock,
    reserveBytes: 0,
  });
  const registry = await SqliteRegistry.open({ directory, clock: systemClock });
  const sessionIds: string[] = [];
  try {
    const worker = async () => {
      while (sessionIds.length < count) {
        signal.throwIfAborted();
        const sessionId = newId('ses');
        const place = sessionIds.push(sessionId);
        await storeOne(registry, store.of(tenant), sessionId, place);
      }
    };
    await Promise.all(Array.from({ length: putsAtOnce }, worker));
    await registry.durable();
  } finally {
    await registry.close();
  }
  return sessionIds;
}

async function storeOne(
  registry: SessionRegistry,
  snapshots: TenantSnapshots,
  sessionId: string,
  place: number,
): Promise<void> {
  const record = sessionRecord(sessionId, place);
  await registry.createSession(record);
  for (let i = 0; i < executionsEach; i++) {
    const execution = executionRecord(sessionId, place);
    const events = eventRecords(execution, seqBlock + i * 3);
    await registry.apply({ sessionId, newExecutions: [execution], events });
  }
  const snapshotId = newId('snap');
  const content = await snapshots.put(snapshotId, oneChunk(), {
    sizeBytesMax: contentBytes,
    signal: AbortSignal.timeout(putMsMax),
  });
  await registry.apply({
    sessionId,
    session: { state: 'hibernated', sandbox: null, version: 1, versionLast: 1 },
    newSnapshots: [
      {
        snapshotId,
        tenant,
        sessionId,
        version: 1,
        parent: null,
        label: null,
        reason: 'hibernate',
        language: record.language,
        createdAt: systemClock.now(),
        ...content,
      },
    ],
  });
}

/** No two are alike, so that the store has as many parts to know as versions. */
async function* oneChunk(): AsyncGenerator<Buffer> {
  yield randomBytes(contentBytes);
}

function sessionRecord(sessionId: string, place: number): SessionRecord {
  const now = systemClock.now();
  return {
    sessionId,
    tenant,
    name: `notebook-${place}`,
    language: 'anarchy',
    state: 'idle',
    complete: true,
    config: {
      timeout: 5000,
      persistence: { policy: 'hibernate', keep: 5 },
      limits: {
        memoryBytes: 2 ** 28,
        cpus: 1,
        pids: 64,
        workspaceBytes: 2 ** 26,
        outputBytes: 2 ** 20,
      },
      network: { policy: 'none' },
      env: { STAGE: 'production', OWNER: `user-${place % 500}` },
      labels: { owner: `user-${place % 500}`, course: `course-${place % 20}` },
      idle: { hibernateAfterMs: 600_000 },
    },
    createdAt: now,
    lastUsedAt: now,
    expiresAt: null,
    sandbox: {
      sandboxId: newId('sbx'),
      runtimeId: randomBytes(32).toString('hex'),
      token: randomBytes(32).toString('base64url'),
      uid: 200_000 + place,
      runtime: 'runc',
    },
    agentSeq: executionsEach * 3,
    seqReserved: 2 * seqBlock,
    version: null,
    versionLast: 0,
    seqPruned: 0,
    statistics: {
      executions: executionsEach,
      errors: 0,
      cpuMs: 12,
      memoryPeakBytes: 40_000_000,
      networkBytes: 0,
    },
  };
}

function executionRecord(sessionId: string, place: number): ExecutionRecord {
  const now = systemClock.now();
  return {
    executionId: newId('exec'),
    sessionId,
    requestId: randomUUID(),
    code: `let total = 0; for (i = 0; i < ${place}; i++) { total += i * i; } print(total); total`,
    status: 'success',
    timeoutMs: 5000,
    captureOutput: true,
    intermediateResults: false,
    profiled: false,
    interactive: false,
    stdin: null,
    result: { type: 'number', value: place, preview: String(place) },
    error: null,
    truncated: false,
    usage: { cpuMs: 4, memoryPeakBytes: 40_000_000, outputBytes: 8 },
    warnings: [],
    imported: false,
    storedBytes: 400,
    queuedAt: now,
    startedAt: now,
    endedAt: now,
    durationMs: 4,
  };
}

function eventRecords({ executionId }: ExecutionRecord, seqFirst: number): EventRecord[] {
  const messages = [
    { type: 'executionStart', id: executionId, timestamp: systemClock.now() },
    { type: 'output', executionId, content: '328350\n', channel: 'stdout' },
    { type: 'executionResult', executionId, duration: 4, status: 'success', truncated: false },
  ];
  return messages.map((message, index) => ({
    seq: seqFirst + index,
    type: message.type,
    executionId,
    at: systemClock.now(),
    message: JSON.stringify({ ...message, seq: seqFirst + index }),
  }));
}
