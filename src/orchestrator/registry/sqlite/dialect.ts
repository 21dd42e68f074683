// Kysely over the SQLite that is built into Node. Kysely's own driver does the work; it only expects a statement to
// take its parameters as one list and to say whether it returns rows.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { SqliteAdapter, SqliteDialect } from 'kysely';

export class NodeSqliteDialect extends SqliteDialect {
  constructor(connection: DatabaseSync) {
    super({
      database: {
        close: () => connection.close(),
        prepare(text) {
          const statement = connection.prepare(text);
          const bind = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...bind(parameters)),
            run: (parameters) => statement.run(...bind(parameters)),
            iterate: (parameters) => statement.iterate(...bind(parameters)),
          };
        },
      },
    });
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

/** Lets the migrator run in one transaction, which SQLite can: a crash in the middle leaves the old schema. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
