// From a program's path to the machine's: the one place that decides what lies in the workspace.
//
// SECURITY: a path is walked name by name. `..` is taken out of the text first, and each link on the way is resolved and must
// lead to a place inside; what comes back has no link in it. Programs make no links, and neither does whoever
// changes files from outside meanwhile (src/agent/workspace), so that what was walked never becomes a way out.
import { lstatSync, realpathSync } from 'node:fs';
import { HostFailure, shownPath } from '#language';

/** The longest path that Linux takes, in bytes. */
const pathLengthMax = 4096;

export class WorkspacePaths {
  readonly #given: string;
  #root: string | null = null;

  constructor(root: string) {
    this.#given = root;
  }

  /** The directory that no path leaves, without links. */
  get root(): string {
    this.#root ??= realpathSync.native(this.#given);
    return this.#root;
  }

  /**
   * The place that a path names; what is not there yet has one too. `follow` false: a link at the end is itself meant.
   * PermissionError outside, failures of `node:fs` otherwise.
   */
  locate(path: string, follow = true): string {
    const names = namesOf(path);
    let place = this.root;
    for (const [i, name] of names.entries()) {
      place = `${place}/${name}`;
      if (i === names.length - 1 && !follow) return place;
      const next = this.#follow(place, path);
      // Where nothing is, nothing leads anywhere.
      if (next === null) return [place, ...names.slice(i + 1)].join('/');
      place = next;
    }
    return place;
  }

  /** The places of a path from outside in. Each must be there when the next is asked for. */
  *descend(path: string): Generator<string> {
    let place = this.root;
    for (const name of namesOf(path)) {
      place = `${place}/${name}`;
      place = this.#follow(place, path) ?? place;
      yield place;
    }
  }

  /** The place without a link; null if nothing is there. */
  #follow(place: string, path: string): string | null {
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats === undefined) return null;
    if (!stats.isSymbolicLink()) return place;
    const target = realpathSync.native(place);
    if (target !== this.root && !target.startsWith(`${this.root}/`)) throw outside(path);
    return target;
  }
}

/** The names of a path below the root, without `.` and `..`. */
function namesOf(path: string): string[] {
  if (path === '') throw new HostFailure('IOError', 'The path is empty');
  if (path.length > pathLengthMax) {
    throw new HostFailure('IOError', `Name too long: ${shownPath(path)}`);
  }
  // Neither can be part of a name: the one ends it, the other has no bytes.
  if (path.includes('\0') || !path.isWellFormed()) {
    throw new HostFailure('IOError', `Not a path: ${shownPath(path)}`);
  }
  if (path.startsWith('/')) throw outside(path);
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) throw outside(path);
  }
  return names;
}

function outside(path: string): HostFailure {
  return new HostFailure(
    'PermissionError',
    `Path leads out of the session's files: ${shownPath(path)}`,
  );
}
