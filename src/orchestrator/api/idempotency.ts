// Repeated requests: the first one with an Idempotency-Key acts, its reply is stored, and each repetition gets that.
// A reply is sent only after it is on the disk. What may have taken effect is never done a second time.
import { createHash } from 'node:crypto';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { IdempotentReply } from '../registry/session-registry.ts';
import type { IdempotencyStore } from './options.ts';

/** Tells that the request has taken effect, and what a repetition is told should the rest of it fail. */
export type TookEffect = (fallback: IdempotentReply) => void;

export type IdempotentRequest = {
  readonly tenant: string;
  /** Method and address, the session by its id. */
  readonly route: string;
  readonly key: string | undefined;
  /** All that makes the request what it is. */
  readonly content: unknown;
};

export class Idempotency {
  readonly #store: IdempotencyStore;
  readonly #clock: Clock;

  constructor(store: IdempotencyStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Acts, or gives the reply of the first request with this key. Throws `idempotency_conflict`, `idempotency_in_progress` or
   * `outcome_unknown`, and whatever `act` throws. It goes on to the end even when nobody waits for it any more.
   */
  async run(
    { tenant, route, key, content }: IdempotentRequest,
    act: (tookEffect: TookEffect) => Promise<IdempotentReply>,
  ): Promise<{ reply: IdempotentReply; replayed: boolean }> {
    if (key === undefined) return { reply: await act(() => {}), replayed: false };
    const scope = `${tenant} ${route}`;
    const hash = createHash('sha256').update(JSON.stringify(content)).digest('base64url');
    const claim = await this.#store.claimIdempotencyKey(scope, key, hash, this.#clock.now());
    switch (claim.outcome) {
      case 'replied':
        return { reply: claim.reply, replayed: true };
      case 'conflict':
        throw new AppError('idempotency_conflict');
      case 'inProgress':
        throw new AppError('idempotency_in_progress');
      case 'unknown':
        throw new AppError('outcome_unknown');
      case 'claimed':
        return { reply: await this.#first(scope, key, act), replayed: false };
    }
  }

  async #first(
    scope: string,
    key: string,
    act: (tookEffect: TookEffect) => Promise<IdempotentReply>,
  ): Promise<IdempotentReply> {
    let fallback: IdempotentReply | null = null;
    let reply: IdempotentReply;
    try {
      reply = await act((told) => {
        fallback = told;
      });
    } catch (error) {
      if (fallback === null) await this.#store.releaseIdempotencyKey(scope, key);
      else await this.#keep(scope, key, fallback);
      throw error;
    }
    await this.#keep(scope, key, reply);
    return reply;
  }

  async #keep(scope: string, key: string, reply: IdempotentReply): Promise<void> {
    await this.#store.storeIdempotentReply(scope, key, reply);
    await this.#store.durable();
  }
}
