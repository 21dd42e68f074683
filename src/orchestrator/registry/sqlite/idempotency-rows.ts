// Idempotency keys: a request that is sent again gets the first one's answer instead of a second effect.
import type { IdempotencyClaim, IdempotentReply } from '../session-registry.ts';
import type { Database } from './database.ts';

export class IdempotencyRows {
  readonly #database: Database;
  /** This process: a claim of another one that was never answered will never be. */
  readonly #runId: string;
  readonly #retentionMs: number;

  constructor(database: Database, options: { runId: string; retentionMs: number }) {
    this.#database = database;
    this.#runId = options.runId;
    this.#retentionMs = options.retentionMs;
  }

  claim(scope: string, key: string, requestHash: string, now: number): IdempotencyClaim {
    this.#removeExpired(now);
    const found = this.#database.first(
      this.#database.query
        .selectFrom('idempotency')
        .select(['requestHash', 'runId', 'reply'])
        .where('scope', '=', scope)
        .where('key', '=', key),
    );
    if (found === null) {
      const claim = { scope, key, requestHash, claimedAt: now, runId: this.#runId, reply: null };
      this.#database.insert('idempotency', claim);
      return { outcome: 'claimed' };
    }
    if (found.requestHash !== requestHash) return { outcome: 'conflict' };
    if (found.reply !== null) return { outcome: 'replied', reply: JSON.parse(found.reply) };
    return { outcome: found.runId === this.#runId ? 'inProgress' : 'unknown' };
  }

  store(scope: string, key: string, reply: IdempotentReply): void {
    this.#database.run(
      this.#database.query
        .updateTable('idempotency')
        .set({ reply: JSON.stringify(reply) })
        .where('scope', '=', scope)
        .where('key', '=', key),
    );
  }

  /** An answer that was stored stays. */
  release(scope: string, key: string): void {
    this.#database.run(
      this.#database.query
        .deleteFrom('idempotency')
        .where('scope', '=', scope)
        .where('key', '=', key)
        .where('reply', 'is', null),
    );
  }

  #removeExpired(now: number): void {
    this.#database.run(
      this.#database.query
        .deleteFrom('idempotency')
        .where('claimedAt', '<=', now - this.#retentionMs),
    );
  }
}
