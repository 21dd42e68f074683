// A file gets new content: beside the workspace first, then in its place at once, or not at all.
import { constants, lstatSync, renameSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { FileWriteReply, FileWriteRequest } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';
import { fileFailure } from './file-failures.ts';
import { describe, type Expectation, expectation, expectedAt, statusOf } from './file-status.ts';
import { ContentTag } from './file-tag.ts';
import { locate } from './locate.ts';
import type { Workspace } from './workspace.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const fileMode = 0o644;

export type NewContent = {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Asked after the last byte: whether that was all of them. */
  readonly isWhole: () => boolean;
};

/** Throws AgentFailure: `file_changed`, `is_directory`, `workspace_full` and others; nothing has changed then but directories on the way. */
export async function replaceFile(
  workspace: Workspace,
  request: FileWriteRequest,
  content: NewContent,
  signal: AbortSignal,
): Promise<FileWriteReply> {
  const staged = workspace.stagingPath();
  try {
    await refuseEarly(workspace.root, request);
    const tag = new ContentTag();
    await using file = await open(staged, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, fileMode);
    for await (const bytes of content.bytes) {
      tag.add(bytes);
      await file.writeFile(bytes);
    }
    if (!content.isWhole()) throw new AgentFailure('invalid_request', 'The file was broken off');
    await keepMode(file, workspace.root, request);
    const expected = await expectedNow(workspace.root, request);
    const { path } = request;
    return await workspace.change(
      () => publish(workspace.root, path, expected, staged, tag.end()),
      signal,
    );
  } catch (error) {
    throw fileFailure(error);
  } finally {
    await rm(staged, { force: true });
  }
}

/** Before anybody sends what cannot become a file. */
async function refuseEarly(root: string, request: FileWriteRequest): Promise<void> {
  const { path, expected } = request;
  try {
    const wanted = await expectedNow(root, request);
    using place = locate(root, path, { follow: true });
    refuseDirectory(expectedAt(place, wanted));
  } catch (error) {
    // What is missing on the way is made later.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' || typeof expected === 'string') throw error;
  }
}

function expectedNow(root: string, { path, expected }: FileWriteRequest): Promise<Expectation> {
  return expectation(root, { path, follow: true }, expected);
}

/** The new file may do what the one before it may. */
async function keepMode(file: FileHandle, root: string, { path }: FileWriteRequest): Promise<void> {
  let mode: number;
  try {
    using place = locate(root, path, { follow: true });
    mode = lstatSync(place.path).mode & 0o777;
  } catch {
    return;
  }
  await file.chmod(mode);
}

/** In one turn: nothing of ours comes between the look and the change. */
function publish(
  root: string,
  path: string,
  expected: Expectation,
  staged: string,
  tag: string,
): FileWriteReply {
  using place = locate(root, path, { follow: true, make: true });
  const present = expectedAt(place, expected);
  refuseDirectory(present);
  renameSync(staged, place.path);
  const status = statusOf(describe(lstatSync(place.path, { bigint: true })), tag);
  return { created: present === null, status };
}

function refuseDirectory(present: { readonly type: string } | null): void {
  if (present?.type === 'directory') throw new AgentFailure('is_directory', 'A directory is there');
}
