// An open directory of the workspace.
// SECURITY: what is in it is reached through the kernel's list of open files. The way to it is not walked again, so whoever puts a
// link in the place of a directory on that way changes nothing.
import { closeSync, constants, openSync } from 'node:fs';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

export class Directory implements Disposable {
  readonly #file: number;
  #closed = false;

  private constructor(file: number) {
    this.#file = file;
  }

  /** The directory that no path leaves; its own path is ours. */
  static root(path: string): Directory {
    return new Directory(openSync(path, O_RDONLY | O_DIRECTORY));
  }

  /** A path of the directory itself, for as long as it is open. */
  get path(): string {
    return `/proc/self/fd/${this.#file}`;
  }

  /** A path of what has this name in it. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }

  /** A directory in it. Throws what the file system says: ENOTDIR for a link. */
  open(name: string): Directory {
    return new Directory(openSync(this.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#file);
  }
}
