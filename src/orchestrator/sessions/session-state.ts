// The states of a session and the moves between them, as a table. Nothing else decides what is legal.
import assert from 'node:assert';
import type { SessionState } from '../registry/records.ts';

const nextStates: Readonly<Record<SessionState, readonly SessionState[]>> = {
  // A sandbox is being started: for a new session, or because the last one was lost or given up.
  creating: ['idle', 'failed', 'deleted'],
  idle: ['busy', 'creating', 'paused', 'hibernated', 'failed', 'deleted'],
  busy: ['idle', 'creating', 'failed', 'deleted'],
  paused: ['idle', 'creating', 'hibernated', 'failed', 'deleted'],
  // To `idle` by a rollback, whose sandbox is ready before anything is changed.
  hibernated: ['creating', 'idle', 'failed', 'deleted'],
  // No sandbox could be started; the next request tries again.
  failed: ['creating', 'idle', 'deleted'],
  deleted: [],
};

/** Gives `to` when the move is in the table; anything else is a bug of ours. */
export function move(from: SessionState, to: SessionState): SessionState {
  assert(nextStates[from].includes(to), `no move from ${from} to ${to}`);
  return to;
}
