// The rows of the registry that say who may use the service: tenants, and the API keys of each.
import type { Role } from '../foundation/roles.ts';

export type TenantRecord = {
  /** The operator's choice; never given a second time, not even when the tenant is gone. */
  readonly tenantId: string;
  readonly displayName: string | null;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
};

export type ApiKeyRecord = {
  readonly keyId: string;
  readonly tenant: string;
  readonly role: Role;
  readonly name: string | null;
  /** The readable part of the key's text, by which it is found; unique, and no secret. */
  readonly prefix: string;
  /** SHA-256 of the secret part, hexadecimal. */
  readonly secretHash: string;
  readonly createdAt: number;
  /** From then on it opens nothing; null: it has no end. */
  readonly expiresAt: number | null;
  /** Written now and then: the last use may be a little later. Null before the first one. */
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
  /** The key that it was made to take the place of. */
  readonly rotatedFrom: string | null;
};
