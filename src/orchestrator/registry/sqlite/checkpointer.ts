// Keeps the write-ahead log short: after enough commits, or when some have waited long enough, a thread copies it into
// the database file. Failures do not reach a caller here; a disk that fails to sync makes the next write fail.
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../foundation/clock.ts';
import type { CheckpointReport } from './checkpoint-worker.ts';
import type { Database } from './database.ts';
import type { Durability } from './durability.ts';
import { isSyncFailure } from './registry-error.ts';

export type CheckpointBounds = {
  /** Commits after which the log is copied. */
  readonly commitsMax: number;
  /** How long a commit may wait for that. */
  readonly waitMsMax: number;
  /** Pages in the log, copied or not, past which it must start anew. */
  readonly framesMax: number;
};

const defaultBounds: CheckpointBounds = { commitsMax: 500, waitMsMax: 10_000, framesMax: 16_384 };

export class Checkpointer {
  readonly #path: string;
  readonly #database: Database;
  readonly #durability: Durability;
  readonly #clock: Clock;
  readonly #bounds: CheckpointBounds;
  #worker: Worker | null = null;
  #running = false;
  #commits = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(options: {
    readonly path: string;
    readonly database: Database;
    readonly durability: Durability;
    readonly clock: Clock;
    readonly bounds?: CheckpointBounds;
  }) {
    this.#path = options.path;
    this.#database = options.database;
    this.#durability = options.durability;
    this.#clock = options.clock;
    this.#bounds = options.bounds ?? defaultBounds;
  }

  /** A transaction was committed. */
  committed(): void {
    this.#commits += 1;
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#cancelTimer?.();
    await this.#worker?.terminate();
  }

  #schedule(): void {
    if (this.#running) return;
    if (this.#commits >= this.#bounds.commitsMax) this.#start();
    else this.#cancelTimer ??= this.#clock.after(this.#bounds.waitMsMax, () => this.#start());
  }

  #start(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#running = true;
    this.#commits = 0;
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage('checkpoint');
  }

  #startWorker(): Worker {
    const url = new URL('./checkpoint-worker.ts', import.meta.url);
    const worker = new Worker(url, { workerData: this.#path });
    worker.unref();
    worker.on('message', (report: CheckpointReport) => this.#finish(report));
    worker.on('error', () => {
      this.#worker = null;
      this.#finish({ frames: Number.POSITIVE_INFINITY });
    });
    return worker;
  }

  #finish(report: CheckpointReport): void {
    this.#running = false;
    if (this.#commits > 0) this.#schedule();
    try {
      if ('errcode' in report) throw Object.assign(new Error('checkpoint failed'), report);
      // The log starts anew only when all of it is copied, which never happens while others keep writing. So once it is
      // long, the little that was written during the thread's work is copied here, where nobody writes meanwhile.
      if (report.frames > this.#bounds.framesMax) this.#database.checkpoint();
    } catch (error) {
      if (isSyncFailure(error)) this.#durability.fail(error);
    }
  }
}
