// Host uids for sandboxes, one each: the kernel counts processes, inotify watches and keys by uid across all containers.
// A uid comes back last in line, so that what the kernel still holds for it has gone by then.
import { AppError } from '../foundation/errors.ts';

/** Uids of the host that no user, service or other orchestrator on it has. */
export type UidRange = { readonly first: number; readonly count: number };

export class UidPool {
  readonly #range: UidRange;
  readonly #used: Set<number>;
  #next = 0;

  /** `used`: uids of sandboxes that an earlier process started and that may still run. */
  constructor(range: UidRange, used: Iterable<number> = []) {
    // SECURITY: uids below belong to the host's own services.
    if (range.first < 1000 || range.count < 1 || range.first + range.count > 0x7fffffff)
      throw new Error(`no range of uids for sandboxes: ${range.first} + ${range.count}`);
    this.#range = range;
    this.#used = new Set(used);
  }

  /** A uid that no sandbox has. Throws AppError `overloaded` when all are taken. */
  allocate(): number {
    const { first, count } = this.#range;
    for (let tried = 0; tried < count; tried++) {
      const uid = first + this.#next;
      this.#next = (this.#next + 1) % count;
      if (this.#used.has(uid)) continue;
      this.#used.add(uid);
      return uid;
    }
    throw new AppError('overloaded', { detail: 'As many sandboxes run as there can be.' });
  }

  /** The uid of a sandbox that runs already, from inside or outside the range. */
  claim(uid: number): void {
    this.#used.add(uid);
  }

  release(uid: number): void {
    this.#used.delete(uid);
  }
}
