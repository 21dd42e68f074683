// The queries over the audit log.
import type { AuditRecord } from '../audit-records.ts';
import type { AuditFilter, AuditPlace, AuditRegistry } from '../audit-registry.ts';
import type { Database, Writer } from './database.ts';
import { anyAuditRecord, encodeValue } from './rows.ts';
import type { Runner } from './runner.ts';

const columns = Object.keys(anyAuditRecord) as (keyof AuditRecord)[];

export class AuditRows implements AuditRegistry {
  readonly #database: Database;
  readonly #read: Runner;
  readonly #write: Runner;
  readonly #insert: Writer;

  constructor(database: Database, parts: { readonly read: Runner; readonly write: Runner }) {
    this.#database = database;
    this.#read = parts.read;
    this.#write = parts.write;
    this.#insert = database.writer(database.query.insertInto('audit').values(anyAuditRecord));
  }

  async last(): Promise<AuditRecord | null> {
    const newest = this.#all().orderBy('seq', 'desc').limit(1);
    return this.#read(() => this.#database.first(newest));
  }

  async newest(limit: number): Promise<AuditRecord[]> {
    const newest = this.#all().orderBy('seq', 'desc').limit(limit);
    return this.#read(() => this.#database.all(newest).reverse());
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    this.#write(() => {
      for (const record of records)
        this.#insert(columns.map((column) => encodeValue(record[column])));
    });
  }

  async list(
    { tenant, action, from, to }: AuditFilter,
    before: AuditPlace | null,
    limit: number,
  ): Promise<AuditRecord[]> {
    let query = this.#all().orderBy('at', 'desc').orderBy('seq', 'desc').limit(limit);
    if (tenant !== null) query = query.where('tenant', '=', tenant);
    if (action !== undefined) query = query.where('action', '=', action);
    if (from !== undefined) query = query.where('at', '>=', from);
    if (to !== undefined) query = query.where('at', '<', to);
    if (before !== null)
      query = query.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('at', 'seq'), '<', tuple(before.at, before.seq)),
      );
    return this.#read(() => this.#database.all(query));
  }

  async removeBefore({ at, seq }: AuditPlace, limit: number): Promise<number> {
    const { query } = this.#database;
    const oldest = query
      .selectFrom('audit')
      .select(['seq', 'at'])
      .orderBy('seq')
      .limit(limit + 1);
    return this.#write(() => {
      const rows = this.#database.all(oldest);
      // The chain has no holes: where a clock was set back, a record waits for those before it.
      const isKept = (row: AuditPlace) => row.at >= at && row.seq >= seq;
      const kept = rows.find(isKept) ?? rows.at(-1);
      if (kept === undefined) return 0;
      return this.#database.run(query.deleteFrom('audit').where('seq', '<', kept.seq));
    });
  }

  #all() {
    return this.#database.query.selectFrom('audit').selectAll();
  }
}
