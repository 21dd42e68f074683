// Tenants and API keys as clients see them. SECURITY: of a key never the hash.
import type { ApiKeyRecord, TenantRecord } from '../registry/access-records.ts';
import type { ApiKey, Tenant, TenantSettings } from './schemas/access.ts';
import { timeText } from './views.ts';

export function tenantJson({ tenantId, createdAt, ...settings }: TenantRecord): Tenant {
  const own = structuredClone(settings) as TenantSettings;
  return { id: tenantId, ...own, createdAt: timeText(createdAt) };
}

export function keyJson(record: ApiKeyRecord): ApiKey {
  const { expiresAt, lastUsedAt, revokedAt } = record;
  return {
    id: record.keyId,
    tenant: record.tenant,
    role: record.role,
    name: record.name,
    prefix: `cellar_${record.prefix}`,
    createdAt: timeText(record.createdAt),
    expiresAt: expiresAt === null ? null : timeText(expiresAt),
    lastUsedAt: lastUsedAt === null ? null : timeText(lastUsedAt),
    revokedAt: revokedAt === null ? null : timeText(revokedAt),
    rotatedFrom: record.rotatedFrom,
  };
}
