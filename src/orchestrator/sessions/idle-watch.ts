// Notices that nobody has used a session for as long as its configuration allows. One timer, and only where it is wanted.
import type { Clock } from '../foundation/clock.ts';

export type IdleWatchOptions = {
  readonly clock: Clock;
  /** How long the session may stay unused, ms; undefined: for ever. */
  readonly limitMs: () => number | undefined;
  /** Told when it has been unused for that long. */
  readonly idle: () => void;
};

export class IdleWatch {
  readonly #options: IdleWatchOptions;
  #usedAt = 0;
  #cancel: (() => void) | null = null;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
  }

  /** The session is used now, or may have become so, or has another limit. */
  touch(): void {
    const { clock, limitMs } = this.#options;
    this.#usedAt = clock.monotonic();
    if (limitMs() !== undefined) this.#arm();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #arm(): void {
    const limit = this.#options.limitMs();
    if (this.#cancel !== null || limit === undefined) return;
    const { clock, idle } = this.#options;
    const leftMs = this.#usedAt + limit - clock.monotonic();
    this.#cancel = clock.after(Math.max(1, leftMs), () => {
      this.#cancel = null;
      const limitNow = this.#options.limitMs();
      if (limitNow === undefined) return;
      if (clock.monotonic() - this.#usedAt >= limitNow) idle();
      else this.#arm();
    });
  }
}
