// The record of a session that is being made, before anything is stored.
import type { SandboxRecord, SessionRecord } from '../registry/records.ts';
import { storedUse } from './idle-ladder.ts';
import type { Origin } from './origins.ts';
import type { NewSession } from './session-service.ts';

export type NewSessionFacts = {
  readonly sessionId: string;
  readonly tenant: string;
  /** The state that it begins with; its language is that one's. */
  readonly origin: Origin | null;
  readonly sandbox: SandboxRecord;
  /** Milliseconds since 1970. */
  readonly now: number;
};

export function newSession(
  wanted: NewSession,
  { sessionId, tenant, origin, sandbox, now }: NewSessionFacts,
): SessionRecord {
  return {
    sessionId,
    tenant,
    name: wanted.name ?? null,
    language: origin?.snapshot.language ?? wanted.language,
    state: 'creating',
    complete: origin === null,
    config: wanted.config,
    createdAt: now,
    ...storedUse(now, wanted.config.idle),
    sandbox,
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
  };
}
