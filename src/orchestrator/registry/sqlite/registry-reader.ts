// The registry as it was at one moment, for a copy: beside the service that goes on writing to it.
import { existsSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { StartError } from '../../foundation/start-error.ts';
import type { SnapshotRecord } from '../records.ts';
import { migrationNames } from './migrations.ts';
import { migrationsIn, openToRead, registryPath } from './open-to-read.ts';

export type SnapshotRow = Pick<SnapshotRecord, 'tenant' | 'snapshotId' | 'reason'>;

/** Pages that are copied in one go; between two of them others have their turn. */
const pagesAtOnce = 256;

export class RegistryReader implements Disposable {
  readonly #connection: DatabaseSync;

  /** Throws StartError when the file is no registry, is damaged, or of a newer version. */
  constructor(path: string) {
    if (!existsSync(path)) throw new StartError(`there is no registry at ${path}`);
    try {
      this.#connection = openToRead(path);
    } catch (cause) {
      throw new StartError(`${path} cannot be opened`, { cause });
    }
    try {
      const newer = migrationsIn(this.#connection).filter((name) => !migrationNames.includes(name));
      if (newer.length > 0)
        throw new StartError(`${path} was written by a newer version (${newer.join(', ')})`);
    } catch (error) {
      this.#connection.close();
      if (error instanceof StartError) throw error;
      throw new StartError(`${path} is damaged or not a registry`, { cause: error });
    }
  }

  static in(directory: string): RegistryReader {
    return new RegistryReader(registryPath(directory));
  }

  /** From here on everything is as it is now, until `release`. */
  hold(): void {
    this.#connection.exec('begin');
    // Only a read makes it so.
    this.#connection.prepare('select 1 from fact limit 1').all();
  }

  release(): void {
    if (this.#connection.isTransaction) this.#connection.exec('rollback');
  }

  /** Newest first. */
  snapshots(): IterableIterator<SnapshotRow> {
    return this.#connection
      .prepare('select tenant, snapshotId, reason from snapshot order by position desc')
      .iterate() as IterableIterator<SnapshotRow>;
  }

  count(table: 'session' | 'snapshot'): number {
    return Number(this.#connection.prepare(`select count(*) as total from ${table}`).get()?.total);
  }

  fact(name: string): string | null {
    const row = this.#connection.prepare('select value from fact where name = ?').get(name);
    return row === undefined ? null : String(row.value);
  }

  /** Throws StartError when the file is damaged. */
  assertWhole(): void {
    const rows = this.#connection.prepare('pragma integrity_check(1)').all();
    const verdict = String(rows[0]?.integrity_check);
    if (verdict !== 'ok') throw new StartError(`the registry is damaged: ${verdict}`);
  }

  /** Writes what is held into a new file, which is whole without a log beside it. */
  async copyTo(path: string): Promise<void> {
    await backup(this.#connection, path, { rate: pagesAtOnce });
    using copy = new DatabaseSync(path);
    copy.exec('pragma journal_mode = delete');
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** Gives a registry that nobody has open another name for its instance. */
export function renameInstance(path: string, instanceId: string): void {
  using connection = new DatabaseSync(path);
  connection.prepare("update fact set value = ? where name = 'instanceId'").run(instanceId);
}
