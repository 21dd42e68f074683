// Opens the registry's file: lock, settings, migrations. A file that cannot be used is refused here, with a message for
// the operator, and never repaired or replaced.
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { StartError } from '../../foundation/start-error.ts';
import { Database } from './database.ts';
import { NodeSqliteDialect } from './dialect.ts';
import { lockDirectory } from './directory-lock.ts';
import { Durability } from './durability.ts';
import { migrationNames, migrationProvider } from './migrations.ts';
import { isDamaged } from './registry-error.ts';

export type OpenedDatabase = {
  readonly path: string;
  readonly database: Database;
  readonly durability: Durability;
  readonly lock: Disposable;
};

/** Throws StartError that says what is wrong with which file. */
export async function openDatabase(directory: string): Promise<OpenedDatabase> {
  const path = join(directory, 'registry.db');
  await using undo = new AsyncDisposableStack();
  try {
    // SECURITY: the registry holds users' code and the tokens of sandboxes; it is for this user's eyes only.
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const lock = undo.use(lockDirectory(directory));
    await (await open(path, 'a', 0o600)).close();
    const connection = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    undo.defer(() => connection.close());
    configure(connection);
    await migrate(connection, path);
    const durability = undo.adopt(await Durability.open(`${path}-wal`), (file) => file.close());
    await syncDirectory(directory);
    undo.move();
    return { path, database: new Database(connection), durability, lock };
  } catch (error) {
    if (error instanceof StartError) throw error;
    const message = isDamaged(error)
      ? `${path} is damaged or not a registry; restore it from a copy`
      : `the registry in ${directory} cannot be opened: ${error instanceof Error ? error.message : error}`;
    throw new StartError(message, { cause: error });
  }
}

function configure(connection: DatabaseSync): void {
  connection.exec(`
    pragma journal_mode = wal;
    pragma synchronous = normal;
    pragma wal_autocheckpoint = 0;
    pragma temp_store = memory;
    pragma cache_size = -8192;
    pragma trusted_schema = off;
  `);
}

async function migrate(connection: DatabaseSync, path: string): Promise<void> {
  const database = new Kysely<unknown>({ dialect: new NodeSqliteDialect(connection) });
  const unknown = (await appliedMigrations(database)).filter(
    (name) => !migrationNames.includes(name),
  );
  if (unknown.length > 0) {
    throw new StartError(
      `${path} was written by a newer version (it has the migrations ${unknown.join(', ')})`,
    );
  }
  const migrator = new Migrator({ db: database, provider: migrationProvider });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function appliedMigrations(database: Kysely<unknown>): Promise<string[]> {
  const tables = await sql`select 1 from sqlite_master where name = 'kysely_migration'`.execute(
    database,
  );
  if (tables.rows.length === 0) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(database);
  return rows.map(({ name }) => name);
}

/** The files' names must be on the disk as well as their bytes. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
