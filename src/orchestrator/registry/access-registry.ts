// The port to the part of the registry that says who may use the service. What a method has resolved is committed; `durable`
// of the session registry says that it is on the disk.
import type { Role } from '../foundation/roles.ts';
import type { ApiKeyRecord, TenantRecord } from './access-records.ts';
import type { LoginRegistry } from './login-registry.ts';
import type { RequestEffect } from './records.ts';
import type { Listing, Page } from './session-registry.ts';

/** What a tenant has that would go with it. */
export type TenantHoldings = {
  readonly sessions: number;
  readonly snapshots: number;
  readonly keys: number;
};

export interface AccessRegistry {
  readonly logins: LoginRegistry;

  /** All that are not deleted, by id. */
  tenants(): Promise<TenantRecord[]>;
  /** Throws AppError `tenant_exists` when the id is in use, or ever was. */
  createTenant(record: TenantRecord, effect?: RequestEffect): Promise<void>;
  /** False when there is none with its id. */
  updateTenant(record: TenantRecord): Promise<boolean>;
  /** Sessions and snapshots that are there, keys that are not revoked. */
  holdings(tenantId: string): Promise<TenantHoldings>;
  /** It is gone for everybody, its keys and all that is known of it too; from then on it gets no new sessions and snapshots. */
  deleteTenant(tenantId: string, now: number): Promise<void>;
  /** Ids of deleted tenants that still have sessions or snapshots. */
  leftovers(): Promise<string[]>;

  /** Those of all tenants that are neither revoked nor expired at `now`. */
  currentKeys(now: number): Promise<ApiKeyRecord[]>;
  /**
   * `ends`: a change that is made to the key it takes the place of, at once with it. Keys of the tenant that ended before `endedBefore`
   * are forgotten, and the oldest ended ones where there would be more than `keysMax`. Throws AppError `key_limit` when so many are
   * not ended.
   */
  addKey(
    record: ApiKeyRecord,
    options: {
      readonly ends?: { readonly keyId: string; readonly expiresAt: number };
      readonly effect?: RequestEffect;
      readonly endedBefore: number;
      readonly keysMax: number;
    },
  ): Promise<void>;
  /** Never another tenant's. */
  findKey(tenant: string, keyId: string): Promise<ApiKeyRecord | null>;
  /** Of a tenant, with one of the roles, ended ones too; newest first. */
  listKeys(tenant: string, roles: readonly Role[], page: Page): Promise<Listing<ApiKeyRecord>>;
  revokeKey(keyId: string, now: number): Promise<void>;
  /** By key id, ms since 1970. Those that are not there are no error. */
  noteKeyUses(uses: ReadonlyMap<string, number>): Promise<void>;
}
