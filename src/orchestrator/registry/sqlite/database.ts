// One SQLite connection. Kysely builds and types the queries; they run here at once, so that a transaction is plain
// synchronous code and no other caller can come between its statements.
import assert from 'node:assert';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type Compilable, type InsertObject, Kysely } from 'kysely';
import { NodeSqliteDialect } from './dialect.ts';
import type { Schema } from './schema.ts';

type Table = keyof Schema & string;

/** Prepared statements that are kept; filters make more shapes than the rest of the code. */
const statementsMax = 200;

export class Database {
  /** For building queries only; running them is this class's part. */
  readonly query: Kysely<Schema>;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Text of an insert or update by table and columns: building it costs more than running it. */
  readonly #texts = new Map<string, string>();
  #version = 0;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
    this.query = new Kysely<Schema>({ dialect: new NodeSqliteDialect(connection) });
  }

  /** Grows with every write. */
  get version(): number {
    return this.#version;
  }

  all<Item>(query: Compilable<Item>): Item[] {
    const { sql, parameters } = query.compile();
    return this.#prepare(sql).all(...(parameters as SQLInputValue[])) as Item[];
  }

  first<Item>(query: Compilable<Item>): Item | null {
    return this.all(query)[0] ?? null;
  }

  /** Gives how many rows changed. */
  run(query: Compilable): number {
    const { sql, parameters } = query.compile();
    return this.#write(sql, parameters as SQLInputValue[]);
  }

  insert<Name extends Table>(table: Name, row: InsertObject<Schema, Name>): void {
    const text = this.#text(`insert ${table}`, row, () =>
      this.query.insertInto(table).values(row).compile(),
    );
    this.#write(text, Object.values(row));
  }

  /** Changes the session or execution that has this id; gives how many rows that were. */
  updateById(table: 'session' | 'execution', id: string, changes: object): number {
    if (Object.keys(changes).length === 0) return 1;
    const text = this.#text(`update ${table}`, changes, () =>
      (table === 'session'
        ? this.query.updateTable('session').set(changes).where('sessionId', '=', id)
        : this.query.updateTable('execution').set(changes).where('executionId', '=', id)
      ).compile(),
    );
    return this.#write(text, [...Object.values(changes), id]);
  }

  /** All or nothing. `work` is synchronous on purpose and must not start another transaction. */
  transaction<Result>(work: () => Result): Result {
    assert(!this.#connection.isTransaction, 'transactions do not nest');
    this.#prepare('begin immediate').run();
    try {
      const result = work();
      this.#prepare('commit').run();
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some failures (disk full, input or output error).
      if (this.#connection.isTransaction) this.#prepare('rollback').run();
      throw error;
    }
  }

  /** Copies what the log holds into the database file as far as it can without waiting; see durability.ts. */
  checkpoint(): void {
    this.#prepare('pragma wal_checkpoint(passive)').all();
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  #write(text: string, parameters: readonly SQLInputValue[]): number {
    this.#version += 1;
    return Number(this.#prepare(text).run(...parameters).changes);
  }

  #text(kind: string, row: object, compile: () => { readonly sql: string }): string {
    const shape = `${kind} ${Object.keys(row).join()}`;
    let text = this.#texts.get(shape);
    if (text === undefined) {
      text = compile().sql;
      this.#texts.set(shape, text);
    }
    return text;
  }

  #prepare(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#connection.prepare(text);
      if (this.#statements.size >= statementsMax) {
        const [oldest] = this.#statements.keys();
        if (oldest !== undefined) this.#statements.delete(oldest);
      }
      this.#statements.set(text, statement);
    }
    return statement;
  }
}
