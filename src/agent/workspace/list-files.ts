// The entries of a directory, a page at a time. Any page costs a walk through all of them, so there is a limit to that.
import { type Dirent, lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { type FileEntry, type FilesReply, type FilesRequest, limits } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';
import type { Directory } from './directory.ts';
import { fileFailure } from './file-failures.ts';
import { describe } from './file-status.ts';
import { openDirectory } from './locate.ts';
import { fitsPath, textOf } from './plain-path.ts';

/** JSON of one page, about: very long names make it shorter. */
const pageLengthMax = 1024 * 1024;

/**
 * What has no name in UTF-8 is left out, and so are pipes, sockets and devices. What comes or goes while the list is made may be in it
 * or not. Throws AgentFailure: `unknown_file`, `not_directory`, `too_many_files` and others.
 */
export async function listFiles(root: string, request: FilesRequest): Promise<FilesReply> {
  try {
    const page = new FilePage(request);
    const below = [request.path];
    for (let path = below.pop(); path !== undefined; path = below.pop()) {
      const inside = await listDirectory(root, path, page).catch((error: unknown) => {
        if (path === request.path) throw error;
        return [];
      });
      if (request.recursive) below.push(...inside.reverse());
    }
    return page.reply;
  } catch (error) {
    throw fileFailure(error);
  }
}

/** Adds what is in a directory to the page; the paths of the directories among it. */
async function listDirectory(root: string, path: string, page: FilePage): Promise<string[]> {
  using directory = openDirectory(root, path);
  const found = await readdir(directory.path, { withFileTypes: true, encoding: 'buffer' });
  const below: string[] = [];
  for (const entry of found.sort((one, other) => Buffer.compare(one.name, other.name))) {
    const name = isListed(entry) ? textOf(entry.name) : null;
    if (name === null) continue;
    const full = path === '' ? name : `${path}/${name}`;
    if (!fitsPath(full)) continue;
    page.add(directory, name, full);
    if (entry.isDirectory()) below.push(full);
  }
  return below;
}

function isListed(entry: Dirent<Buffer>): boolean {
  return entry.isFile() || entry.isDirectory() || entry.isSymbolicLink();
}

class FilePage {
  readonly #limit: number;
  readonly #offset: number;
  readonly #items: FileEntry[] = [];
  #total = 0;
  #length = 0;

  constructor({ limit, offset }: FilesRequest) {
    this.#limit = limit;
    this.#offset = offset;
  }

  get reply(): FilesReply {
    return { items: this.#items, total: this.#total };
  }

  add(directory: Directory, name: string, path: string): void {
    const place = this.#total++;
    if (this.#total > limits.filesListedMax) {
      const message = `There are more than ${limits.filesListedMax} files`;
      throw new AgentFailure('too_many_files', message);
    }
    const isWanted = place >= this.#offset && this.#items.length < this.#limit;
    if (!isWanted || this.#length > pageLengthMax) return;
    const stats = lstatSync(directory.at(name), { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return;
    const { identity: _, ...facts } = describe(stats);
    this.#items.push({ path, ...facts });
    this.#length += JSON.stringify(path).length;
  }
}
