// The queries over sessions. Whatever a client asks carries the tenant, so that another tenant's session is not found
// rather than found and refused.
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { SessionChange, SessionRecord } from '../records.ts';
import type { Listing, Page, SessionFilter } from '../session-registry.ts';
import type { Database } from './database.ts';
import { decodeSession, encodeRow } from './rows.ts';
import type { Schema } from './schema.ts';

export class SessionRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(record: SessionRecord): void {
    this.#database.insert('session', encodeRow(record));
  }

  /** False when there is no such session. */
  update(sessionId: string, changes: NonNullable<SessionChange['session']>): boolean {
    return this.#database.updateById('session', sessionId, changes);
  }

  /** 0 when there is no such session. */
  seqPruned(sessionId: string): number {
    const query = this.#database.query.selectFrom('session').select('seqPruned');
    return this.#database.first(query.where('sessionId', '=', sessionId))?.seqPruned ?? 0;
  }

  /** An id wins over a name that looks like one. */
  find(tenant: string, idOrName: string): SessionRecord | null {
    const live = this.#live(tenant);
    const row =
      this.#database.first(live.where('sessionId', '=', idOrName)) ??
      this.#database.first(live.where('name', '=', idOrName));
    return row && decodeSession(row);
  }

  /** Newest first. */
  list(tenant: string, filter: SessionFilter, page: Page): Listing<SessionRecord> {
    const matching = this.#live(tenant).where((session) => session.and(terms(session, filter)));
    const counted = matching
      .clearSelect()
      .select((session) => session.fn.countAll<number>().as('total'));
    const items = this.#database.all(
      matching
        .orderBy('createdAt', 'desc')
        .orderBy('position', 'desc')
        .limit(page.limit)
        .offset(page.offset),
    );
    return { items: items.map(decodeSession), total: this.#database.first(counted)?.total ?? 0 };
  }

  all(): SessionRecord[] {
    const query = this.#database.query.selectFrom('session').selectAll();
    return this.#database.all(query.orderBy('createdAt').orderBy('position')).map(decodeSession);
  }

  delete(sessionId: string): void {
    this.#database.run(
      this.#database.query.deleteFrom('session').where('sessionId', '=', sessionId),
    );
  }

  /** sandboxId → sessionId. */
  sandboxOwners(): Map<string, string> {
    const rows = this.#database.all(
      this.#database.query
        .selectFrom('session')
        .select('sessionId')
        .select(sql<string>`sandbox ->> 'sandboxId'`.as('sandboxId'))
        .where('sandbox', 'is not', null),
    );
    return new Map(rows.map((row) => [row.sandboxId, row.sessionId]));
  }

  #live(tenant: string) {
    return this.#database.query
      .selectFrom('session')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('state', '<>', sql.lit('deleted'));
  }
}

function terms(
  session: ExpressionBuilder<Schema, 'session'>,
  filter: SessionFilter,
): Expression<SqlBool>[] {
  const all: Expression<SqlBool>[] = [];
  if (filter.name !== undefined) all.push(matches(sql.ref('name'), filter.name));
  if (filter.language !== undefined) all.push(matches(sql.ref('language'), filter.language));
  if (filter.state !== undefined) all.push(session('state', '=', filter.state));
  for (const [label, pattern] of Object.entries(filter.labels ?? {})) {
    all.push(
      sql<SqlBool>`exists (select 1 from json_each(config, '$.labels') as label
        where label.key = ${label} and ${matches(sql.ref('label.value'), pattern)})`,
    );
  }
  return all;
}

/** `*` is the only wildcard a client has, and case counts, as in names themselves. */
function matches(column: Expression<unknown>, pattern: string): Expression<SqlBool> {
  if (!pattern.includes('*')) return sql<SqlBool>`${column} = ${pattern}`;
  const escaped = pattern.replaceAll(/[?[]/g, '[$&]').replaceAll(/\*+/g, '*');
  return sql<SqlBool>`${column} glob ${escaped}`;
}
