// Runs statements of SQL as they are, one after another.
import { type Kysely, sql } from 'kysely';

export async function run(database: Kysely<unknown>, ...statements: string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(database);
}
