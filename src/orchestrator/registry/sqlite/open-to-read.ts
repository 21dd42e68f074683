// The registry's file, opened by another process than the service that may be running on it.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export function registryPath(directory: string): string {
  return join(directory, 'registry.db');
}

/** For reading only: the file stays as it is. Throws what SQLite says. */
export function openToRead(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: 1000 });
}

/** Names of the migrations that made the file what it is, in order. Throws what SQLite says, for a file that is no registry too. */
export function migrationsIn(connection: DatabaseSync): string[] {
  const rows = connection.prepare('select name from kysely_migration order by name').all();
  return rows.map(({ name }) => String(name));
}
