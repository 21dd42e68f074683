// The queries over tenants and their API keys.
import { type SqlBool, sql } from 'kysely';
import { AppError } from '../../foundation/errors.ts';
import type { Role } from '../../foundation/roles.ts';
import type { ApiKeyRecord, TenantRecord } from '../access-records.ts';
import type { AccessRegistry, TenantHoldings } from '../access-registry.ts';
import type { LoginRegistry } from '../login-registry.ts';
import type { RequestEffect } from '../records.ts';
import type { Listing, Page } from '../session-registry.ts';
import type { Database } from './database.ts';
import { LoginRows } from './login-rows.ts';
import { decodeKey, decodeTenant, encodeRow } from './rows.ts';
import type { Runner } from './runner.ts';

export class AccessRows implements AccessRegistry {
  readonly logins: LoginRegistry;
  readonly #database: Database;
  readonly #read: Runner;
  readonly #write: Runner;
  readonly #tookEffect: (effect: RequestEffect) => void;

  constructor(
    database: Database,
    parts: {
      readonly read: Runner;
      readonly write: Runner;
      readonly tookEffect: (effect: RequestEffect) => void;
    },
  ) {
    this.logins = new LoginRows(database, parts);
    this.#database = database;
    this.#read = parts.read;
    this.#write = parts.write;
    this.#tookEffect = parts.tookEffect;
  }

  async tenants(): Promise<TenantRecord[]> {
    const query = this.#database.query.selectFrom('tenant').selectAll();
    const living = query.where('deletedAt', 'is', null).orderBy('tenantId');
    return this.#read(() => this.#database.all(living).map(decodeTenant));
  }

  async createTenant(record: TenantRecord, effect?: RequestEffect): Promise<void> {
    this.#write(() => {
      this.#database.insert('tenant', { ...encodeRow(record), deletedAt: null });
      if (effect !== undefined) this.#tookEffect(effect);
    });
  }

  async updateTenant({ tenantId, ...settings }: TenantRecord): Promise<boolean> {
    const query = this.#database.query.updateTable('tenant').set(encodeRow(settings));
    const living = query.where('tenantId', '=', tenantId).where('deletedAt', 'is', null);
    return this.#write(() => this.#database.run(living) === 1);
  }

  async holdings(tenantId: string): Promise<TenantHoldings> {
    const { query } = this.#database;
    return this.#read(() => ({
      sessions: this.#total(
        query
          .selectFrom('session')
          .where('tenant', '=', tenantId)
          .where('deleted', '=', sql.lit(0))
          .select((row) => row.fn.countAll<number>().as('total')),
      ),
      snapshots: this.#total(
        query
          .selectFrom('snapshot')
          .where('tenant', '=', tenantId)
          .select((row) => row.fn.countAll<number>().as('total')),
      ),
      keys: this.#total(
        query
          .selectFrom('apiKey')
          .where('tenant', '=', tenantId)
          .where('revokedAt', 'is', null)
          .select((row) => row.fn.countAll<number>().as('total')),
      ),
    }));
  }

  async deleteTenant(tenantId: string, now: number): Promise<void> {
    const { query } = this.#database;
    this.#write(() => {
      // The id stays, so that nobody is ever given it again with what others may still remember of it.
      this.#database.run(
        query
          .updateTable('tenant')
          .set({
            displayName: null,
            limits: '{}',
            defaults: '{}',
            egressAllow: null,
            deletedAt: now,
          })
          .where('tenantId', '=', tenantId),
      );
      this.#database.run(query.deleteFrom('apiKey').where('tenant', '=', tenantId));
      this.#database.run(query.deleteFrom('login').where('tenant', '=', tenantId));
    });
  }

  async leftovers(): Promise<string[]> {
    const query = this.#database.query
      .selectFrom('tenant')
      .select('tenantId')
      .where('deletedAt', 'is not', null)
      .where(
        sql<SqlBool>`(exists (select 1 from session where tenant = tenantId and deleted = 0)
          or exists (select 1 from snapshot where tenant = tenantId))`,
      );
    return this.#read(() => this.#database.all(query).map(({ tenantId }) => tenantId));
  }

  async currentKeys(now: number): Promise<ApiKeyRecord[]> {
    const query = this.#database.query.selectFrom('apiKey').selectAll();
    return this.#read(() =>
      this.#database.all(query.where((row) => row.not(ended(now)))).map(decodeKey),
    );
  }

  async addKey(
    record: ApiKeyRecord,
    { ends, effect, endedBefore, keysMax }: Parameters<AccessRegistry['addKey']>[1],
  ): Promise<void> {
    const { query } = this.#database;
    const ofTenant = query.deleteFrom('apiKey').where('tenant', '=', record.tenant);
    this.#write(() => {
      this.#database.run(ofTenant.where(ended(endedBefore)));
      if (ends !== undefined) {
        const { keyId, expiresAt } = ends;
        this.#database.run(
          query.updateTable('apiKey').set({ expiresAt }).where('keyId', '=', keyId),
        );
      }
      const excess = this.#keysOf(record.tenant) + 1 - keysMax;
      if (excess > 0) {
        const oldest = query
          .selectFrom('apiKey')
          .select('position')
          .where('tenant', '=', record.tenant)
          .where(ended(record.createdAt))
          .orderBy('position')
          .limit(excess);
        const removed = this.#database.run(
          query.deleteFrom('apiKey').where('position', 'in', oldest),
        );
        if (removed < excess) throw new AppError('key_limit');
      }
      this.#database.insert('apiKey', encodeRow(record));
      if (effect !== undefined) this.#tookEffect(effect);
    });
  }

  async findKey(tenant: string, keyId: string): Promise<ApiKeyRecord | null> {
    const query = this.#database.query.selectFrom('apiKey').selectAll();
    const found = query.where('keyId', '=', keyId).where('tenant', '=', tenant);
    return this.#read(() => {
      const row = this.#database.first(found);
      return row && decodeKey(row);
    });
  }

  async listKeys(
    tenant: string,
    roles: readonly Role[],
    { limit, offset }: Page,
  ): Promise<Listing<ApiKeyRecord>> {
    const matching = this.#database.query
      .selectFrom('apiKey')
      .where('tenant', '=', tenant)
      .where('role', 'in', roles);
    const page = matching.selectAll().orderBy('position', 'desc').limit(limit).offset(offset);
    const counted = matching.select((row) => row.fn.countAll<number>().as('total'));
    return this.#read(() => ({
      items: this.#database.all(page).map(decodeKey),
      total: this.#total(counted),
    }));
  }

  async revokeKey(keyId: string, now: number): Promise<void> {
    const query = this.#database.query.updateTable('apiKey').set({ revokedAt: now });
    const standing = query.where('keyId', '=', keyId).where('revokedAt', 'is', null);
    this.#write(() => void this.#database.run(standing));
  }

  async noteKeyUses(uses: ReadonlyMap<string, number>): Promise<void> {
    const query = this.#database.query.updateTable('apiKey');
    this.#write(() => {
      for (const [keyId, lastUsedAt] of uses)
        this.#database.run(query.set({ lastUsedAt }).where('keyId', '=', keyId));
    });
  }

  #keysOf(tenant: string): number {
    return this.#total(
      this.#database.query
        .selectFrom('apiKey')
        .where('tenant', '=', tenant)
        .select((row) => row.fn.countAll<number>().as('total')),
    );
  }

  #total(query: Parameters<Database['first']>[0]): number {
    const counted = this.#database.first(query) as { total: number } | null;
    return counted?.total ?? 0;
  }
}

/** Revoked or expired by then. */
function ended(at: number) {
  return sql<SqlBool>`(revokedAt is not null and revokedAt <= ${at}
    or expiresAt is not null and expiresAt <= ${at})`;
}
