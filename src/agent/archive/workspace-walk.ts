// The workspace as a list of entries in a fixed order: directories before what is in them, names sorted by their bytes, links
// last. The same files give the same list.
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fitsPath, textOf } from '../workspace/plain-path.ts';
import { faulty } from './archive-failures.ts';
import type { EntryAttributes } from './entry-digest.ts';
import { staysInside } from './link-target.ts';

export type WorkspaceListing = {
  /** Names are paths below the root, with `/`. */
  readonly entries: readonly EntryAttributes[];
  readonly omitted: number;
};

/** Throws AgentFailure `archive_too_large` for more than `entriesMax` entries. */
export async function listWorkspace(root: string, entriesMax: number): Promise<WorkspaceListing> {
  const entries: EntryAttributes[] = [];
  const links: EntryAttributes[] = [];
  let omitted = 0;
  const waiting = [''];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    const names = await readdir(join(root, directory), { encoding: 'buffer' });
    const below: string[] = [];
    for (const bytes of names.sort(Buffer.compare)) {
      const name = textOf(bytes);
      const path = name === null || directory === '' ? name : `${directory}/${name}`;
      const entry = path === null || !fitsPath(path) ? null : await entryOf(root, path);
      if (entry === null) omitted++;
      else if (entry.kind === 'symlink') links.push(entry);
      else entries.push(entry);
      if (entry?.kind === 'directory') below.push(entry.name);
      if (entries.length + links.length + omitted > entriesMax)
        throw faulty('too_many_entries', `more than ${entriesMax}`);
    }
    waiting.push(...below.reverse());
  }
  return { entries: [...entries, ...links], omitted };
}

/** Null for what an archive does not hold. */
async function entryOf(root: string, path: string): Promise<EntryAttributes | null> {
  const full = join(root, path);
  const status = await lstat(full);
  const mode = status.mode & 0o777;
  const common = { name: path, mode, mtimeMs: Math.floor(status.mtimeMs), target: null };
  if (status.isDirectory()) return { ...common, kind: 'directory', sizeBytes: 0 };
  if (status.isFile()) return { ...common, kind: 'file', sizeBytes: status.size };
  if (!status.isSymbolicLink()) return null;
  const target = textOf(await readlink(full, { encoding: 'buffer' }));
  if (target === null || !fitsPath(target) || !staysInside(path, target)) return null;
  return { ...common, mode: 0o777, mtimeMs: 0, kind: 'symlink', sizeBytes: 0, target };
}
