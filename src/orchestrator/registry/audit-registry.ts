// The port to the part of the registry that keeps the audit log. Records are added at the end and removed at the beginning;
// nothing changes one that is there.
import type { AuditRecord } from './audit-records.ts';

export type AuditFilter = {
  /** Null: of all tenants, and of nobody. */
  readonly tenant: string | null;
  readonly action?: string;
  /** Milliseconds since 1970, the second one excluded. */
  readonly from?: number;
  readonly to?: number;
};

/** A place in the list: what is before it is older. */
export type AuditPlace = { readonly at: number; readonly seq: number };

export interface AuditRegistry {
  /** The newest record; null when there never was one. */
  last(): Promise<AuditRecord | null>;
  /** The newest records, oldest of them first. */
  newest(limit: number): Promise<AuditRecord[]>;
  /** In one transaction. */
  append(records: readonly AuditRecord[]): Promise<void>;
  /** Newest first, those before the place when one is given. */
  list(filter: AuditFilter, before: AuditPlace | null, limit: number): Promise<AuditRecord[]>;
  /**
   * Removes the oldest records, as long as they are from before that time or have a lower number, `limit` at most; gives how many. The
   * newest record stays in any case.
   */
  removeBefore(bound: AuditPlace, limit: number): Promise<number>;
}
