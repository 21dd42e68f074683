// The port to the part of the registry that knows who has logged in with a browser. What a method has resolved is committed; `durable`
// of the session registry says that it is on the disk.
import type { Role } from '../foundation/roles.ts';

/** Times in milliseconds since 1970. */
export type LoginRecord = {
  readonly loginId: string;
  /** SHA-256 of what the browser shows, hexadecimal. */
  readonly tokenHash: string;
  /** Who it is, as the provider names him. */
  readonly subject: string;
  readonly tenant: string;
  readonly role: Role;
  readonly createdAt: number;
  /** From then on it opens nothing. */
  readonly expiresAt: number;
  /** Written now and then: the last use may be a little later. */
  readonly lastUsedAt: number;
};

export interface LoginRegistry {
  /** All that are stored, in the order in which they were made. */
  all(): Promise<LoginRecord[]>;
  /** Throws AppError `tenant_not_found` when the tenant was deleted. */
  add(record: LoginRecord): Promise<void>;
  /** Those that are not there are no error. */
  remove(loginIds: readonly string[]): Promise<void>;
  /** By login id, ms since 1970. Those that are not there are no error. */
  noteUses(uses: ReadonlyMap<string, number>): Promise<void>;
}
