// Copies files so that they survive the machine's death, and knows them again by their digest.
import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

export type Copied = { readonly sizeBytes: number; readonly sha256: string };

const chunkBytes = 1024 * 1024;

/** Size and digest of a file; with `target`, which must not be there, its bytes go there and to the disk. */
export async function readThrough(
  source: string,
  target: string | null,
  signal: AbortSignal,
): Promise<Copied> {
  await using input = await open(source, 'r');
  if (target !== null) await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  // SECURITY: users' code and states are for this user's eyes only.
  await using output = target === null ? null : await open(target, 'wx', 0o600);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let sizeBytes = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await input.read(buffer, 0, chunkBytes, sizeBytes);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    for (let written = 0; output !== null && written < chunk.length; )
      written += (await output.write(chunk.subarray(written))).bytesWritten;
    sizeBytes += bytesRead;
  }
  await output?.sync();
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** The names in a directory must be on the disk, too. */
export async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
