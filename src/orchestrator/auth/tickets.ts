// One-time tickets with which a browser, which cannot send a header with a WebSocket, opens a live connection. They
// live in memory only: a restart ends every connection that one could have been meant for.
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Principal } from './authenticator.ts';

const ticketMs = 30_000;
const ticketsMax = 10_000;

type Issued = {
  readonly principal: Principal;
  readonly sessionId: string;
  /** On the monotonic clock. */
  readonly endsAt: number;
};

export class Tickets {
  readonly #clock: Clock;
  /** By hash, oldest first. SECURITY: so a look-up's speed says nothing about a ticket that exists. */
  readonly #issued = new Map<string, Issued>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `expiresAt` in ms since 1970. Throws AppError `overloaded` when too many are out. */
  issue(principal: Principal, sessionId: string): { ticket: string; expiresAt: number } {
    this.#removeExpired();
    if (this.#issued.size >= ticketsMax) throw new AppError('overloaded');
    const ticket = randomBytes(32).toString('base64url');
    const endsAt = this.#clock.monotonic() + ticketMs;
    this.#issued.set(hashOf(ticket), { principal, sessionId, endsAt });
    return { ticket, expiresAt: this.#clock.now() + ticketMs };
  }

  /** Uses the ticket up; null when it was never given out, was used, or is too old. */
  redeem(ticket: string): { principal: Principal; sessionId: string } | null {
    this.#removeExpired();
    const hash = hashOf(ticket);
    const issued = this.#issued.get(hash);
    if (issued === undefined) return null;
    this.#issued.delete(hash);
    return { principal: issued.principal, sessionId: issued.sessionId };
  }

  #removeExpired(): void {
    const now = this.#clock.monotonic();
    for (const [hash, { endsAt }] of this.#issued) {
      if (endsAt > now) return;
      this.#issued.delete(hash);
    }
  }
}

function hashOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64');
}
