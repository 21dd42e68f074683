// Small facts of this instance, by name.
import type { Database } from './database.ts';

export class FactRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  read(name: string): string | null {
    const query = this.#database.query.selectFrom('fact').select('value').where('name', '=', name);
    return this.#database.first(query)?.value ?? null;
  }

  write(name: string, value: string): void {
    this.#database.run(
      this.#database.query
        .insertInto('fact')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value })),
    );
  }
}
