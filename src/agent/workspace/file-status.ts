// What is known of a file without its content.
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import type { FileStatus, FileStatusRequest } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';
import { fileFailure } from './file-failures.ts';
import { identityOf, tagOf } from './file-tag.ts';
import { locate, type Place } from './locate.ts';

/** SECURITY: not through a link in the place of what was walked to, and not waiting for the other end of a pipe. */
export const readFlags =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** As it is at this moment; see `identityOf`. */
export type Described = Omit<FileStatus, 'tag'> & { readonly identity: string };

/** What must be there when a change is made: `identity` null for nothing; null for whatever there is. */
export type Expectation = { readonly identity: string | null } | null;

/** Throws AgentFailure `unknown_file` and others. */
export async function fileStatus(
  root: string,
  { path, follow }: FileStatusRequest,
): Promise<FileStatus> {
  try {
    const { tag, ...found } = await tagged(root, path, follow);
    return statusOf(found, tag);
  } catch (error) {
    throw fileFailure(error);
  }
}

/**
 * Before a change: whether what is there has the tag that was expected (null for nothing, undefined for whatever there is), and what must
 * still be there in the moment of the change. Throws AgentFailure `file_changed`.
 */
export async function expectation(
  root: string,
  { path, follow }: FileStatusRequest,
  expected: string | null | undefined,
): Promise<Expectation> {
  if (expected === undefined) return null;
  const present = await tagged(root, path, follow).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (expected !== (present?.tag ?? null)) throw changed();
  return { identity: present?.identity ?? null };
}

/** What is at a place now, null for nothing. Throws AgentFailure `file_changed` when something else was expected. */
export function expectedAt(place: Place, expected: Expectation): Described | null {
  const stats = lstatSync(place.path, { bigint: true, throwIfNoEntry: false });
  const present = stats === undefined ? null : describe(stats);
  if (expected !== null && expected.identity !== (present?.identity ?? null)) throw changed();
  return present;
}

/** Throws AgentFailure `file_unusable` for pipes, sockets and devices. */
export function describe(stats: BigIntStats): Described {
  const { size, mode, mtimeNs } = stats;
  const type = typeOf(stats);
  if (type === null) throw new AgentFailure('file_unusable', 'This is no regular file');
  return {
    type,
    sizeBytes: type === 'directory' ? 0 : Number(size),
    modifiedMs: Math.max(0, Number(mtimeNs / 1_000_000n)),
    mode: Number(mode & 0o777n),
    identity: identityOf(stats),
  };
}

export function statusOf({ identity: _, ...facts }: Described, tag: string): FileStatus {
  return { ...facts, tag };
}

/** What is no file, or may not be read, is known again by its identity. */
async function tagged(
  root: string,
  path: string,
  follow: boolean,
): Promise<Described & { readonly tag: string }> {
  let file: number;
  {
    using place = locate(root, path, { follow });
    const found = describe(lstatSync(place.path, { bigint: true }));
    if (found.type !== 'file' || (found.mode & 0o400) === 0)
      return { ...found, tag: found.identity };
    file = openSync(place.path, readFlags);
  }
  try {
    const tag = await tagOf(file);
    return { ...describe(fstatSync(file, { bigint: true })), tag };
  } finally {
    closeSync(file);
  }
}

function changed(): AgentFailure {
  return new AgentFailure('file_changed', 'Another file is there');
}

function typeOf(stats: BigIntStats): FileStatus['type'] | null {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : null;
}
