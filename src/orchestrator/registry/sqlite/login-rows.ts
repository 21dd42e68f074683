// The queries over log-ins with browsers.
import type { LoginRecord, LoginRegistry } from '../login-registry.ts';
import type { Database } from './database.ts';
import { encodeRow } from './rows.ts';
import type { Runner } from './runner.ts';

export class LoginRows implements LoginRegistry {
  readonly #database: Database;
  readonly #read: Runner;
  readonly #write: Runner;

  constructor(database: Database, parts: { readonly read: Runner; readonly write: Runner }) {
    this.#database = database;
    this.#read = parts.read;
    this.#write = parts.write;
  }

  async all(): Promise<LoginRecord[]> {
    const query = this.#database.query.selectFrom('login').orderBy('position');
    return this.#read(() => this.#database.all(query.select(columns)));
  }

  async add(record: LoginRecord): Promise<void> {
    this.#write(() => this.#database.insert('login', encodeRow(record)));
  }

  async remove(loginIds: readonly string[]): Promise<void> {
    const query = this.#database.query.deleteFrom('login');
    this.#write(() => {
      for (const loginId of loginIds) this.#database.run(query.where('loginId', '=', loginId));
    });
  }

  async noteUses(uses: ReadonlyMap<string, number>): Promise<void> {
    const query = this.#database.query.updateTable('login');
    this.#write(() => {
      for (const [loginId, lastUsedAt] of uses)
        this.#database.run(query.set({ lastUsedAt }).where('loginId', '=', loginId));
    });
  }
}

const columns = [
  'loginId',
  'tokenHash',
  'subject',
  'tenant',
  'role',
  'createdAt',
  'expiresAt',
  'lastUsedAt',
] as const satisfies readonly (keyof LoginRecord)[];
