// A file, a link or a directory goes: at once, however much is in it.
import { renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { chmod, lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import type { FileRemoveRequest } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';
import { fileFailure } from './file-failures.ts';
import { type Expectation, expectation, expectedAt } from './file-status.ts';
import { locate } from './locate.ts';
import type { Workspace } from './workspace.ts';

const separator = Buffer.from('/');

/** A link goes itself. Throws AgentFailure: `unknown_file`, `directory_not_empty`, `file_changed` and others. */
export async function removeFile(
  workspace: Workspace,
  request: FileRemoveRequest,
  signal: AbortSignal,
): Promise<void> {
  const away = workspace.stagingPath();
  try {
    const { root } = workspace;
    const { path, recursive } = request;
    const expected = await expectation(root, { path, follow: false }, request.expected);
    const take = () => takeAway(root, { path, recursive, expected }, away);
    if (await workspace.change(take, signal)) await removeTree(Buffer.from(away));
  } catch (error) {
    throw fileFailure(error);
  }
}

/** True when there is something left to do at `away`. */
function takeAway(
  root: string,
  {
    path,
    recursive,
    expected,
  }: { readonly path: string; readonly recursive: boolean; readonly expected: Expectation },
  away: string,
): boolean {
  using place = locate(root, path, { follow: false });
  const present = expectedAt(place, expected);
  if (present === null) throw new AgentFailure('unknown_file', 'Nothing is there');
  if (present.type !== 'directory') unlinkSync(place.path);
  else if (!recursive) rmdirSync(place.path);
  else renameSync(place.path, away);
  return present.type === 'directory' && recursive;
}

/** No link is followed, and no directory is too closed. */
async function removeTree(path: Buffer): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return unlink(path);
  await chmod(path, 0o700);
  for (const name of await readdir(path, { encoding: 'buffer' }))
    await removeTree(Buffer.concat([path, separator, name]));
  await rmdir(path);
}
