// The rows of the registry that say who asked for what.
import type { Role } from '../foundation/roles.ts';

/** One request, or one message over a live connection. SECURITY: never its content. */
export type AuditEvent = {
  /** When it was answered, milliseconds since 1970. */
  readonly at: number;
  /** In which tenant; null when nobody knows who asked, as for the two below. */
  readonly tenant: string | null;
  readonly keyId: string | null;
  readonly role: Role | null;
  /** Where it came from. */
  readonly address: string;
  readonly requestId: string;
  /** What it was, as the OpenAPI document names it; a live message as `live.` and its type. */
  readonly action: string;
  /** Which: the path that it was sent to. */
  readonly target: string;
  /** The address of what it made. */
  readonly made: string | null;
  /** How it was answered: the HTTP status, and the code of the problem if it was one. */
  readonly status: number;
  readonly code: string | null;
};

/** An event in the chain. `hash` covers all other fields, `previous` is the hash of the record before it. */
export type AuditRecord = AuditEvent & {
  /** From 1, without a gap. */
  readonly seq: number;
  readonly previous: string;
  readonly hash: string;
};
