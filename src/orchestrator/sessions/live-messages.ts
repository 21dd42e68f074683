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
  | {
      type: 'state';
      from: SessionState;
      to: SessionState;
      reason: StateReason;
      version?: number | null;
    }
  | { type: 'gap'; since: number; resumesAfter: number };

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
