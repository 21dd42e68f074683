// Every now and then: lets versions go that no policy keeps, and gives back the space that removed ones took.
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { SnapshotStore } from '../snapshots/snapshot-store.ts';
import type { Retention } from './retention.ts';

export type SnapshotCleanerOptions = {
  readonly retention: Pick<Retention, 'sweep'>;
  readonly store: Pick<SnapshotStore, 'collect'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs: number;
  /** What is younger is left alone. */
  readonly graceMs: number;
};

export class SnapshotCleaner implements AsyncDisposable {
  readonly #options: SnapshotCleanerOptions;
  readonly #stopping = new AbortController();
  #cancel = () => {};
  #round: Promise<void> = Promise.resolve();

  constructor(options: SnapshotCleanerOptions) {
    this.#options = options;
  }

  /** A round begins an interval from now: one reads the index of every snapshot, and a start has other things to do. */
  start(): void {
    const { clock, intervalMs } = this.#options;
    this.#cancel = clock.after(intervalMs, () => {
      this.#round = this.#thin()
        .then(() => this.#clean())
        .then(() => {
          if (!this.#stopping.signal.aborted) this.start();
        });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#cancel();
    await this.#round;
  }

  async #thin(): Promise<void> {
    const { retention, log } = this.#options;
    const { signal } = this.#stopping;
    try {
      const versionsRemoved = await retention.sweep(signal);
      if (versionsRemoved > 0) log.info({ versionsRemoved }, 'versions were let go');
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, 'versions were not let go');
    }
  }

  async #clean(): Promise<void> {
    const { store, log, graceMs } = this.#options;
    const { signal } = this.#stopping;
    try {
      const { filesRemoved, bytesFreed, damaged } = await store.collect(graceMs, signal);
      if (filesRemoved > 0) log.info({ filesRemoved, bytesFreed }, 'snapshot space was given back');
      for (const snapshot of damaged) log.error(snapshot, 'a stored snapshot is damaged');
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, 'snapshot space was not given back');
    }
  }
}
