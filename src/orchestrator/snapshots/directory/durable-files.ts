// Writing so that it survives the machine's death, and looking at files that may have gone meanwhile.
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isMissing } from './storage-error.ts';

/** SECURITY: what users computed is for the service's own eyes only. */
export const fileMode = 0o600;
export const directoryMode = 0o700;

/** Makes a directory below one that exists, its name on the disk too. */
export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: directoryMode });
  await syncDirectory(dirname(path));
}

/** The names in a directory must be on the disk as well as the files' bytes. */
export async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

/** A new file, or a former one's place; its bytes are on the disk when this resolves, its name may not be. */
export async function writeSynced(path: string, text: string): Promise<void> {
  await using handle = await open(path, 'w', fileMode);
  await handle.writeFile(text);
  await handle.sync();
}

/** All of the bytes: a single write may stop in the middle, on a disk that is nearly full for one. */
export async function writeFully(
  handle: FileHandle,
  bytes: Buffer,
  position: number,
): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const rest = bytes.length - written;
    written += (await handle.write(bytes, written, rest, position + written)).bytesWritten;
  }
}

/** Those bytes; null when the file ends before them. */
export async function readExactly(
  handle: FileHandle,
  { offset, sizeBytes }: { readonly offset: number; readonly sizeBytes: number },
): Promise<Buffer | null> {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  for (let length = 0; length < sizeBytes; ) {
    const rest = sizeBytes - length;
    const { bytesRead } = await handle.read(bytes, length, rest, offset + length);
    if (bytesRead === 0) return null;
    length += bytesRead;
  }
  return bytes;
}

/** Null when there is no such file. */
export async function readIfThere(path: string): Promise<string | null> {
  return await ifThere(readFile(path, 'utf8'), null);
}

/** Null when there is no such file. */
export async function lookAt(
  path: string,
): Promise<{ sizeBytes: number; changedAt: number } | null> {
  const found = await ifThere(stat(path), null);
  return found && { sizeBytes: found.size, changedAt: Math.floor(found.mtimeMs) };
}

/** The names in a directory, sorted; none when there is no such directory. */
export async function namesIn(path: string): Promise<string[]> {
  return (await ifThere(readdir(path), [])).sort();
}

/** How many bytes that freed. */
export async function remove(path: string): Promise<number> {
  const found = await lookAt(path);
  await rm(path, { force: true });
  return found?.sizeBytes ?? 0;
}

/** `none` when there is no such file or directory. */
export async function ifThere<Result, None>(
  found: Promise<Result>,
  none: None,
): Promise<Result | None> {
  try {
    return await found;
  } catch (error) {
    if (isMissing(error)) return none;
    throw error;
  }
}
