// What the file system's failures mean to the layers above.
import { AppError } from '../../foundation/errors.ts';

const full = ['ENOSPC', 'EDQUOT'];

/** An error for the caller: failures of the file system become `storage_full` or `storage_failed`, all others pass. */
export function storageError(error: unknown): unknown {
  const code = systemCode(error);
  if (code === null) return error;
  return new AppError(full.includes(code) ? 'storage_full' : 'storage_failed', { cause: error });
}

export function isMissing(error: unknown): boolean {
  return systemCode(error) === 'ENOENT';
}

function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** Throws the signal's own AppError, or `deadline_exceeded`, once it has fired. */
export function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw signal.reason instanceof AppError
    ? signal.reason
    : new AppError('deadline_exceeded', { cause: signal.reason });
}
