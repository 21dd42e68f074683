import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '../../../src/orchestrator/registry/sqlite/open-database.ts';
import { probeRegistry } from '../../../src/orchestrator/registry/sqlite/probe-registry.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cellar-probe-'));
});
afterEach(() => rm(directory, { recursive: true }));

it('a registry that is not there is none', () => {
  expect(probeRegistry(directory)).toEqual({ kind: 'none' });
});

it('one that is in use can be looked at', async () => {
  const { database, durability, lock } = await openDatabase(directory);
  expect(probeRegistry(directory)).toEqual({ kind: 'readable', newer: [], pending: 0 });
  database.close();
  await durability.close();
  lock[Symbol.dispose]();
});

it('tells what a newer version has done to it, and what an older one has not', async () => {
  const { database, durability, lock } = await openDatabase(directory);
  database.close();
  await durability.close();
  lock[Symbol.dispose]();
  using connection = new DatabaseSync(join(directory, 'registry.db'));
  connection.exec("delete from kysely_migration where name like '0013%'");
  expect(probeRegistry(directory)).toMatchObject({ kind: 'readable', pending: 1 });
  connection.exec("insert into kysely_migration values ('9999-future', '2099-01-01')");
  expect(probeRegistry(directory)).toMatchObject({ newer: ['9999-future'] });
});

it('a file that is something else cannot be read', async () => {
  await writeFile(join(directory, 'registry.db'), 'this is no database, whatever its name is');
  expect(probeRegistry(directory)).toMatchObject({ kind: 'unreadable' });
});
