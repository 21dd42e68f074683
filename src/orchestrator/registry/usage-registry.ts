// The port to the part of the registry that keeps what tenants and sessions have used. What snapshots take is counted by the
// registry itself, with every one that comes or goes.
import type {
  StorageStep,
  UsageAmounts,
  UsageChange,
  UsageHour,
  UsageOwner,
  UsageReading,
} from './usage-records.ts';

/** Milliseconds since 1970; hours that begin from the first one on and before the second one. */
export type UsageSpan = { readonly from: number; readonly to: number };

export interface UsageRegistry {
  /** In one transaction: each is added to its session and to its tenant. */
  add(changes: readonly UsageChange[]): Promise<void>;
  /** How far containers were counted that have not ended. */
  readings(): Promise<UsageReading[]>;

  /** Tenants of which anything is known, by their ids, after one. */
  tenants(after: string, limit: number): Promise<string[]>;
  /** The same of a tenant's sessions, those that are deleted too. */
  sessions(tenant: string, after: string, limit: number): Promise<string[]>;
  /** Oldest first; hours in which nothing was used are missing. */
  hours(owner: UsageOwner, span: UsageSpan): Promise<UsageHour[]>;
  /** All that is kept of it. */
  total(owner: UsageOwner): Promise<UsageAmounts>;
  /** Oldest first, beginning with the one that holds at the beginning of the span. */
  storage(owner: UsageOwner, span: UsageSpan): Promise<StorageStep[]>;
  /** Of those of the sessions that are not deleted and have one. */
  sessionNames(sessionIds: readonly string[]): Promise<ReadonlyMap<string, string>>;

  /**
   * Forgets hours of a tenant that began before these moments, `limit` rows at most of each; gives how many rows went. What its sessions
   * used is in the tenant's own hours, which stay longer.
   */
  removeHours(
    tenant: string,
    before: { readonly tenant: number; readonly sessions: number },
    limit: number,
  ): Promise<number>;
  /** The same of what an owner has stored: what holds at that moment stays. */
  removeStorage(owner: UsageOwner, before: number): Promise<void>;
  /** Of containers that nobody has counted since. */
  removeReadings(before: number): Promise<void>;
}
