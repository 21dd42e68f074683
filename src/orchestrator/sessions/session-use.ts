// Whether a session is in use at this moment, when it was last, and how far down the idle ladder it goes for that. What counts as a
// use is told in docs/operations.md.
import { nextStep, type Step, type StoredUse, storedUse } from './idle-ladder.ts';
import { IdleWatch } from './idle-watch.ts';
import type { SerialQueue } from './serial-queue.ts';
import type { SessionOptions } from './session-options.ts';
import type { SessionStore } from './session-store.ts';

/** A use so soon after the one that is stored is not worth storing. */
const storedMsMin = 1_000;

export type SessionUseParts = {
  readonly options: SessionOptions;
  readonly serial: SerialQueue;
  readonly store: SessionStore;
  /** Nothing is executed, and nothing waits to be. */
  readonly atRest: () => boolean;
  /** Takes a step down. False when that cannot be now. */
  readonly descend: (step: Step) => Promise<boolean>;
};

export class SessionUse {
  readonly #parts: SessionUseParts;
  readonly #watch: IdleWatch;
  #lastAt: number;
  #count = 0;
  #closed = false;

  /** What is stored of earlier uses holds on. */
  constructor(parts: SessionUseParts) {
    this.#parts = parts;
    this.#lastAt = parts.store.record.lastUsedAt;
    this.#watch = new IdleWatch({
      clock: parts.options.clock,
      next: () => this.#next(),
      take: (step) => parts.options.descents.through(() => this.#descend(step)),
    });
  }

  /** A use is under way. */
  get underWay(): boolean {
    return this.#count > 0;
  }

  /** Since when it is awake for nobody, milliseconds since 1970; null while somebody uses it, and while it is not awake. */
  get idleSince(): number | null {
    const { store, atRest } = this.#parts;
    const { state } = store.record;
    const isAwake = state === 'idle' || state === 'paused';
    return isAwake && atRest() && !this.underWay && !this.#closed ? this.#lastAt : null;
  }

  /** What is to be stored of it, as of now. */
  get stored(): StoredUse {
    const { idle } = this.#parts.store.record.config;
    const at = this.underWay ? this.#parts.options.clock.now() : this.#lastAt;
    return storedUse(at, idle);
  }

  /** A use that lasts until it is disposed. */
  begin(): Disposable {
    let lasts = true;
    this.#count++;
    return {
      [Symbol.dispose]: () => {
        if (!lasts) return;
        lasts = false;
        this.#count--;
        this.touch();
      },
    };
  }

  /** A use that is over already. */
  touch(): void {
    const { clock, admission } = this.#parts.options;
    this.#lastAt = clock.now();
    this.look();
    // Somebody may wait for the room that it does not need now.
    admission.look();
    void this.#store();
  }

  /** There may be another step down to take, or another time for it. */
  look(): void {
    this.#watch.look();
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
  }

  /** Not to the millisecond: those are known here for as long as this process lives. */
  async #store(): Promise<void> {
    const { options, serial, store, atRest } = this.#parts;
    try {
      await serial.run(async () => {
        const { lastUsedAt } = store.record;
        if (this.#closed || !atRest() || this.#lastAt - lastUsedAt < storedMsMin) return;
        await store.apply({ session: this.stored });
      });
    } catch (error) {
      options.log.debug({ sessionId: store.record.sessionId, err: error }, 'a use was not stored');
    }
  }

  #next(): Step | null {
    const { options, store } = this.#parts;
    const { state, config } = store.record;
    return nextStep({
      state,
      idle: config.idle,
      usedAt: this.stored.lastUsedAt,
      now: options.clock.now(),
      canPause: options.source.canPause,
    });
  }

  /** The step has waited for its turn: it is taken if it still is the next one. */
  async #descend(step: Step): Promise<boolean> {
    const next = this.#next();
    return next?.to === step.to && next.at === step.at ? this.#parts.descend(step) : true;
  }
}
