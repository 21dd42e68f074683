// One SQLite connection. Kysely builds and types the queries; they run here at once, so that a transaction is plain
// synchronous code and no other caller can come between its statements.
import assert from 'node:assert';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type Compilable, type InsertObject, Kysely } from 'kysely';
import { NodeSqliteDialect } from './dialect.ts';
import { encodeValue } from './rows.ts';
import type { Schema } from './schema.ts';

type Table = keyof Schema & string;

/** Prepared statements that are kept; filters make more shapes than the rest of the code. */
const statementsMax = 200;

/** Runs one write with values for its parameters, in their order; gives how many rows changed. */
export type Writer = (values: readonly SQLInputValue[]) => number;

export class Database {
  /** For building queries only; running them is this class's part. */
  readonly query: Kysely<Schema>;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** By table and columns. Building such a query costs more than running it, so each shape is compiled once. */
  readonly #updates = new Map<string, StatementSync>();
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #version = 0;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
    this.query = new Kysely<Schema>({ dialect: new NodeSqliteDialect(connection) });
    this.#begin = connection.prepare('begin immediate');
    this.#commit = connection.prepare('commit');
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
    return this.#write(this.#prepare(sql), parameters as SQLInputValue[]);
  }

  insert<Name extends Table>(table: Name, row: InsertObject<Schema, Name>): void {
    this.run(this.query.insertInto(table).values(row));
  }

  /** For what is written often: compiled once, with values that stand for those to come. */
  writer(query: Compilable): Writer {
    const statement = this.#connection.prepare(query.compile().sql);
    return (values) => this.#write(statement, values);
  }

  /** Changes the fields given of the session or execution that has this id; false when there is none. */
  updateById(table: 'session' | 'execution', id: string, changes: object): boolean {
    let shape: string = table;
    const values: SQLInputValue[] = [];
    for (const [column, value] of Object.entries(changes)) {
      if (value === undefined) continue;
      shape += ` ${column}`;
      values.push(encodeValue(value));
    }
    if (values.length === 0) return true;
    let statement = this.#updates.get(shape);
    if (statement === undefined) {
      statement = this.#connection.prepare(this.#updateText(table, changes));
      this.#updates.set(shape, statement);
    }
    values.push(id);
    return this.#write(statement, values) === 1;
  }

  /** All or nothing. `work` is synchronous on purpose and must not start another transaction. */
  transaction<Result>(work: () => Result): Result {
    assert(!this.#connection.isTransaction, 'transactions do not nest');
    this.#begin.run();
    try {
      const result = work();
      this.#commit.run();
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

  #write(statement: StatementSync, values: readonly SQLInputValue[]): number {
    this.#version += 1;
    return Number(statement.run(...values).changes);
  }

  /** The values do not matter: they are parameters. */
  #updateText(table: 'session' | 'execution', changes: object): string {
    const query =
      table === 'session'
        ? this.query.updateTable('session').set(changes).where('sessionId', '=', '')
        : this.query.updateTable('execution').set(changes).where('executionId', '=', '');
    return query.compile().sql;
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
