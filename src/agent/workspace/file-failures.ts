// What a refusal of the file system means to whoever asked for a file.
import type { FailureCode } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';

const codes: Readonly<Record<string, FailureCode>> = {
  ENOENT: 'unknown_file',
  ENOTDIR: 'not_directory',
  EISDIR: 'is_directory',
  ENOTEMPTY: 'directory_not_empty',
  ENAMETOOLONG: 'path_refused',
  ELOOP: 'path_refused',
  ENOSPC: 'workspace_full',
  EDQUOT: 'workspace_full',
  EFBIG: 'file_too_large',
  EACCES: 'file_unusable',
  EPERM: 'file_unusable',
  ENXIO: 'file_unusable',
  EBUSY: 'file_unusable',
  ETXTBSY: 'file_unusable',
};

/** The failure to tell; the error itself where it is none of the file system's. */
export function fileFailure(error: unknown): unknown {
  const { code: reason } = error as NodeJS.ErrnoException;
  const code = reason === undefined ? undefined : codes[reason];
  return code === undefined ? error : new AgentFailure(code, reason!);
}
