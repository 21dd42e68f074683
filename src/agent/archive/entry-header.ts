// What a tar says of an entry, in our words.
// SECURITY: only what our own archives hold gets through: files, directories and links with plain attributes.
import type { Header } from 'tar-stream';
import { faulty } from './archive-failures.ts';
import type { EntryAttributes } from './entry-digest.ts';

/** Extensions that change nothing but what the header already says. */
const harmlessExtensions = new Set(['path', 'linkpath', 'mtime', 'size']);

/** Throws AgentFailure `archive_refused`. */
export function attributesOf(header: Header): EntryAttributes {
  const { type, name, mode, size, linkname, mtime } = header;
  const pax = (header.pax ?? {}) as Readonly<Record<string, string>>;
  if (type !== 'file' && type !== 'directory' && type !== 'symlink')
    throw faulty('entry_kind_refused', type ?? 'unknown');
  for (const key of Object.keys(pax))
    if (!harmlessExtensions.has(key)) throw faulty('entry_extension_refused');
  if (!Number.isSafeInteger(size) || (type !== 'file' && size !== 0))
    throw faulty('entry_attributes_refused', 'size');
  return {
    kind: type,
    name: type === 'directory' && name.endsWith('/') ? name.slice(0, -1) : name,
    mode: mode & 0o777,
    mtimeMs: millisecondsOf(pax.mtime) ?? mtime.getTime(),
    sizeBytes: size,
    target: type === 'symlink' ? (linkname ?? '') : null,
  };
}

function millisecondsOf(seconds: string | undefined): number | null {
  if (seconds === undefined) return null;
  if (!/^\d{1,11}(\.\d{1,9})?$/.test(seconds)) throw faulty('entry_attributes_refused', 'time');
  return Math.round(Number(seconds) * 1000);
}
