// Makes commits survive the machine's death, off the main thread.
//
// SQLite writes a commit to the write-ahead log without syncing it (`synchronous = normal`); syncing that file is what
// makes the commit durable, and it is done here in the thread pool, once for everyone who waits. It stays sound when
// the log is checkpointed in between: SQLite syncs the log before it copies from it and the database file after, and
// only then, with every frame in the database file, may a later write start the log anew. So a commit is always in the
// log's file, or synced in the database file, or both; and the log stays the same file as long as the connection is
// open (SQLite removes it on closing only), so one handle serves for life.
//
// Only the log may be opened here. Closing a second handle on the database file would drop SQLite's locks on it,
// which POSIX keeps per process and file.
import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '../../foundation/errors.ts';

/** What this class needs of a file. */
export type SyncedFile = Pick<FileHandle, 'datasync' | 'close'>;

export class Durability {
  readonly #file: SyncedFile;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #failure: AppError | null = null;

  constructor(file: SyncedFile) {
    this.#file = file;
  }

  /** The log must exist already. */
  static async open(logPath: string): Promise<Durability> {
    return new Durability(await open(logPath, 'r+'));
  }

  /** Resolves when everything written before the call is on the disk. A sync that runs already may have missed it, so the next one counts. */
  sync(): Promise<void> {
    if (this.#running === null) return this.#start();
    this.#next ??= this.#running.then(() => this.#start());
    return this.#next;
  }

  /** Throws once a sync has failed. The kernel may have dropped the pages, so that a later sync would succeed without them. */
  assertSound(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  fail(cause: unknown): void {
    this.#failure ??= new AppError('registry_unavailable', {
      detail: 'The disk failed; the service must be restarted.',
      cause,
    });
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => {});
    await this.#file.close();
  }

  #start(): Promise<void> {
    this.#next = null;
    this.#running = this.#sync().finally(() => {
      if (this.#next === null) this.#running = null;
    });
    return this.#running;
  }

  async #sync(): Promise<void> {
    this.assertSound();
    try {
      await this.#file.datasync();
    } catch (cause) {
      this.fail(cause);
    }
    this.assertSound();
  }
}
