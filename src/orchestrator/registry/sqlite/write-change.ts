// What one change of a session writes, within a transaction that is given up when this throws.
import { AppError } from '../../foundation/errors.ts';
import type { SessionChange } from '../records.ts';
import type { ExecutionRows } from './execution-rows.ts';
import type { IdempotencyRows } from './idempotency-rows.ts';
import type { SessionRows } from './session-rows.ts';
import type { SnapshotRows } from './snapshot-rows.ts';

export type ChangedRows = {
  readonly sessions: SessionRows;
  readonly executions: ExecutionRows;
  readonly snapshots: SnapshotRows;
  readonly idempotency: IdempotencyRows;
};

/** Throws `session_not_found` and `execution_not_found`. */
export function writeChange(
  change: SessionChange,
  { sessions, executions, snapshots, idempotency }: ChangedRows,
): void {
  if (change.session && !sessions.update(change.sessionId, change.session))
    throw new AppError('session_not_found');
  for (const record of change.newExecutions ?? []) executions.insert(record);
  for (const { executionId, output } of change.importedOutput ?? [])
    executions.insertOutput(executionId, output);
  for (const record of change.newProfiles ?? []) executions.insertProfile(record);
  for (const record of change.newSnapshots ?? []) snapshots.insert(record);
  if (change.removedSnapshots?.length) snapshots.remove(change.removedSnapshots);
  const complete =
    executions.update(change.executions ?? []) &&
    executions.insertEvents(change.sessionId, change.events ?? []);
  if (!complete) throw new AppError('execution_not_found');
  if (change.effect) idempotency.tookEffect(change.effect);
}
