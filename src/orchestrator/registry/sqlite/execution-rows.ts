// The queries over executions and the events that belong to them.
import { sql } from 'kysely';
import type { AgentEvent } from '#protocol';
import type { EventRecord, ExecutionRecord, OutputRecord, SessionChange } from '../records.ts';
import type { HistorySize, Listing, Page } from '../session-registry.ts';
import type { Database } from './database.ts';
import { decodeExecution, encodeRow } from './rows.ts';

/** Literals, not parameters: only so does SQLite see that the index of open executions fits. */
const isOpen = sql<boolean>`status in ('queued', 'running')`;
const isEnded = sql<boolean>`status not in ('queued', 'running')`;

export class ExecutionRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(record: ExecutionRecord): void {
    this.#database.insert('execution', encodeRow(record));
  }

  /** False when there is no such execution. */
  update({ executionId, ...changes }: NonNullable<SessionChange['executions']>[number]): boolean {
    return this.#database.updateById('execution', executionId, encodeRow(changes)) === 1;
  }

  insertEvent(sessionId: string, event: EventRecord): void {
    this.#database.insert('event', {
      sessionId,
      seq: event.seq,
      executionId: event.executionId,
      at: event.at,
      type: event.type,
      message: event.message,
    });
  }

  find(sessionId: string, executionId: string): ExecutionRecord | null {
    const row = this.#database.first(
      this.#of(sessionId).selectAll().where('executionId', '=', executionId),
    );
    return row && decodeExecution(row);
  }

  list(sessionId: string, page: Page): Listing<ExecutionRecord> {
    const rows = this.#database.all(
      this.#of(sessionId)
        .selectAll()
        .orderBy('position', 'desc')
        .limit(page.limit)
        .offset(page.offset),
    );
    const counted = this.#database.first(
      this.#of(sessionId).select((execution) => execution.fn.countAll<number>().as('total')),
    );
    return { items: rows.map(decodeExecution), total: counted?.total ?? 0 };
  }

  open(sessionId: string): ExecutionRecord[] {
    return this.#database
      .all(this.#of(sessionId).selectAll().where(isOpen).orderBy('position'))
      .map(decodeExecution);
  }

  output(executionId: string): OutputRecord[] {
    const events = this.#database.all(
      this.#database.query
        .selectFrom('event')
        .select(['message', 'at'])
        .where('executionId', '=', executionId)
        .where('type', '=', 'output')
        .orderBy('seq'),
    );
    return events.map(({ message, at }) => {
      const { channel, content }: OutputMessage = JSON.parse(message);
      return { channel, content, at };
    });
  }

  eventsSince(sessionId: string, since: number, limit: number): EventRecord[] {
    return this.#database.all(
      this.#database.query
        .selectFrom('event')
        .select(['seq', 'executionId', 'at', 'type', 'message'])
        .where('sessionId', '=', sessionId)
        .where('seq', '>', since)
        .orderBy('seq')
        .limit(limit),
    );
  }

  /** Position of the execution that `newer` others follow; null when there are not so many. */
  positionBefore(sessionId: string, newer: number): number | null {
    const row = this.#database.first(
      this.#of(sessionId).select('position').orderBy('position', 'desc').limit(1).offset(newer),
    );
    return row?.position ?? null;
  }

  size(sessionId: string): HistorySize {
    const row = this.#database.first(
      this.#of(sessionId).select((execution) => [
        execution.fn.countAll<number>().as('executions'),
        execution.fn.coalesce(execution.fn.sum<number>('storedBytes'), sql<number>`0`).as('bytes'),
      ]),
    );
    return row ?? { executions: 0, bytes: 0 };
  }

  /** Position of the newest execution, beside the newest of all, that no longer fits when all newer ones are kept; null when all fit. */
  positionOverBytes(sessionId: string, bytes: number): number | null {
    const summed = this.#of(sessionId).select([
      'position',
      sql<number>`sum(storedBytes) over (order by position desc)`.as('total'),
      sql<number>`row_number() over (order by position desc)`.as('place'),
    ]);
    const row = this.#database.first(
      this.#database.query
        .selectFrom(summed.as('summed'))
        .select('position')
        .where('total', '>', bytes)
        .where('place', '>', 1)
        .orderBy('position', 'desc')
        .limit(1),
    );
    return row?.position ?? null;
  }

  /**
   * Removes the oldest ended executions up to a position with their events, `limit` at most, and remembers in the
   * session how far its events are gone. Gives how many executions went.
   */
  removeEnded(sessionId: string, upToPosition: number, limit: number): number {
    const removed = this.#of(sessionId)
      .select('executionId')
      .where('position', '<=', upToPosition)
      .where(isEnded)
      .orderBy('position')
      .limit(limit);
    const { query } = this.#database;
    const newest = this.#database.first(
      query
        .selectFrom('event')
        .select((event) => event.fn.max('seq').as('seq'))
        .where('executionId', 'in', removed),
    );
    const count = this.#database.run(
      query.deleteFrom('execution').where('executionId', 'in', removed),
    );
    if (newest === null || newest.seq === null) return count;
    const { seq } = newest;
    this.#database.run(
      query
        .updateTable('session')
        .set((session) => ({ seqPruned: session.fn('max', ['seqPruned', session.val(seq)]) }))
        .where('sessionId', '=', sessionId),
    );
    // Events of no execution, such as changes of state, go with those around them.
    this.#database.run(
      query
        .deleteFrom('event')
        .where('sessionId', '=', sessionId)
        .where('seq', '<=', seq)
        .where('executionId', 'is', null),
    );
    return count;
  }

  /** Removes events whatever they belong to, `limit` at most; gives how many. */
  removeEvents(sessionId: string, limit: number): number {
    const { query } = this.#database;
    const first = query
      .selectFrom('event')
      .select('seq')
      .where('sessionId', '=', sessionId)
      .orderBy('seq')
      .limit(limit);
    return this.#database.run(
      query.deleteFrom('event').where('sessionId', '=', sessionId).where('seq', 'in', first),
    );
  }

  #of(sessionId: string) {
    return this.#database.query.selectFrom('execution').where('sessionId', '=', sessionId);
  }
}

type OutputMessage = Pick<Extract<AgentEvent, { type: 'output' }>, 'channel' | 'content'>;
