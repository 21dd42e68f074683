// Host uids for sandboxes, one each: the kernel counts processes, inotify watches and keys by uid across all containers.
// A uid comes back last in line, so that what the kernel still holds for it has gone by then.
import { AppError } from '../foundation/errors.ts';

/** Uids of the host that no user, service or other orchestrator on it has. */
export type UidRange = { readonly first: number; readonly count: number };

export class UidPool {
  readonly #range: UidRange;
  /** Sandboxes by uid. More than one where a container was found whose uid had been given away already. */
  readonly #holders = new Map<number, Set<string>>();
  #next: number;

  /** `offset`: where in the range it begins. */
  constructor(range: UidRange, offset = 0) {
    // SECURITY: uids below belong to the host's own services.
    if (range.first < 1000 || range.count < 1 || range.first + range.count > 0x7fffffff)
      throw new Error(`no range of uids for sandboxes: ${range.first} + ${range.count}`);
    this.#range = range;
    this.#next = offset % range.count;
  }

  /** A uid that no other sandbox has. Throws AppError `overloaded` when all are taken. */
  allocate(sandboxId: string): number {
    const { first, count } = this.#range;
    for (let tried = 0; tried < count; tried++) {
      const uid = first + this.#next;
      this.#next = (this.#next + 1) % count;
      if (this.#holders.has(uid)) continue;
      this.claim(uid, sandboxId);
      return uid;
    }
    throw new AppError('overloaded', { detail: 'As many sandboxes run as there can be.' });
  }

  /** The uid of a sandbox that may run already, from inside or outside the range. Again is no error. */
  claim(uid: number, sandboxId: string): void {
    const holders = this.#holders.get(uid);
    if (holders === undefined) this.#holders.set(uid, new Set([sandboxId]));
    else holders.add(sandboxId);
  }

  /** The sandbox is gone. It not having the uid is no error. */
  release(uid: number, sandboxId: string): void {
    const holders = this.#holders.get(uid);
    if (holders === undefined) return;
    holders.delete(sandboxId);
    if (holders.size === 0) this.#holders.delete(uid);
  }
}
