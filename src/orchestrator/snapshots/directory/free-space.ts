// Stops before the disk is full: a database that cannot write its log is worse than a snapshot that was not made.
import { statfs } from 'node:fs/promises';
import { AppError } from '../../foundation/errors.ts';

/** Throws AppError `storage_full` when the file system of `path` has fewer bytes left than `reserveBytes`. */
export async function assertFreeSpace(path: string, reserveBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize < reserveBytes) throw new AppError('storage_full');
}
