// What followers of a session are sent, as the sessions shape it. The API adds what belongs to one socket only.
import type { DescribedValue, ErrorReport, OutputChannel } from '#protocol';
import type { ExecutionStatus, SessionState } from '../registry/records.ts';

export type LiveMessage =
  | { type: 'executionStart'; id: string; requestId?: string; timestamp: number }
  | {
      type: 'output';
      executionId: string;
      content: string;
      channel: OutputChannel;
      timestamp: number;
    }
  | { type: 'intermediateResult'; executionId: string; result: DescribedValue }
  | { type: 'progress'; executionId: string; value: number; of?: number }
  | { type: 'inputRequest'; executionId: string; prompt: string }
  | { type: 'error'; executionId: string; error: ErrorReport }
  | {
      type: 'executionResult';
      executionId: string;
      result?: DescribedValue;
      duration: number;
      status: ExecutionStatus;
      truncated: boolean;
      usage?: { cpuMs: number; memoryPeakBytes: number; outputBytes: number };
    }
  | {
      type: 'variablesChanged';
      executionId: string;
      added: string[];
      changed: string[];
      removed: string[];
    }
  | ({ type: 'state'; from: SessionState; to: SessionState; reason: StateReason } & StateDetails)
  | { type: 'gap'; since: number; resumesAfter: number };

/** Whose files a restarted session has: those it had, those of its last version, or none. */
export const restoredFiles = ['present', 'version', 'none'] as const;
export type RestoredFiles = (typeof restoredFiles)[number];

/** What a `state` message says of the state that came. */
export type StateDetails = {
  readonly version?: number | null;
  readonly files?: RestoredFiles;
};

/** Why a session changed its state. `lost`: its variables are gone with the sandbox. */
export type StateReason =
  | 'created'
  | 'execution'
  | 'lost'
  | 'stateLost'
  | 'recovered'
  | 'resumed'
  | 'rolledBack'
  | 'paused'
  | 'hibernated'
  | 'restarted'
  | 'failed'
  | 'expired'
  | 'deleted';

/** The execution a message belongs to. */
export function executionOf(message: LiveMessage): string | null {
  if (message.type === 'executionStart') return message.id;
  return 'executionId' in message ? message.executionId : null;
}
