import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StartError } from '../../../src/orchestrator/foundation/start-error.ts';
import { NodeSqliteDialect } from '../../../src/orchestrator/registry/sqlite/dialect.ts';
import { migrationProvider } from '../../../src/orchestrator/registry/sqlite/migrations.ts';
import { encodeRow } from '../../../src/orchestrator/registry/sqlite/rows.ts';
import type { Schema } from '../../../src/orchestrator/registry/sqlite/schema.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { sessionRecord, snapshotRecord } from '../../helpers/records.ts';

describe('opening a registry', () => {
  let directory: string;
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'cellar-registry-')), 'data');
  });
  afterEach(() => rm(join(directory, '..'), { recursive: true }));

  const open = () => SqliteRegistry.open({ directory, clock: new FakeClock() });

  async function refusal(): Promise<string> {
    const error = await open().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(StartError);
    return (error as StartError).message;
  }

  it('makes the directory, for the eyes of its user only', async () => {
    await (await open()).close();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'registry.db'))).mode & 0o777).toBe(0o600);
  });

  it('refuses a directory that another process uses, until that one has died', async () => {
    const writer = join(import.meta.dirname, '../../helpers/registry-writer.ts');
    const child = spawn(process.execPath, [writer, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(await refusal()).toBe(`another process uses the data directory ${directory}`);
    child.stdout.resume();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await open()).close();
  });

  it('refuses a directory that this process uses already', async () => {
    const first = await open();
    expect(await refusal()).toContain('another process uses');
    await first.createSession(sessionRecord());
    await first.close();
  });

  it('refuses a file that is no registry, and leaves it as it is', async () => {
    await mkdir(directory);
    await writeFile(join(directory, 'registry.db'), 'important notes\n'.repeat(1000));
    expect(await refusal()).toContain('is damaged or not a registry');
    expect((await stat(join(directory, 'registry.db'))).size).toBe(16_000);
    expect(await refusal()).toContain('is damaged');
  });

  it('refuses a registry that was cut off', async () => {
    await (await open()).close();
    await truncate(join(directory, 'registry.db'), 8192);
    expect(await refusal()).toContain('is damaged');
  });

  it('refuses a registry of a newer version, by the name of what it does not know', async () => {
    await (await open()).close();
    const database = new DatabaseSync(join(directory, 'registry.db'));
    database.exec("insert into kysely_migration values ('0999-later', '2030-01-01')");
    database.close();
    expect(await refusal()).toContain('newer version (it has the migrations 0999-later)');
  });

  it('leaves a label that several versions had to the newest of them', async () => {
    await mkdir(directory);
    const connection = new DatabaseSync(join(directory, 'registry.db'));
    const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(connection) });
    await new Migrator({ db, provider: migrationProvider }).migrateTo('0004-expiry');
    for (const version of [1, 2, 3]) {
      const label = version === 2 ? 'own' : 'good';
      const snapshot = snapshotRecord({ snapshotId: `snap-${version}`, version, label });
      await db.insertInto('snapshot').values(encodeRow(snapshot)).execute();
    }
    await db.destroy();
    const later = await open();
    const { items } = await later.listSnapshots('ses-1', { limit: 5, offset: 0 });
    expect(items.map(({ label }) => label)).toEqual(['good', 'own', null]);
    await later.close();
  });

  it('refuses a path that is no directory', async () => {
    await writeFile(directory, '');
    expect(await refusal()).toContain(`the registry in ${directory} cannot be opened`);
  });
});
