// What counts as the path of a file in the workspace, for archives and for requests alike: names with slashes between them.
import { limits } from '#protocol';

/** True for names below the workspace: none empty, none `.` or `..`, none that no file can have, neither too long nor too many. */
export function isPlainPath(path: string): boolean {
  return (
    fitsPath(path) &&
    path.isWellFormed() &&
    !path.includes('\0') &&
    path.split('/').every((name) => name !== '' && name !== '.' && name !== '..')
  );
}

/** Whether a path, or the target of a link, is within the limits. */
export function fitsPath(path: string): boolean {
  return (
    Buffer.byteLength(path) <= limits.filePathBytesMax &&
    path.split('/').length <= limits.filePathNamesMax
  );
}

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A name as the file system has it; null when it is no text. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return strictText.decode(bytes);
  } catch {
    return null;
  }
}
