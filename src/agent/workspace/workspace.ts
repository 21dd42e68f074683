// The session's files, and beside them a place for what is on its way in or out: on the same file system, so that one rename makes
// a file, and where neither programs nor archives look.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const directoryMode = 0o700;

export class Workspace {
  /** Directory of the session's files. */
  readonly root: string;
  readonly #staging: string;
  #staged = 0;
  #holders = 0;
  #released = Promise.withResolvers<void>();

  /** `place`: a directory of its own. What an earlier process left on its way is removed. */
  constructor(place: string) {
    this.root = join(place, 'files');
    this.#staging = join(place, 'staging');
    rmSync(this.#staging, { recursive: true, force: true });
    for (const directory of [this.root, this.#staging])
      mkdirSync(directory, { recursive: true, mode: directoryMode });
  }

  /** A path of its own for something on its way. */
  stagingPath(): string {
    this.#staged++;
    return join(this.#staging, String(this.#staged));
  }

  /** While the work is done no `change` is. */
  async whileStill<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#holders++;
    try {
      return await work();
    } finally {
      this.#holders--;
      this.#released.resolve();
      this.#released = Promise.withResolvers();
    }
  }

  /** Does a change at once, or when nobody wants the files to stand still any more. Throws the signal's reason, and what `make` throws. */
  async change<Result>(make: () => Result, signal: AbortSignal): Promise<Result> {
    while (this.#holders > 0) await this.#released.promise;
    signal.throwIfAborted();
    return make();
  }
}
