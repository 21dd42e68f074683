// What an earlier version stored is there after an upgrade, and is found by what the later version finds it by.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SessionRecord } from '../../../src/orchestrator/registry/records.ts';
import { NodeSqliteDialect } from '../../../src/orchestrator/registry/sqlite/dialect.ts';
import { migrationProvider } from '../../../src/orchestrator/registry/sqlite/migrations.ts';
import { encodeRow } from '../../../src/orchestrator/registry/sqlite/rows.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { sessionRecord } from '../../helpers/records.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cellar-migrations-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** A registry as the version with `migration` as its last one left it. */
async function storedBy(migration: string, records: readonly SessionRecord[]): Promise<void> {
  const connection = new DatabaseSync(join(directory, 'registry.db'));
  const database = new Kysely<{ session: object }>({ dialect: new NodeSqliteDialect(connection) });
  const migrator = new Migrator({ db: database, provider: migrationProvider });
  expect((await migrator.migrateTo(migration)).error).toBeUndefined();
  for (const { complete: _later, ...record } of records)
    await database.insertInto('session').values(encodeRow(record)).execute();
  connection.close();
}

it('sessions of version 0002 keep their states, names and labels', async () => {
  const labelled = { ...sessionRecord().config, labels: { team: 'red' } };
  const awake = sessionRecord({
    name: 'awake',
    config: labelled,
    sandbox: { sandboxId: 'sbx-1', runtimeId: null, token: 't', uid: 1, runtime: 'runc' },
  });
  const asleep = sessionRecord({ sessionId: 'ses-2', name: 'asleep', state: 'hibernated' });
  const deleted = sessionRecord({ sessionId: 'ses-3', name: 'gone', state: 'deleted' });
  await storedBy('0002-snapshots', [awake, asleep, deleted]);
  const registry = await SqliteRegistry.open({ directory, clock: new FakeClock() });
  try {
    expect(await registry.findSession('default', 'awake')).toEqual(awake);
    expect(await registry.findSession('default', 'asleep')).toEqual(asleep);
    expect(await registry.findSession('default', 'gone')).toBeNull();
    expect(await registry.countSessions()).toBe(2);
    const recovered = (await registry.sessionsToRecover()).map(({ sessionId }) => sessionId);
    expect(recovered).toEqual(['ses-1', 'ses-3']);
    const page = { limit: 10, offset: 0 };
    const { items } = await registry.listSessions('default', { labels: { team: 'red' } }, page);
    expect(items).toEqual([awake]);
    await registry.createSession(sessionRecord({ sessionId: 'ses-4', name: 'gone' }));
  } finally {
    await registry.close();
  }
});

it('a request that was cut off under version 0007 stays one of which nobody knows', async () => {
  await storedBy('0007-whole-forks', []);
  const connection = new DatabaseSync(join(directory, 'registry.db'));
  connection.exec(`insert into idempotency (scope, key, requestHash, claimedAt, runId, reply) values
    ('scope', 'cut off', 'hash', 0, 'run', null), ('scope', 'answered', 'hash', 0, 'run', '{}')`);
  connection.close();
  const registry = await SqliteRegistry.open({ directory, clock: new FakeClock() });
  try {
    const claim = (key: string) => registry.claimIdempotencyKey('scope', key, 'hash', 1);
    expect(await claim('cut off')).toEqual({ outcome: 'cutOff', made: '' });
    expect((await claim('answered')).outcome).toBe('replied');
  } finally {
    await registry.close();
  }
});

it('snapshots that were stored under version 0013 are counted from the upgrade on', async () => {
  await storedBy('0013-tenant-egress', []);
  const connection = new DatabaseSync(join(directory, 'registry.db'));
  for (const [snapshotId, sessionId, storedBytes] of [
    ['snap-1', 'ses-1', 100],
    ['snap-2', 'ses-1', 50],
    ['snap-3', null, 7],
  ] as const)
    connection
      .prepare(`insert into snapshot (snapshotId, tenant, sessionId, reason, language, createdAt, sizeBytes,
        storedBytes, checksum) values (?, 'default', ?, 'requested', 'anarchy', 0, 0, ?, '')`)
      .run(snapshotId, sessionId, storedBytes);
  connection.close();
  const registry = await SqliteRegistry.open({ directory, clock: new FakeClock() });
  try {
    const span = { from: 0, to: Number.MAX_SAFE_INTEGER };
    const stored = (sessionId: string) =>
      registry.usage.storage({ tenant: 'default', sessionId }, span);
    expect(await stored('')).toMatchObject([{ byteSeconds: 0, bytes: 157 }]);
    expect(await stored('ses-1')).toMatchObject([{ byteSeconds: 0, bytes: 150 }]);
  } finally {
    await registry.close();
  }
});
