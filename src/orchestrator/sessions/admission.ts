// How many sessions there may be: few that have a sandbox, since those cost memory, and many that are only stored.
import { AppError } from '../foundation/errors.ts';

export type AdmissionLimits = {
  /** Sessions of all tenants that have a sandbox or are being given one. */
  readonly sessionsMax: number;
  /** Sessions of all tenants, those that sleep included. */
  readonly sessionsStoredMax: number;
};

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #awake = new Set<string>();
  #stored = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** What an earlier process left: how many are stored, and which of them have a sandbox. */
  recover(stored: number, awake: Iterable<string>): void {
    this.#stored = stored;
    for (const sessionId of awake) this.#awake.add(sessionId);
  }

  /** Makes room for a new session with its sandbox. Throws `overloaded` when there is none. */
  create(sessionId: string): void {
    if (this.#stored >= this.#limits.sessionsStoredMax) {
      throw new AppError('overloaded', {
        detail: 'This service stores as many sessions as it may; delete some that nobody needs.',
      });
    }
    this.wake(sessionId);
    this.#stored++;
  }

  /** A session is given a sandbox; nothing when it has one. Throws `overloaded` when there are as many as there may be. */
  wake(sessionId: string): void {
    if (this.#awake.has(sessionId)) return;
    if (this.#awake.size >= this.#limits.sessionsMax) {
      throw new AppError('overloaded', { detail: 'All sessions of this service are in use.' });
    }
    this.#awake.add(sessionId);
  }

  /** It has no sandbox any more. */
  rest(sessionId: string): void {
    this.#awake.delete(sessionId);
  }

  /** One is not stored any more. To be told once per session. */
  forget(): void {
    this.#stored--;
  }
}
