// Repeated requests: the first one with an Idempotency-Key acts, its reply is stored, and each repetition gets that. One that was cut
// off left what it made in the registry, and a repetition is answered from there. What took effect is never done a second time.
import { createHash } from 'node:crypto';
import type { Clock } from '../foundation/clock.ts';
import { AppError, type ErrorCode } from '../foundation/errors.ts';
import type { IdempotencyKey } from '../registry/records.ts';
import type { IdempotentReply } from '../registry/session-registry.ts';
import type { IdempotencyStore } from './options.ts';

export type IdempotentRequest = {
  readonly tenant: string;
  /** Method and address, the session by its id. */
  readonly route: string;
  readonly key: string | undefined;
  /** All that makes the request what it is. */
  readonly content: unknown;
};

export type Repeatable = {
  /** What it makes must be stored together with the key, where there is one. */
  act(key: IdempotencyKey | undefined): Promise<IdempotentReply>;
  /** When `act` fails, nothing is left of what it made. */
  readonly undoes?: boolean;
  /** The reply for what an earlier `act` made, by its id. Throws that it is not found when it has gone since. */
  recall(made: string): Promise<IdempotentReply>;
};

const goneCodes: readonly ErrorCode[] = [
  'session_not_found',
  'execution_not_found',
  'snapshot_not_found',
  'tenant_not_found',
  'key_not_found',
];

export class Idempotency {
  readonly #store: IdempotencyStore;
  readonly #clock: Clock;

  constructor(store: IdempotencyStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Acts, or gives the reply of the first request with this key. Throws `idempotency_conflict`, `idempotency_in_progress` or
   * `outcome_unknown`, and whatever `act` and `recall` throw. It goes on to the end even when nobody waits for it any more.
   */
  async run(
    { tenant, route, key, content }: IdempotentRequest,
    repeatable: Repeatable,
  ): Promise<{ reply: IdempotentReply; replayed: boolean }> {
    if (key === undefined) return { reply: await repeatable.act(undefined), replayed: false };
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
      case 'cutOff':
        return {
          reply: await this.#recall({ scope, key }, claim.made, repeatable),
          replayed: true,
        };
      case 'claimed':
        return { reply: await this.#first({ scope, key }, repeatable), replayed: false };
    }
  }

  async #first(key: IdempotencyKey, { act, undoes = false }: Repeatable): Promise<IdempotentReply> {
    let reply: IdempotentReply;
    try {
      reply = await act(key);
    } catch (error) {
      await this.#store.releaseIdempotencyKey(key.scope, key.key, { undone: undoes });
      throw error;
    }
    await this.#keep(key, reply);
    return reply;
  }

  async #recall(
    key: IdempotencyKey,
    made: string,
    { recall }: Repeatable,
  ): Promise<IdempotentReply> {
    let reply: IdempotentReply;
    try {
      reply = await recall(made);
    } catch (cause) {
      if (cause instanceof AppError && goneCodes.includes(cause.code))
        throw new AppError('outcome_unknown', { cause });
      throw cause;
    }
    await this.#keep(key, reply);
    return reply;
  }

  /** A reply is sent only after it is on the disk. */
  async #keep({ scope, key }: IdempotencyKey, reply: IdempotentReply): Promise<void> {
    await this.#store.storeIdempotentReply(scope, key, reply);
    await this.#store.durable();
  }
}
