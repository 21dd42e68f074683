// How much of one kind clients may have open at a time: of one session, of one tenant, and in all. Whoever takes a place has it until
// the connection under it is closed, so none is ever forgotten.
import type { EventEmitter } from 'node:events';
import { AppError, type ErrorCode } from '../foundation/errors.ts';

/** Without a bound there is none. */
export type PlaceBounds = {
  readonly session?: number;
  readonly tenant: number;
  readonly all: number;
};

export type PlaceOwner = { readonly tenant: string; readonly sessionId?: string };

/** What a client that was refused is asked to wait. Places come back one by one, not after a time. */
const retryAfterSeconds = 5;

export class Places {
  readonly #what: string;
  readonly #bounds: PlaceBounds;
  readonly #taken = { session: new Map<string, number>(), tenant: new Map<string, number>() };
  #count = 0;

  /** `what` there are places for, in the plural: for the client that finds none. */
  constructor(what: string, bounds: PlaceBounds) {
    this.#what = what;
    this.#bounds = bounds;
  }

  /** Throws `rate_limited` (the session has too many), `tenant_limit`, or `overloaded` (all together). */
  take({ tenant, sessionId }: PlaceOwner, connection: EventEmitter & { destroyed: boolean }): void {
    const { session = Number.POSITIVE_INFINITY, tenant: tenantMax, all } = this.#bounds;
    const ofSession = sessionId === undefined ? 0 : (this.#taken.session.get(sessionId) ?? 0);
    const ofTenant = this.#taken.tenant.get(tenant) ?? 0;
    if (ofSession >= session) throw this.#refusal('rate_limited', 'This session has');
    if (ofTenant >= tenantMax) throw this.#refusal('tenant_limit', 'This tenant has');
    if (this.#count >= all) throw this.#refusal('overloaded', 'The service has');
    if (connection.destroyed) return;
    this.#move(tenant, sessionId, 1);
    connection.once('close', () => this.#move(tenant, sessionId, -1));
  }

  #move(tenant: string, sessionId: string | undefined, by: 1 | -1): void {
    this.#count += by;
    add(this.#taken.tenant, tenant, by);
    if (sessionId !== undefined) add(this.#taken.session, sessionId, by);
  }

  #refusal(code: ErrorCode, who: string): AppError {
    const detail = `${who} as many ${this.#what} as it may have.`;
    return new AppError(code, { detail, retryAfterSeconds });
  }
}

/** Keys without places go, so that nothing is kept of what once was. */
function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
