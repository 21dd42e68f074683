// What the file system's failures mean to the layers above.
import { AppError } from '../../foundation/errors.ts';

const full = ['ENOSPC', 'EDQUOT'];

/** Failures of the file system in it become AppErrors: `storage_full` or `storage_failed`. All others pass. */
export async function stored<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    if (code === null) throw error;
    throw new AppError(full.includes(code) ? 'storage_full' : 'storage_failed', { cause: error });
  }
}

export function isMissing(error: unknown): boolean {
  return systemCode(error) === 'ENOENT';
}

function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
