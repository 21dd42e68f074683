// The tenants that there are: known in memory, since every request asks; written through to the registry.
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { TenantLimits, TenantRecord } from '../registry/access-records.ts';
import type { AccessRegistry } from '../registry/access-registry.ts';
import type { IdempotencyKey } from '../registry/records.ts';
import type { Listing, Page } from '../registry/session-registry.ts';

export type TenantsOptions = {
  readonly registry: AccessRegistry;
  /** Resolves when what was written is on the disk. */
  readonly durable: () => Promise<void>;
  readonly tenantsMax: number;
  /** Called when what tenants may reach is not what it was. */
  readonly egressChanged: () => void;
  readonly clock: Clock;
};

export type TenantChange = Partial<Omit<TenantRecord, 'tenantId' | 'createdAt'>>;

/** What others see of it. */
export type Tenants = Pick<TenantDirectory, 'find' | 'list' | 'create' | 'update'>;

export class TenantDirectory {
  readonly #options: TenantsOptions;
  readonly #tenants = new Map<string, TenantRecord>();

  constructor(options: TenantsOptions) {
    this.#options = options;
  }

  /** Learns the tenants that there are. */
  async open(): Promise<void> {
    for (const record of await this.#options.registry.tenants())
      this.#tenants.set(record.tenantId, record);
  }

  has(tenantId: string): boolean {
    return this.#tenants.has(tenantId);
  }

  /** Throws `tenant_not_found`. */
  find(tenantId: string): TenantRecord {
    const record = this.#tenants.get(tenantId);
    if (record === undefined) throw new AppError('tenant_not_found');
    return record;
  }

  /** Of one that is deleted none: it gets nothing new. */
  limitsOf(tenantId: string): TenantLimits {
    return this.#tenants.get(tenantId)?.limits ?? {};
  }

  /** What the sessions of a tenant may reach at most; null for anything. Of one that is deleted nothing. */
  egressAllowOf(tenantId: string): readonly string[] | null {
    const record = this.#tenants.get(tenantId);
    return record === undefined ? [] : record.egressAllow;
  }

  /** By id. */
  list({ limit, offset }: Page): Listing<TenantRecord> {
    const all = [...this.#tenants.values()].sort((one, other) =>
      one.tenantId < other.tenantId ? -1 : 1,
    );
    return { items: all.slice(offset, offset + limit), total: all.length };
  }

  /** Throws `tenant_exists` and `tenants_limit`. */
  async create(
    tenantId: string,
    change: TenantChange,
    idempotencyKey: IdempotencyKey | undefined,
  ): Promise<TenantRecord> {
    const { registry, durable, tenantsMax, clock } = this.#options;
    if (this.#tenants.size >= tenantsMax) throw new AppError('tenants_limit');
    const unbounded = { displayName: null, limits: {}, defaults: {}, egressAllow: null };
    const record = { tenantId, ...unbounded, ...change, createdAt: clock.now() };
    await registry.createTenant(record, idempotencyKey && { ...idempotencyKey, made: tenantId });
    this.#tenants.set(tenantId, record);
    await durable();
    return record;
  }

  /** Absent parts stay as they are. Throws `tenant_not_found`. */
  async update(tenantId: string, change: TenantChange): Promise<TenantRecord> {
    const { registry, durable, egressChanged } = this.#options;
    const record = { ...this.find(tenantId), ...change };
    if (!(await registry.updateTenant(record))) throw new AppError('tenant_not_found');
    this.#tenants.set(tenantId, record);
    if (change.egressAllow !== undefined) egressChanged();
    await durable();
    return record;
  }

  /** Nobody finds it any more. What it has stays. */
  async remove(tenantId: string): Promise<void> {
    const { registry, egressChanged, clock } = this.#options;
    await registry.deleteTenant(tenantId, clock.now());
    this.#tenants.delete(tenantId);
    egressChanged();
  }
}
