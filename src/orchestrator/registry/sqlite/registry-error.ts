// What SQLite's failures mean to the layers above.
import { AppError } from '../../foundation/errors.ts';

// Result codes of https://sqlite.org/rescode.html; the low byte is the primary one.
const busy = 5;
const damaged = [11, 26];
const constraint = 19;
const uniqueViolated = 2067;
const foreignKeyViolated = 787;
const triggerRaised = 1811;
const primaryKeyViolated = 1555;
const syncFailed = [1034, 1290];

/** The extended result code, or null when this is no failure of SQLite. */
function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode : null;
}

export function isBusy(error: unknown): boolean {
  return ((resultCode(error) ?? 0) & 0xff) === busy;
}

export function isDamaged(error: unknown): boolean {
  return damaged.includes((resultCode(error) ?? 0) & 0xff);
}

/** The disk did not take what SQLite wanted to have on it: nothing after that can be believed. */
export function isSyncFailure(error: unknown): boolean {
  return syncFailed.includes(resultCode(error) ?? 0);
}

export function isForeignKeyViolation(error: unknown): boolean {
  return resultCode(error) === foreignKeyViolated;
}

/** An error for the caller: AppErrors and programmer errors pass, failures of the database become `registry_unavailable`. */
export function registryError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const code = resultCode(error);
  if (code === uniqueViolated && String(error).includes('session.tenant, session.name'))
    return new AppError('name_taken', { cause: error });
  if (code === primaryKeyViolated && String(error).includes('tenant.tenantId'))
    return new AppError('tenant_exists', { cause: error });
  if (code === triggerRaised && String(error).includes('tenant is deleted'))
    return new AppError('tenant_not_found', { cause: error });
  const closed = error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';
  if (closed) return new AppError('registry_unavailable', { cause: error });
  // A constraint that is not the name's is a mistake of ours, not of the disk.
  if (code === null || (code & 0xff) === constraint) return error;
  return new AppError('registry_unavailable', { cause: error });
}
