// Files out of an archive into an empty directory.
// SECURITY: names are checked part by part, nothing that exists is ever opened, and links come last, so that nothing is written
// through one.
import { writeFileSync } from 'node:fs';
import { chmod, constants, mkdir, open, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fitsPath, isPlainPath } from '../workspace/plain-path.ts';
import { faulty } from './archive-failures.ts';
import type { ArchiveLimits } from './archive-format.ts';
import type { EntryAttributes } from './entry-digest.ts';
import { staysInside } from './link-target.ts';

export class WorkspaceWriter {
  readonly #root: string;
  readonly #limits: ArchiveLimits;
  readonly #directories: EntryAttributes[] = [];
  #files = 0;
  #links = 0;
  #fileBytes = 0;

  constructor(root: string, limits: ArchiveLimits) {
    this.#root = root;
    this.#limits = limits;
  }

  get counts() {
    const directories = this.#directories.length;
    return { files: this.#files, directories, links: this.#links, fileBytes: this.#fileBytes };
  }

  /** `name` is the path below the root. Throws AgentFailure. */
  async add(entry: EntryAttributes, content: AsyncIterable<Buffer>): Promise<void> {
    checkPath(entry.name);
    this.#count(entry);
    try {
      if (entry.kind === 'file') await this.#file(entry, content);
      else if (entry.kind === 'directory') await mkdir(this.#at(entry), { mode: 0o700 });
      else await this.#link(entry);
    } catch (error) {
      throw asFailure(error, entry.name);
    }
  }

  /** When all is there: directories get their attributes, innermost first, which writing into them would have changed. */
  async finish(): Promise<void> {
    for (const directory of this.#directories.toReversed()) {
      const { mode, mtimeMs } = directory;
      await utimes(this.#at(directory), secondsOf(mtimeMs), secondsOf(mtimeMs));
      await chmod(this.#at(directory), mode);
    }
  }

  #count(entry: EntryAttributes): void {
    if (entry.kind === 'file') this.#files++;
    else if (entry.kind === 'directory') this.#directories.push(entry);
    else this.#links++;
    this.#fileBytes += entry.sizeBytes;
    const { entriesMax, fileBytesMax } = this.#limits;
    if (this.#files + this.#directories.length + this.#links > entriesMax)
      throw faulty('too_many_entries', `more than ${entriesMax}`);
    if (this.#fileBytes > fileBytesMax)
      throw faulty('files_too_large', `more than ${fileBytesMax} bytes`);
  }

  async #file(entry: EntryAttributes, content: AsyncIterable<Buffer>): Promise<void> {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    await using file = await open(this.#at(entry), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    // At once: it goes into memory, and the way to the thread pool and back takes several times as long as the copy.
    for await (const bytes of content) writeFileSync(file.fd, bytes);
    await file.utimes(secondsOf(entry.mtimeMs), secondsOf(entry.mtimeMs));
    await file.chmod(entry.mode);
  }

  async #link(entry: EntryAttributes): Promise<void> {
    const target = entry.target ?? '';
    if (!staysInside(entry.name, target)) throw faulty('link_outside_workspace');
    await symlink(target, this.#at(entry));
  }

  #at({ name }: EntryAttributes): string {
    return join(this.#root, name);
  }
}

function checkPath(path: string): void {
  if (!fitsPath(path)) throw faulty('entry_name_too_long');
  if (!isPlainPath(path)) throw faulty('entry_outside_workspace');
}

/** Half a microsecond more: the kernel is told in microseconds, cut off. */
function secondsOf(milliseconds: number): number {
  return (milliseconds + 0.0005) / 1000;
}

function asFailure(error: unknown, name: string): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EEXIST':
      return faulty('entry_duplicate', name);
    case 'ENOENT':
    case 'ENOTDIR':
      return faulty('entry_without_directory', name);
    case 'ENAMETOOLONG':
      return faulty('entry_name_too_long');
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return faulty('files_too_large', 'no space');
    default:
      return error;
  }
}
