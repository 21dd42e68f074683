// The directory of one sandbox's link: the only path of the host that its container sees, read-only.
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { linkSocketName } from './agent-link.ts';
import { egressSocketName } from './sandbox-network.ts';

/** What the kernel takes as the path of a Unix socket, without the closing zero byte. */
const socketPathBytesMax = 107;
const sandboxIdPattern = /^sbx-[0-9a-z]+$/;

export function linkDirectory(runDirectory: string, sandboxId: string): string {
  return join(runDirectory, sandboxId);
}

/** Makes it. Throws what the file system says, and when the path is too long for a socket. */
export async function makeLinkDirectory(runDirectory: string, sandboxId: string): Promise<string> {
  const directory = linkDirectory(runDirectory, sandboxId);
  const socketPathBytes = Math.max(
    ...[linkSocketName, egressSocketName].map((name) => Buffer.byteLength(join(directory, name))),
  );
  if (socketPathBytes > socketPathBytesMax)
    throw new Error(
      `the run directory's path is ${socketPathBytes - socketPathBytesMax} bytes too long for a socket in it`,
    );
  // SECURITY: nobody else on the host may enter, so the sockets below can be open to the sandboxes' own uids.
  await mkdir(runDirectory, { recursive: true, mode: 0o700 });
  await chmod(runDirectory, 0o700);
  await mkdir(directory, { mode: 0o755 });
  // The process's umask may have taken bits away that the sandbox needs to get to its socket.
  await chmod(directory, 0o755);
  return directory;
}

/** Removing what is gone is no error. */
export async function removeLinkDirectory(runDirectory: string, sandboxId: string): Promise<void> {
  await rm(linkDirectory(runDirectory, sandboxId), { recursive: true, force: true });
}

/** The link directories that exist, with the time each was made. */
export async function listLinkDirectories(
  runDirectory: string,
): Promise<{ sandboxId: string; createdAt: number }[]> {
  const names = await readdir(runDirectory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const directories = names
    .filter((name) => sandboxIdPattern.test(name))
    .map(async (sandboxId) => {
      const status = await stat(linkDirectory(runDirectory, sandboxId)).catch(() => null);
      return status?.isDirectory() ? [{ sandboxId, createdAt: status.birthtimeMs }] : [];
    });
  return (await Promise.all(directories)).flat();
}
