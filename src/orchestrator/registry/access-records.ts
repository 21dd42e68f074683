// The rows of the registry that say who may use the service: tenants, and the API keys of each.
import type { Role } from '../foundation/roles.ts';
import type { SessionConfig, SessionLimits } from './records.ts';

/** What is absent is bounded by the service only. */
export type TenantLimits = {
  /** Of all live sessions together: their number, their memory, their processors. */
  readonly sessions?: number;
  readonly memoryBytes?: number;
  readonly cpus?: number;
  /** Of each key. */
  readonly requestsPerMinute?: number;
  /** Of all keys together. */
  readonly executionsPerMinute?: number;
  /** Of every session. */
  readonly session?: Partial<SessionLimits> & {
    /** Longest time limit of an execution, ms. */
    readonly timeout?: number;
    /** The policies that may be asked for. */
    readonly persistence?: readonly SessionConfig['persistence']['policy'][];
    /** A step is taken after that time at the latest. */
    readonly idle?: SessionConfig['idle'];
  };
};

/** Of sessions that ask for nothing else; what is absent is as in those of the service. */
export type TenantDefaults = {
  readonly timeout?: number;
  readonly limits?: Partial<SessionLimits>;
  readonly persistence?: SessionConfig['persistence'];
  readonly idle?: SessionConfig['idle'];
};

export type TenantRecord = {
  /** The operator's choice; never given a second time, not even when the tenant is gone. */
  readonly tenantId: string;
  readonly displayName: string | null;
  readonly limits: TenantLimits;
  readonly defaults: TenantDefaults;
  /** What the allow lists of its sessions may name; null for anything. */
  readonly egressAllow: readonly string[] | null;
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
