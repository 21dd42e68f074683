// What is known of a file without its content.
import { type BigIntStats, lstatSync } from 'node:fs';
import type { FileStatus, FileStatusRequest } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';
import { fileFailure } from './file-failures.ts';
import { locate, type Place } from './locate.ts';

/** Throws AgentFailure `unknown_file` and others. */
export function fileStatus(root: string, { path, follow }: FileStatusRequest): FileStatus {
  try {
    using place = locate(root, path, { follow });
    return describe(lstatSync(place.path, { bigint: true }));
  } catch (error) {
    throw fileFailure(error);
  }
}

/** What is at a place now, null for nothing. Throws AgentFailure `file_changed` when something else was expected. */
export function expectedAt(place: Place, expected: string | null | undefined): FileStatus | null {
  const stats = lstatSync(place.path, { bigint: true, throwIfNoEntry: false });
  const present = stats === undefined ? null : describe(stats);
  if (expected !== undefined && expected !== (present?.tag ?? null))
    throw new AgentFailure('file_changed', 'Another file is there');
  return present;
}

/** Throws AgentFailure `file_unusable` for pipes, sockets and devices. */
export function describe(stats: BigIntStats): FileStatus {
  const { ino, size, mode, mtimeNs, ctimeNs } = stats;
  const type = typeOf(stats);
  if (type === null) throw new AgentFailure('file_unusable', 'This is no regular file');
  return {
    type,
    sizeBytes: type === 'directory' ? 0 : Number(size),
    modifiedMs: Math.max(0, Number(mtimeNs / 1_000_000n)),
    mode: Number(mode & 0o777n),
    // A file that takes another's place has a number of its own, and every change of one file moves its times.
    tag: [ino, size, mtimeNs, ctimeNs].map((part) => part.toString(36)).join('-'),
  };
}

function typeOf(stats: BigIntStats): FileStatus['type'] | null {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : null;
}
