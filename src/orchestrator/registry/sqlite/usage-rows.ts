// The queries over what was used. Hours are added up where they stand, so that a session costs one row an hour however often it is
// counted; each is part of its tenant's hour as well, so that nobody has to sum up the sessions.
import { type SqlBool, sql } from 'kysely';
import type {
  StorageStep,
  UsageAmounts,
  UsageChange,
  UsageHour,
  UsageOwner,
  UsageReading,
} from '../usage-records.ts';
import type { UsageRegistry, UsageSpan } from '../usage-registry.ts';
import type { Database, Writer } from './database.ts';
import type { Runner } from './runner.ts';

const amountColumns = [
  'cpuSeconds',
  'memoryByteSeconds',
  'sandboxSeconds',
  'networkSentBytes',
  'networkReceivedBytes',
  'executions',
] as const satisfies readonly (keyof UsageAmounts)[];

const anyHour: UsageHour = {
  tenant: '',
  hour: 0,
  sessionId: '',
  cpuSeconds: 0,
  memoryByteSeconds: 0,
  sandboxSeconds: 0,
  networkSentBytes: 0,
  networkReceivedBytes: 0,
  executions: 0,
};
const anyReading: UsageReading = { runtimeId: '', at: 0, cpuSeconds: 0, memoryBytes: 0 };
const hourColumns = Object.keys(anyHour) as (keyof UsageHour)[];
const readingColumns = Object.keys(anyReading) as (keyof UsageReading)[];

export class UsageRows implements UsageRegistry {
  readonly #database: Database;
  readonly #read: Runner;
  readonly #write: Runner;
  readonly #addHour: Writer;
  readonly #setReading: Writer;
  readonly #removeReading: Writer;

  constructor(database: Database, parts: { readonly read: Runner; readonly write: Runner }) {
    this.#database = database;
    this.#read = parts.read;
    this.#write = parts.write;
    const { query } = database;
    this.#addHour = database.writer(
      query
        .insertInto('usage')
        .values(anyHour)
        .onConflict((conflict) =>
          conflict
            .columns(['tenant', 'hour', 'sessionId'])
            .doUpdateSet((row) =>
              Object.fromEntries(
                amountColumns.map((column) => [
                  column,
                  row(`usage.${column}`, '+', row.ref(`excluded.${column}`)),
                ]),
              ),
            ),
        ),
    );
    this.#setReading = database.writer(query.replaceInto('usageReading').values(anyReading));
    this.#removeReading = database.writer(
      query.deleteFrom('usageReading').where('runtimeId', '=', ''),
    );
  }

  async add(changes: readonly UsageChange[]): Promise<void> {
    this.#write(() => {
      for (const { tenant, sessionId, hours, readings, ended } of changes) {
        for (const [hour, amounts] of hours) {
          this.#insert({ ...amounts, tenant, hour, sessionId: '' });
          if (sessionId !== '') this.#insert({ ...amounts, tenant, hour, sessionId });
        }
        for (const reading of readings)
          this.#setReading(readingColumns.map((column) => reading[column]));
        for (const runtimeId of ended) this.#removeReading([runtimeId]);
      }
    });
  }

  async readings(): Promise<UsageReading[]> {
    const query = this.#database.query.selectFrom('usageReading').selectAll();
    return this.#read(() => this.#database.all(query));
  }

  async tenants(after: string, limit: number): Promise<string[]> {
    return this.#read(() =>
      walk(after, limit, (last) => {
        const next = (table: 'usage' | 'usageStorage') =>
          this.#database.first(
            this.#database.query
              .selectFrom(table)
              .select('tenant as id')
              .where('tenant', '>', last)
              .orderBy('tenant')
              .limit(1),
          );
        return lower(next('usage')?.id, next('usageStorage')?.id);
      }),
    );
  }

  async sessions(tenant: string, after: string, limit: number): Promise<string[]> {
    return this.#read(() =>
      walk(after, limit, (last) => {
        const next = (table: 'usage' | 'usageStorage') =>
          this.#database.first(
            this.#database.query
              .selectFrom(table)
              .select('sessionId as id')
              .where('tenant', '=', tenant)
              .where('sessionId', '>', last)
              .orderBy('sessionId')
              .limit(1),
          );
        return lower(next('usage')?.id, next('usageStorage')?.id);
      }),
    );
  }

  async hours({ tenant, sessionId }: UsageOwner, { from, to }: UsageSpan): Promise<UsageHour[]> {
    const query = this.#database.query
      .selectFrom('usage')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('sessionId', '=', sessionId)
      .where('hour', '>=', from)
      .where('hour', '<', to)
      .orderBy('hour');
    return this.#read(() => this.#database.all(query));
  }

  async total({ tenant, sessionId }: UsageOwner): Promise<UsageAmounts> {
    const query = this.#database.query
      .selectFrom('usage')
      .select((row) => amountColumns.map((column) => row.fn.sum<number>(column).as(column)))
      .where('tenant', '=', tenant)
      .where('sessionId', '=', sessionId);
    const sums = this.#read(() => this.#database.first(query));
    const entries = amountColumns.map((column) => [column, sums?.[column] ?? 0]);
    return Object.fromEntries(entries) as UsageAmounts;
  }

  async storage(
    { tenant, sessionId }: UsageOwner,
    { from, to }: UsageSpan,
  ): Promise<StorageStep[]> {
    const all = this.#database.query
      .selectFrom('usageStorage')
      .select(['hour', 'at', 'byteSeconds', 'bytes'])
      .where('tenant', '=', tenant)
      .where('sessionId', '=', sessionId);
    const before = all.where('hour', '<', from).orderBy('hour', 'desc').limit(1);
    const within = all.where('hour', '>=', from).where('hour', '<', to).orderBy('hour');
    return this.#read(() => [...this.#database.all(before), ...this.#database.all(within)]);
  }

  async sessionNames(sessionIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const query = this.#database.query
      .selectFrom('session')
      .select(['sessionId', 'name'])
      .where('sessionId', 'in', [...sessionIds])
      .where('deleted', '=', sql.lit(0));
    const rows = this.#read(() => this.#database.all(query));
    return new Map(
      rows.flatMap(({ sessionId, name }) => (name === null ? [] : [[sessionId, name]])),
    );
  }

  async removeHours(
    tenant: string,
    before: { readonly tenant: number; readonly sessions: number },
    limit: number,
  ): Promise<number> {
    const { query } = this.#database;
    const remove = (kind: '=' | '<>', end: number) => {
      const old = query
        .selectFrom('usage')
        .select(['hour', 'sessionId'])
        .where('tenant', '=', tenant)
        .where('hour', '<', end)
        .where('sessionId', kind, '')
        .limit(limit);
      return this.#database.run(
        query
          .deleteFrom('usage')
          .where('tenant', '=', tenant)
          .where(sql<SqlBool>`(hour, sessionId) in ${old}`),
      );
    };
    return this.#write(() => remove('<>', before.sessions) + remove('=', before.tenant));
  }

  async removeStorage({ tenant, sessionId }: UsageOwner, before: number): Promise<void> {
    const { query } = this.#database;
    const old = query
      .selectFrom('usageStorage')
      .select(['hour', 'bytes'])
      .where('tenant', '=', tenant)
      .where('sessionId', '=', sessionId)
      .where('hour', '<', before)
      .orderBy('hour', 'desc')
      .limit(2);
    const [holding, older] = this.#read(() => this.#database.all(old));
    // Most have one that holds for ever. One that holds nothing is the same as none.
    if (holding === undefined || (holding.bytes > 0 && older === undefined)) return;
    const end = holding.bytes > 0 ? holding.hour : before;
    const removed = query
      .deleteFrom('usageStorage')
      .where('tenant', '=', tenant)
      .where('sessionId', '=', sessionId)
      .where('hour', '<', end);
    this.#write(() => this.#database.run(removed));
  }

  async removeReadings(before: number): Promise<void> {
    const query = this.#database.query.deleteFrom('usageReading').where('at', '<', before);
    this.#write(() => this.#database.run(query));
  }

  #insert(hour: UsageHour): void {
    this.#addHour(hourColumns.map((column) => hour[column]));
  }
}

/** `next` gives the one after another; the empty id is before all. */
function walk(after: string, limit: number, next: (last: string) => string | null): string[] {
  const found: string[] = [];
  for (let id = next(after); id !== null && found.length < limit; id = next(id)) found.push(id);
  return found;
}

function lower(one: string | undefined, other: string | undefined): string | null {
  if (one === undefined || other === undefined) return one ?? other ?? null;
  return one < other ? one : other;
}
