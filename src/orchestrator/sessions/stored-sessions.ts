// How many sessions are stored, those that sleep included: each is a row, and there is an end to them.
import { AppError } from '../foundation/errors.ts';

export class StoredSessions {
  readonly #countMax: number;
  #count = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** What an earlier process left. */
  recover(count: number): void {
    this.#count = count;
  }

  /** Throws `overloaded` when there are as many as there may be. */
  add(): void {
    if (this.#count >= this.#countMax) {
      throw new AppError('overloaded', {
        detail: 'This service stores as many sessions as it may; delete some that nobody needs.',
      });
    }
    this.#count++;
  }

  /** One is not stored any more. To be told once per session. */
  remove(): void {
    this.#count--;
  }
}
