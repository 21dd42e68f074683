// Keeps the write-ahead log short: copies it into the database file after enough commits, and when it has been quiet.
// Errors do not reach a caller here; a disk that fails to sync is remembered, and the next write reports it.
import type { Clock } from '../../foundation/clock.ts';
import type { Database } from './database.ts';
import type { Durability } from './durability.ts';
import { isSyncFailure } from './registry-error.ts';

/** About 10 MB of log. */
const commitsMax = 500;
const quietMs = 10_000;

export class Checkpointer {
  readonly #database: Database;
  readonly #durability: Durability;
  readonly #clock: Clock;
  #commits = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(database: Database, durability: Durability, clock: Clock) {
    this.#database = database;
    this.#durability = durability;
    this.#clock = clock;
  }

  /** A transaction was committed. */
  committed(): void {
    this.#commits += 1;
    if (this.#commits === commitsMax) void this.#checkpoint();
    else this.#cancelTimer ??= this.#clock.after(quietMs, () => void this.#checkpoint());
  }

  close(): void {
    this.#cancelTimer?.();
  }

  async #checkpoint(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    try {
      // The log goes to the disk in the thread pool first: the checkpoint's own sync of it then finds little to do.
      await this.#durability.sync();
      this.#commits = 0;
      this.#database.checkpoint();
    } catch (error) {
      if (isSyncFailure(error)) this.#durability.fail(error);
    }
  }
}
