// What snapshots take over time: a step for each hour in which that changed, brought up to date in the transaction that stores or removes
// one. Nothing is written for what only lies there.
import { hourMs, type StorageStep, type UsageOwner } from '../usage-records.ts';
import type { Database, Writer } from './database.ts';

export class StorageRows {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #set: Writer;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    const anyStep = { tenant: '', sessionId: '', hour: 0, at: 0, byteSeconds: 0, bytes: 0 };
    this.#set = database.writer(database.query.replaceInto('usageStorage').values(anyStep));
  }

  /** `bytes` more than before are stored; fewer where it is negative. */
  changed(tenant: string, sessionId: string | null, bytes: number): void {
    this.#step({ tenant, sessionId: '' }, bytes);
    if (sessionId !== null) this.#step({ tenant, sessionId }, bytes);
  }

  #step({ tenant, sessionId }: UsageOwner, bytes: number): void {
    const query = this.#database.query
      .selectFrom('usageStorage')
      .select(['hour', 'at', 'byteSeconds', 'bytes'])
      .where('tenant', '=', tenant)
      .where('sessionId', '=', sessionId)
      .orderBy('hour', 'desc')
      .limit(1);
    const step = nextStep(this.#database.first(query), this.#now(), bytes);
    this.#set([tenant, sessionId, step.hour, step.at, step.byteSeconds, step.bytes]);
  }
}

/** A clock that was set back stands still until it is where it was. */
function nextStep(last: StorageStep | null, now: number, bytes: number): StorageStep {
  const at = Math.round(Math.max(now, last?.at ?? 0));
  const hour = Math.floor(at / hourMs) * hourMs;
  const held = last?.bytes ?? 0;
  const [from, before] = last?.hour === hour ? [last.at, last.byteSeconds] : [hour, 0];
  return {
    hour,
    at,
    byteSeconds: before + (held * (at - from)) / 1000,
    bytes: Math.max(0, held + bytes),
  };
}
