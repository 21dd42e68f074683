// The room that a session has in the budget of the service: it waits for it before it gets a sandbox, and it has it for as long as its
// state says that there is one. Waiting is done outside of the session's queue, so that nobody else waits behind it.
import type { Admission } from '../admission/admission.ts';
import type { Room, RoomOwner } from '../admission/room.ts';
import { abortable } from '../foundation/abortable.ts';
import { AppError } from '../foundation/errors.ts';
import { isDormant, type SessionLimits } from '../registry/records.ts';
import type { SerialQueue } from './serial-queue.ts';
import type { SessionStore } from './session-store.ts';

export type SessionRoomParts = {
  readonly admission: Admission;
  readonly serial: SerialQueue;
  readonly store: SessionStore;
  /** Throws when there is nothing to serve any more. */
  readonly assertLive: () => void;
  /** Resolves when every sandbox that was given up is gone. */
  readonly removed: () => Promise<unknown>;
  /** Since when nobody uses it, milliseconds since 1970; null while somebody does. */
  readonly idleSince: () => number | null;
  readonly mayPause: () => boolean;
  readonly descend: (to: 'hibernated' | 'paused') => Promise<void>;
};

export class SessionRoom {
  readonly #parts: SessionRoomParts;
  readonly #owner: RoomOwner;
  #room: Room | null = null;
  /** Somebody waits for room; resolves with what it was refused with. */
  #entering: Promise<AppError | null> | null = null;
  /** Ends that wait. */
  #accepted: AbortController | null = null;

  constructor(parts: SessionRoomParts) {
    this.#parts = parts;
    this.#owner = {
      get idleSince() {
        return parts.idleSince();
      },
      get keepsState() {
        const { persistence, idle } = parts.store.record.config;
        return persistence.policy !== 'none' || idle.hibernateAfterMs !== undefined;
      },
      get canPause() {
        return parts.mayPause();
      },
      reclaim: (to) => parts.descend(to),
    };
  }

  /** From now on the room is this session's. */
  give(room: Room): void {
    this.#room = room;
    room.belongTo(this.#owner);
  }

  /** As `give`, unless the session has come by room in another way meanwhile. */
  accept(room: Room): void {
    if (this.#room === null) this.give(room);
    else room[Symbol.dispose]();
    // Whoever waits for room of its own need not any more.
    this.#accepted?.abort();
  }

  /** It has a sandbox already, whether there is room or not. */
  occupy(): void {
    const { tenant, config } = this.#parts.store.record;
    this.give(this.#parts.admission.occupy(tenant, config.limits));
    this.settle();
  }

  /**
   * Runs `work` in the session's queue, with room for a sandbox that runs; `frozen` is enough room for one that stays as it is. Throws what
   * Admission.enter throws.
   */
  async run<Result>(
    signal: AbortSignal,
    work: () => Promise<Result>,
    { frozen } = { frozen: false },
  ): Promise<Result> {
    for (;;) {
      if (!this.#suffices(frozen)) await this.#enter(frozen, signal);
      const done = await this.#parts.serial.run(async () => {
        this.#parts.assertLive();
        // It has gone to sleep while this waited for its turn.
        if (!this.#suffices(frozen)) return null;
        try {
          return { result: await work() };
        } finally {
          this.settle();
        }
      });
      if (done !== null) return done.result;
    }
  }

  /** Keeps to what the session's state says: to be called whenever that has changed. */
  settle(): void {
    const { state } = this.#parts.store.record;
    if (this.#room === null || state === 'deleted') return;
    if (isDormant(state)) {
      this.leave(this.#parts.removed());
      return;
    }
    if (state !== 'creating') this.#room.started();
    if (state === 'paused') this.#room.pause();
    else this.#room.resumed();
    // It may be of use to others now.
    this.#parts.admission.look();
  }

  /** The sandbox is being removed, and the room goes with it. */
  leave(removal: Promise<unknown>): void {
    this.#room?.releaseAfter(removal);
    this.#room = null;
  }

  /** `change` gives the sandbox other limits. Throws `overloaded`, `tenant_limit` when there is no room for more. */
  async resize(from: SessionLimits, to: SessionLimits, change: () => Promise<void>): Promise<void> {
    const room = this.#room;
    room?.resize({
      memoryBytes: Math.max(from.memoryBytes, to.memoryBytes),
      cpus: Math.max(from.cpus, to.cpus),
    });
    try {
      await change();
    } catch (error) {
      room?.resize(from);
      throw error;
    }
    room?.resize(to);
  }

  #suffices(frozen: boolean): boolean {
    return this.#room !== null && (frozen || !this.#room.paused);
  }

  /** Many who want the same session wait for one room. Whoever waits for another one's attempt goes on with it, if that was given up. */
  async #enter(frozen: boolean, signal: AbortSignal): Promise<void> {
    const { admission, store, assertLive } = this.#parts;
    assertLive();
    if (this.#entering !== null) {
      const refusal = await abortable(this.#entering, signal);
      if (refusal !== null) throw refusal;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<AppError | null>();
    this.#entering = promise;
    let refusal: AppError | null = null;
    const accepted = new AbortController();
    this.#accepted = accepted;
    try {
      if (this.#room !== null) return frozen ? undefined : await this.#room.resume(signal);
      const { tenant, config } = store.record;
      const ended = AbortSignal.any([signal, accepted.signal]);
      const room = await admission.enter(tenant, config.limits, ended);
      try {
        assertLive();
        this.accept(room);
      } catch (error) {
        room[Symbol.dispose]();
        throw error;
      }
    } catch (error) {
      if (accepted.signal.aborted) return;
      if (error instanceof AppError && !signal.aborted) refusal = error;
      throw error;
    } finally {
      this.#entering = null;
      this.#accepted = null;
      resolve(refusal);
    }
  }
}
