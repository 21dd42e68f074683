// The queries over executions and the events that belong to them.
import { sql } from 'kysely';
import type { AgentEvent } from '#protocol';
import type {
  EventRecord,
  ExecutionRecord,
  OutputRecord,
  ProfileRecord,
  SessionChange,
} from '../records.ts';
import type {
  HistoryPage,
  HistoryPart,
  HistorySize,
  Listing,
  StoredProfile,
} from '../session-registry.ts';
import type { Database, Writer } from './database.ts';
import { anyExecution, decodeExecution, encodeRow, encodeValue } from './rows.ts';

const isOpen = sql<boolean>`status in ('queued', 'running')`;
const isEnded = sql<boolean>`status not in ('queued', 'running')`;

const executionColumns = Object.keys(anyExecution) as (keyof typeof anyExecution)[];

export class ExecutionRows {
  readonly #database: Database;
  readonly #insert: Writer;
  readonly #insertEvent: Writer;
  readonly #extendRange: Writer;

  constructor(database: Database) {
    this.#database = database;
    const { query } = database;
    this.#insert = database.writer(query.insertInto('execution').values(anyExecution));
    this.#insertEvent = database.writer(
      query
        .insertInto('event')
        .values({ sessionId: '', seq: 0, executionId: '', at: 0, type: '', message: '' }),
    );
    this.#extendRange = database.writer(
      query
        .updateTable('execution')
        .set({
          seqFirst: sql`min(ifnull(seqFirst, ${0}), ${0})`,
          seqLast: sql`max(ifnull(seqLast, ${0}), ${0})`,
        })
        .where('executionId', '=', '')
        .where('sessionId', '=', ''),
    );
  }

  insert(record: ExecutionRecord): void {
    this.#insert(executionColumns.map((column) => encodeValue(record[column])));
  }

  /** False when there is no such execution; then the transaction must be given up. */
  update(changes: readonly ExecutionChange[]): boolean {
    // A short execution starts and ends in one batch: that is one row to write, not two.
    const merged = new Map<string, Omit<ExecutionChange, 'executionId'>>();
    for (const { executionId, ...fields } of changes)
      merged.set(executionId, { ...merged.get(executionId), ...fields });
    for (const [executionId, fields] of merged)
      if (!this.#database.updateById('execution', executionId, fields)) return false;
    return true;
  }

  /** False when one belongs to no execution of the session; then the transaction must be given up. */
  insertEvents(sessionId: string, events: readonly EventRecord[]): boolean {
    const ranges = new Map<string, { first: number; last: number }>();
    for (const { seq, executionId, at, type, message } of events) {
      this.#insertEvent([sessionId, seq, executionId, at, type, message]);
      if (executionId === null) continue;
      const { first, last } = ranges.get(executionId) ?? { first: seq, last: seq };
      ranges.set(executionId, { first: Math.min(first, seq), last: Math.max(last, seq) });
    }
    for (const [executionId, { first, last }] of ranges)
      if (this.#extendRange([first, first, last, last, executionId, sessionId]) === 0) return false;
    return true;
  }

  find(sessionId: string, executionId: string): ExecutionRecord | null {
    const row = this.#database.first(
      this.#of(sessionId).selectAll().where('executionId', '=', executionId),
    );
    return row && decodeExecution(row);
  }

  list(
    sessionId: string,
    { limit, offset, bytesMax = Number.POSITIVE_INFINITY }: HistoryPage,
  ): Listing<ExecutionRecord> {
    const newest = this.#of(sessionId).orderBy('position', 'desc').offset(offset);
    // Their sizes first: whoever executes decides how large they are.
    const sizes = this.#database.all(newest.select('storedBytes').limit(limit));
    let fitting = 0;
    for (let bytes = 0; fitting < sizes.length; fitting++) {
      bytes += sizes[fitting]!.storedBytes;
      if (bytes > bytesMax && fitting > 0) break;
    }
    const rows = this.#database.all(newest.selectAll().limit(fitting));
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

  startedBy(sessionId: string, at: number, after: number, limit: number): HistoryPart {
    const rows = this.#database.all(
      this.#of(sessionId)
        .selectAll()
        .where(isEnded)
        .where('startedAt', '<=', at)
        .where('position', '>', after)
        .orderBy('position')
        .limit(limit),
    );
    return { items: rows.map(decodeExecution), last: rows.at(-1)?.position ?? after };
  }

  insertOutput(executionId: string, output: readonly OutputRecord[]): void {
    this.#database.insert('importedOutput', { executionId, output: JSON.stringify(output) });
  }

  output(executionId: string): OutputRecord[] {
    const imported = this.#database.first(
      this.#database.query
        .selectFrom('importedOutput')
        .select('output')
        .where('executionId', '=', executionId),
    );
    if (imported) return JSON.parse(imported.output);
    const events = this.#database.all(
      this.#outputEvents(executionId).select(['event.message', 'event.at']),
    );
    return events.map(({ message, at }) => {
      const { channel, content }: OutputMessage = JSON.parse(message);
      return { channel, content, at };
    });
  }

  insertProfile(record: ProfileRecord): void {
    this.#database.insert('profile', encodeRow(record));
  }

  profile(executionId: string): StoredProfile | null {
    const row = this.#database.first(
      this.#database.query.selectFrom('profile').selectAll().where('executionId', '=', executionId),
    );
    if (row === null) return null;
    const first = this.#database.first(this.#outputEvents(executionId).select('event.at').limit(1));
    return { ...row, profile: JSON.parse(row.profile), firstOutputAt: first?.at ?? null };
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
      .where('position', '<=', upToPosition)
      .where(isEnded)
      .orderBy('position')
      .limit(limit);
    const { query } = this.#database;
    const newest = this.#database.first(
      query
        .selectFrom(removed.select('seqLast').as('removed'))
        .select((execution) => execution.fn.max('seqLast').as('seq')),
    );
    if (newest !== null && newest.seq !== null) {
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
          .where((event) =>
            event.or([
              event('executionId', 'is', null),
              event('executionId', 'in', removed.select('executionId')),
            ]),
          ),
      );
    }
    return this.#database.run(
      query.deleteFrom('execution').where('executionId', 'in', removed.select('executionId')),
    );
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

  /** In order. */
  #outputEvents(executionId: string) {
    return this.#database.query
      .selectFrom('execution')
      .innerJoin('event', (join) =>
        join
          .onRef('event.sessionId', '=', 'execution.sessionId')
          .onRef('event.executionId', '=', 'execution.executionId')
          .onRef('event.seq', '>=', 'execution.seqFirst')
          .onRef('event.seq', '<=', 'execution.seqLast'),
      )
      .where('execution.executionId', '=', executionId)
      .where('event.type', '=', 'output')
      .orderBy('event.seq');
  }

  #of(sessionId: string) {
    return this.#database.query.selectFrom('execution').where('sessionId', '=', sessionId);
  }
}

type ExecutionChange = NonNullable<SessionChange['executions']>[number];
type OutputMessage = Pick<Extract<AgentEvent, { type: 'output' }>, 'channel' | 'content'>;
