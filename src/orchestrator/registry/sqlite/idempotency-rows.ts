// Idempotency keys: a request that is sent again gets the first one's answer instead of a second effect.
import type { RequestEffect } from '../records.ts';
import type { IdempotencyClaim, IdempotentReply } from '../session-registry.ts';
import type { Database, Writer } from './database.ts';

export class IdempotencyRows {
  readonly #database: Database;
  /** This process: a claim of another one that was never answered will never be. */
  readonly #runId: string;
  readonly #retentionMs: number;
  readonly #setMade: Writer;

  constructor(database: Database, options: { runId: string; retentionMs: number }) {
    this.#database = database;
    this.#runId = options.runId;
    this.#retentionMs = options.retentionMs;
    this.#setMade = database.writer(
      database.query
        .updateTable('idempotency')
        .set({ made: '' })
        .where('scope', '=', '')
        .where('key', '=', ''),
    );
  }

  claim(scope: string, key: string, requestHash: string, now: number): IdempotencyClaim {
    this.#removeExpired(now);
    const found = this.#database.first(
      this.#database.query
        .selectFrom('idempotency')
        .select(['requestHash', 'runId', 'made', 'reply'])
        .where('scope', '=', scope)
        .where('key', '=', key),
    );
    if (found === null) {
      const own = { requestHash, claimedAt: now, runId: this.#runId, made: null, reply: null };
      this.#database.insert('idempotency', { scope, key, ...own });
      return { outcome: 'claimed' };
    }
    if (found.requestHash !== requestHash) return { outcome: 'conflict' };
    if (found.reply !== null) return { outcome: 'replied', reply: JSON.parse(found.reply) };
    if (found.runId === this.#runId) return { outcome: 'inProgress' };
    if (found.made !== null) return { outcome: 'cutOff', made: found.made };
    this.#database.run(
      this.#database.query
        .updateTable('idempotency')
        .set({ claimedAt: now, runId: this.#runId })
        .where('scope', '=', scope)
        .where('key', '=', key),
    );
    return { outcome: 'claimed' };
  }

  /** In the transaction that makes it: whoever dies later leaves both or none. */
  tookEffect({ scope, key, made }: RequestEffect): void {
    this.#setMade([made, scope, key]);
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

  release(scope: string, key: string, { undone }: { readonly undone: boolean }): void {
    const released = this.#database.query
      .deleteFrom('idempotency')
      .where('scope', '=', scope)
      .where('key', '=', key)
      .where('reply', 'is', null);
    if (this.#database.run(undone ? released : released.where('made', 'is', null)) > 0) return;
    this.#database.run(
      this.#database.query
        .updateTable('idempotency')
        .set({ runId: '' })
        .where('scope', '=', scope)
        .where('key', '=', key),
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
