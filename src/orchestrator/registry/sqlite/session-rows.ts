// The queries over sessions. Whatever a client asks carries the tenant, so that another tenant's session is not found
// rather than found and refused.
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import {
  dormantStates,
  isDormant,
  type SandboxRecord,
  type SessionChange,
  type SessionRecord,
  type SessionState,
  sessionStates,
} from '../records.ts';
import type { Listing, OwnedSession, Page, SessionFilter } from '../session-registry.ts';
import type { Database } from './database.ts';
import { decodeSession, encodeRow } from './rows.ts';
import type { Schema } from './schema.ts';

export class SessionRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(record: SessionRecord): void {
    this.#database.insert('session', { ...encodeRow(record), ...deletedBy(record) });
  }

  /** False when there is no such session. */
  update(sessionId: string, changes: NonNullable<SessionChange['session']>): boolean {
    return this.#database.updateById('session', sessionId, { ...changes, ...deletedBy(changes) });
  }

  /** 0 when there is no such session. */
  seqPruned(sessionId: string): number {
    const query = this.#database.query.selectFrom('session').select('seqPruned');
    return this.#database.first(query.where('sessionId', '=', sessionId))?.seqPruned ?? 0;
  }

  /** An id wins over a name that looks like one. */
  find(tenant: string, idOrName: string): SessionRecord | null {
    const visible = this.#visible(tenant);
    const row =
      this.#database.first(visible.where('sessionId', '=', idOrName)) ??
      this.#database.first(visible.where('name', '=', idOrName));
    return row && decodeSession(row);
  }

  /** Newest first. */
  list(tenant: string, filter: SessionFilter, page: Page): Listing<SessionRecord> {
    const matching = this.#visible(tenant).where((session) =>
      session.and(terms(session, tenant, filter)),
    );
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

  /** Oldest first. Several questions, since each has an index that a session's daily changes of state do not touch. */
  toRecover(): SessionRecord[] {
    const dormant = sql.join(dormantStates.map((state) => sql.lit(state)));
    const all = this.#database.query.selectFrom('session').selectAll();
    const wanted = all.where(sql<SqlBool>`state not in (${dormant})`);
    const rows = [
      ...this.#database.all(wanted.where('sandbox', 'is not', null)),
      ...this.#database.all(wanted.where('sandbox', 'is', null)),
      ...this.#database.all(
        all.where('complete', '=', sql.lit(0)).where(sql<SqlBool>`state in (${dormant})`),
      ),
    ];
    rows.sort((one, other) => one.createdAt - other.createdAt || one.position - other.position);
    return rows.map(decodeSession);
  }

  count(): number {
    const query = this.#database.query
      .selectFrom('session')
      .select((session) => session.fn.countAll<number>().as('total'))
      .where('deleted', '=', sql.lit(0));
    return this.#database.first(query)?.total ?? 0;
  }

  countByState(): Partial<Record<SessionState, number>> {
    const query = this.#database.query
      .selectFrom('session')
      .select((session) => ['state', session.fn.countAll<number>().as('total')])
      .where('deleted', '=', sql.lit(0))
      .groupBy('state');
    return Object.fromEntries(this.#database.all(query).map(({ state, total }) => [state, total]));
  }

  /** The longest overdue first. */
  expired(now: number): OwnedSession[] {
    const query = this.#database.query
      .selectFrom('session')
      .select(['tenant', 'sessionId'])
      .where('expiresAt', '<=', now)
      .where('deleted', '=', sql.lit(0));
    return this.#database.all(query.orderBy('expiresAt'));
  }

  delete(sessionId: string): void {
    this.#database.run(
      this.#database.query.deleteFrom('session').where('sessionId', '=', sessionId),
    );
  }

  sandboxes(): SandboxRecord[] {
    const query = this.#database.query.selectFrom('session').select('sandbox');
    return this.#database
      .all(query.where('sandbox', 'is not', null))
      .map(({ sandbox }) => JSON.parse(sandbox!));
  }

  #visible(tenant: string) {
    return this.#database.query
      .selectFrom('session')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('deleted', '=', sql.lit(0))
      .where('complete', '=', sql.lit(1));
  }
}

/** `deleted` is a part of `state` that never changes back: indexes by it need not be written with every execution. */
function deletedBy({ state }: Partial<SessionRecord>): { deleted?: number } {
  return state === 'deleted' ? { deleted: 1 } : {};
}

function terms(
  session: ExpressionBuilder<Schema, 'session'>,
  tenant: string,
  filter: SessionFilter,
): Expression<SqlBool>[] {
  const all: Expression<SqlBool>[] = [];
  if (filter.name !== undefined) all.push(matches(sql.ref('name'), filter.name));
  if (filter.language !== undefined) all.push(matches(sql.ref('language'), filter.language));
  const state = sessionStates.find((state) => state === filter.state);
  if (state !== undefined) {
    // As text, so that the index of that state is found; sessions that are not dormant have one by their sandboxes.
    all.push(session('state', '=', sql.lit(state)));
    if (!isDormant(state)) all.push(session('sandbox', 'is not', null));
  }
  for (const [label, pattern] of Object.entries(filter.labels ?? {})) {
    all.push(
      sql<SqlBool>`+position in (select session from sessionLabel as label
        where label.tenant = ${tenant} and label.name = ${label}
        and ${matches(sql.ref('label.value'), pattern)})`,
    );
  }
  return all;
}

/** `*` is the only wildcard a client has, and case counts, as in names themselves. */
function matches(column: Expression<unknown>, pattern: string): Expression<SqlBool> {
  if (!pattern.includes('*')) return sql<SqlBool>`${column} = ${pattern}`;
  const escaped = pattern.replaceAll(/[?[]/g, '[$&]').replaceAll(/\*+/g, '*');
  // The plus keeps SQLite from sorting whole rows that it has found by a pattern: it goes through the index by age instead.
  return sql<SqlBool>`+${column} glob ${escaped}`;
}
