// The queries over snapshots. Their content is elsewhere: a row stands for one that is stored wholly.
import { automaticReasons, type SnapshotRecord } from '../records.ts';
import type { Listing, Page, RetainedSession } from '../session-registry.ts';
import type { Database } from './database.ts';
import { encodeRow } from './rows.ts';
import type { StorageRows } from './storage-rows.ts';

export class SnapshotRows {
  readonly #database: Database;
  readonly #storage: StorageRows;

  /** `storage` is told of all that comes and goes. */
  constructor(database: Database, storage: StorageRows) {
    this.#database = database;
    this.#storage = storage;
  }

  insert(record: SnapshotRecord): void {
    if (record.sessionId !== null && record.label !== null)
      this.#unlabel(record.sessionId, record.label);
    this.#database.insert('snapshot', encodeRow(record));
    this.#storage.changed(record.tenant, record.sessionId, record.storedBytes);
  }

  /** Null when there is no such version. */
  label(sessionId: string, version: number, label: string | null): SnapshotRecord | null {
    if (this.find(sessionId, version) === null) return null;
    if (label !== null) this.#unlabel(sessionId, label);
    this.#database.run(
      this.#database.query
        .updateTable('snapshot')
        .set({ label })
        .where('sessionId', '=', sessionId)
        .where('version', '=', version),
    );
    return this.find(sessionId, version);
  }

  findByLabel(sessionId: string, label: string): SnapshotRecord | null {
    return this.#database.first(
      this.#all().where('sessionId', '=', sessionId).where('label', '=', label),
    );
  }

  automatic(sessionId: string): SnapshotRecord[] {
    return this.#database.all(
      this.#all()
        .where('sessionId', '=', sessionId)
        .where('label', 'is', null)
        .where('reason', 'in', automaticReasons)
        .orderBy('version', 'desc'),
    );
  }

  sessionsWithAutomatic(after: string, limit: number): RetainedSession[] {
    const rows = this.#database.all(
      this.#database.query
        .selectFrom('session')
        .select(['sessionId', 'version', 'config'])
        .where('sessionId', '>', after)
        .where('state', '<>', 'deleted')
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('snapshot')
              .select('snapshot.snapshotId')
              .whereRef('snapshot.sessionId', '=', 'session.sessionId')
              .where('snapshot.label', 'is', null)
              .where('snapshot.reason', 'in', automaticReasons),
          ),
        )
        .orderBy('sessionId')
        .limit(limit),
    );
    return rows.map(({ config, ...row }) => ({ ...row, config: JSON.parse(config) }));
  }

  /** Those that are gone for good now. */
  release(snapshotIds: readonly string[]): string[] {
    const { query } = this.#database;
    const released = this.#database
      .all(
        query
          .selectFrom('snapshot')
          .select('snapshotId')
          .where('snapshotId', 'in', [...snapshotIds])
          .where('label', 'is', null)
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('session')
                  .select('session.sessionId')
                  .whereRef('session.sessionId', '=', 'snapshot.sessionId')
                  .whereRef('session.version', '=', 'snapshot.version'),
              ),
            ),
          ),
      )
      .map(({ snapshotId }) => snapshotId);
    if (released.length > 0) this.remove(released);
    return released;
  }

  list(sessionId: string, page: Page): Listing<SnapshotRecord> {
    return this.#page('sessionId', sessionId, page);
  }

  listOf(tenant: string, page: Page): Listing<SnapshotRecord> {
    return this.#page('tenant', tenant, page);
  }

  count(sessionId: string): number {
    return this.#countOf('sessionId', sessionId);
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
    const removed = this.#database.query
      .selectFrom('snapshot')
      .select((snapshot) => [
        'tenant',
        'sessionId',
        snapshot.fn.sum<number>('storedBytes').as('bytes'),
      ])
      .where('snapshotId', 'in', [...snapshotIds])
      .groupBy(['tenant', 'sessionId']);
    for (const { tenant, sessionId, bytes } of this.#database.all(removed))
      this.#storage.changed(tenant, sessionId, -bytes);
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

  #unlabel(sessionId: string, label: string): void {
    this.#database.run(
      this.#database.query
        .updateTable('snapshot')
        .set({ label: null })
        .where('sessionId', '=', sessionId)
        .where('label', '=', label),
    );
  }

  /** Newest first: rows come in the order in which snapshots were made. */
  #page(column: 'sessionId' | 'tenant', value: string, page: Page): Listing<SnapshotRecord> {
    const items = this.#database.all(
      this.#all()
        .where(column, '=', value)
        .orderBy('position', 'desc')
        .limit(page.limit)
        .offset(page.offset),
    );
    return { items, total: this.#countOf(column, value) };
  }

  #countOf(column: 'sessionId' | 'tenant', value: string): number {
    const counted = this.#database.query
      .selectFrom('snapshot')
      .select((snapshot) => snapshot.fn.countAll<number>().as('total'))
      .where(column, '=', value);
    return this.#database.first(counted)?.total ?? 0;
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
