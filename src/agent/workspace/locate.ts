// From a path of a request to the place of its file: name by name, from one open directory to the next.
// SECURITY: a link is followed by walking its target in the same way, so there is no way out, and none that opens while code of the
// session changes files at the same time.
import { lstatSync, mkdirSync, readlinkSync } from 'node:fs';
import { AgentFailure } from '../agent-failure.ts';
import { Directory } from './directory.ts';
import { isPlainPath, textOf } from './plain-path.ts';

/** As many as Linux follows. */
const linksMax = 40;
const directoryMode = 0o755;

/** A name in an open directory, whether something is there or not; `.` for the directory itself. Whoever gets it disposes of it. */
export class Place implements Disposable {
  readonly #directory: Directory;
  readonly name: string;

  constructor(directory: Directory, name: string) {
    this.#directory = directory;
    this.name = name;
  }

  get path(): string {
    return this.#directory.at(this.name);
  }

  /** The directory that is there. */
  open(): Directory {
    return this.#directory.open(this.name);
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

export type LocateOptions = {
  /** A link at the end is followed; else it is itself meant. */
  readonly follow: boolean;
  /** Directories that are missing on the way are made. */
  readonly make?: boolean;
};

/** `path` is empty for the workspace itself. Throws AgentFailure `path_refused`, and what the file system says. */
export function locate(root: string, path: string, options: LocateOptions): Place {
  if (path !== '' && !isPlainPath(path)) throw refused('This is no path of a file');
  using walk = new Walk(Directory.root(root));
  const waiting = path.split('/');
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      walk.leave();
      continue;
    }
    const isLast = waiting.length === 0;
    const stats = lstatSync(walk.at(name), { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() && (!isLast || options.follow)) {
      waiting.unshift(...walk.targetOf(name));
      continue;
    }
    if (isLast) return new Place(walk.take(), name);
    if (stats === undefined && options.make) mkdirSync(walk.at(name), directoryMode);
    walk.enter(name);
  }
  return new Place(walk.take(), '.');
}

/** The directory at a path, open. Throws as `locate` does. */
export function openDirectory(root: string, path: string): Directory {
  using place = locate(root, path, { follow: true });
  return place.open();
}

/** The directories from the root to where the walk is now. */
class Walk implements Disposable {
  readonly #open: Directory[];
  #links = 0;

  constructor(root: Directory) {
    this.#open = [root];
  }

  at(name: string): string {
    return this.#open.at(-1)!.at(name);
  }

  enter(name: string): void {
    this.#open.push(this.#open.at(-1)!.open(name));
  }

  leave(): void {
    if (this.#open.length === 1) throw refused('The path leads out of the workspace');
    this.#open.pop()![Symbol.dispose]();
  }

  /** The names that a link stands for. */
  targetOf(name: string): string[] {
    if (++this.#links > linksMax) throw refused('The path has too many links');
    const target = textOf(readlinkSync(this.at(name), { encoding: 'buffer' }));
    if (target === null || target.startsWith('/'))
      throw refused('The path leads out of the workspace');
    return target.split('/');
  }

  /** The directory where it is now belongs to the caller. */
  take(): Directory {
    return this.#open.pop()!;
  }

  [Symbol.dispose](): void {
    for (const directory of this.#open) directory[Symbol.dispose]();
  }
}

function refused(message: string): AgentFailure {
  return new AgentFailure('path_refused', message);
}
