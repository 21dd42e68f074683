// What the sessions layer is built from: its collaborators by name, and the numbers that configuration decides.
import type { Admission } from '../admission/admission.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Watched } from '../foundation/trace.ts';
import type { SessionLimits } from '../registry/records.ts';
import type { SessionRegistry } from '../registry/session-registry.ts';
import type { SandboxSource } from '../sandbox/sandbox-source.ts';
import type { Gate } from './gate.ts';
import type { Retention } from './retention.ts';
import type { Snapshots } from './snapshots.ts';
import type { StoredSessions } from './stored-sessions.ts';

export type SessionOptions = Watched & {
  readonly registry: SessionRegistry;
  readonly source: SandboxSource;
  readonly snapshots: Snapshots;
  readonly admission: Admission;
  readonly stored: StoredSessions;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly log: Log;
  /** Where sessions go through that pause or hibernate by themselves: many may want to at the same time. */
  readonly descents: Gate;
  /** What the sessions of a tenant may reach at most, as of now; null for anything. */
  readonly egressAllowOf: (tenant: string) => readonly string[] | null;
  /** Authorities that programs trust beside the well-known ones, PEM; null for none. */
  readonly certificates: string | null;
  readonly limits: {
    /** Ended executions kept per session. */
    readonly historyLengthMax: number;
    /** Bytes that the kept executions of a session may take, about. */
    readonly historyBytesMax: number;
    /** From the engine's first call to a configured agent. */
    readonly sandboxStartMsMax: number;
    /** How long after its time limit an execution may fail to end before its sandbox is given up. */
    readonly unresponsiveMsMax: number;
    /** From the first byte of a snapshot to its record. */
    readonly snapshotMsMax: number;
    /** For the policy `interval` where the session's configuration does not say, ms. */
    readonly persistenceIntervalMs: number;
    /** Imported snapshots that are tried at a time. */
    readonly importTrialsMax: number;
    /** Of a sandbox in which an imported snapshot is tried. */
    readonly trial: SessionLimits;
    /** Share of a sandbox's memory that programs' values may take, 0..1. */
    readonly heapShare: number;
  };
};
