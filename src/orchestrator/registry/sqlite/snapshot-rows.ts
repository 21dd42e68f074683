// The queries over snapshots. Their content is elsewhere: a row stands for one that is stored wholly.
import type { SnapshotRecord } from '../records.ts';
import type { Listing, Page } from '../session-registry.ts';
import type { Database } from './database.ts';
import { encodeRow } from './rows.ts';

export class SnapshotRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(record: SnapshotRecord): void {
    this.#database.insert('snapshot', encodeRow(record));
  }

  list(sessionId: string, page: Page): Listing<SnapshotRecord> {
    return this.#page('sessionId', sessionId, page);
  }

  listOf(tenant: string, page: Page): Listing<SnapshotRecord> {
    return this.#page('tenant', tenant, page);
  }

  find(sessionId: string, version: number): SnapshotRecord | null {
    return this.#database.first(
      this.#all().where('sessionId', '=', sessionId).where('version', '=', version),
    );
  }

  findBelow(sessionId: string, version: number): SnapshotRecord | null {
    return this.#database.first(
      this.#all()
        .where('sessionId', '=', sessionId)
        .where('version', '<', version)
        .orderBy('version', 'desc')
        .limit(1),
    );
  }

  findById(tenant: string, snapshotId: string): SnapshotRecord | null {
    return this.#database.first(
      this.#all().where('tenant', '=', tenant).where('snapshotId', '=', snapshotId),
    );
  }

  remove(snapshotIds: readonly string[]): void {
    this.#database.run(
      this.#database.query.deleteFrom('snapshot').where('snapshotId', 'in', [...snapshotIds]),
    );
  }

  unknown(tenant: string, snapshotIds: readonly string[]): string[] {
    const known = this.#database.all(
      this.#database.query
        .selectFrom('snapshot')
        .select('snapshotId')
        .where('snapshotId', 'in', [...snapshotIds])
        .where('tenant', '=', tenant),
    );
    const knownIds = new Set(known.map(({ snapshotId }) => snapshotId));
    return snapshotIds.filter((snapshotId) => !knownIds.has(snapshotId));
  }

  /** Newest first: rows come in the order in which snapshots were made. */
  #page(column: 'sessionId' | 'tenant', value: string, page: Page): Listing<SnapshotRecord> {
    const some = this.#all().where(column, '=', value);
    const counted = some
      .clearSelect()
      .select((snapshot) => snapshot.fn.countAll<number>().as('total'));
    const items = this.#database.all(
      some.orderBy('position', 'desc').limit(page.limit).offset(page.offset),
    );
    return { items, total: this.#database.first(counted)?.total ?? 0 };
  }

  #all() {
    return this.#database.query
      .selectFrom('snapshot')
      .select([
        'snapshotId',
        'tenant',
        'sessionId',
        'version',
        'parent',
        'label',
        'reason',
        'language',
        'createdAt',
        'sizeBytes',
        'storedBytes',
        'checksum',
      ]);
  }
}
