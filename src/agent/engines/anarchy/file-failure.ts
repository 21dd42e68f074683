// What a program is told when the file system refuses.
import { HostFailure, shownPath } from '#language';

/** A refusal of ours, in the words of the file system. */
export class FileRefusal extends Error {
  readonly code: string;

  constructor(code: 'EISDIR' | 'ENOTDIR' | 'ENXIO' | 'EILSEQ' | 'EBUSY') {
    super(code);
    this.code = code;
  }
}

/** The failure of a call of `node:fs` about a path that the program wrote; null if it is none. */
export function fileFailure(failure: unknown, path: string): HostFailure | null {
  const code = failure instanceof Error ? (failure as NodeJS.ErrnoException).code : undefined;
  // SECURITY: the failure's own message names the machine's path.
  return code === undefined
    ? null
    : new HostFailure('IOError', `${reason(code)}: ${shownPath(path)}`);
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'No such file or directory'],
  ['EISDIR', 'Is a directory'],
  ['ENOTDIR', 'Not a directory'],
  ['ENXIO', 'Not a file'],
  ['EILSEQ', 'Not UTF-8 text'],
  ['EBUSY', 'In use'],
  ['ENAMETOOLONG', 'Name too long'],
  ['ELOOP', 'Too many links'],
  ['ENOSPC', 'No space left'],
  ['EDQUOT', 'No space left'],
  ['EFBIG', 'File too large'],
  ['EACCES', 'Access denied'],
  ['EPERM', 'Access denied'],
  ['EROFS', 'Access denied'],
  ['EMFILE', 'Too many open files'],
]);

function reason(code: string): string {
  return reasons.get(code) ?? `Failed (${code})`;
}
