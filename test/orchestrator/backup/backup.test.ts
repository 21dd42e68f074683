import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BackupSettings,
  makeBackup,
} from '../../../src/orchestrator/backup/backup-command.ts';
import { restoreBackup } from '../../../src/orchestrator/backup/restore-command.ts';
import { takeSnapshotFiles } from '../../../src/orchestrator/backup/take-snapshot-files.ts';
import { systemClock } from '../../../src/orchestrator/foundation/clock.ts';
import { RegistryReader } from '../../../src/orchestrator/registry/sqlite/registry-reader.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { openDirectoryStore } from '../../../src/orchestrator/snapshots/directory/directory-store.ts';
import { StagedSnapshots } from '../../../src/orchestrator/snapshots/directory/staged-snapshots.ts';
import { sessionRecord, snapshotRecord } from '../../helpers/records.ts';
import { pieces, randomContent } from '../../helpers/snapshot-content.ts';

const { signal } = new AbortController();
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cellar-backup-'));
});
afterEach(() => rm(home, { recursive: true }));

const place = (name: string) => join(home, name);

function settingsOf(name: string, changes: Partial<BackupSettings> = {}): BackupSettings {
  return { dataDir: place(name), snapshotStore: 'directory', s3Prefix: '', ...changes };
}

const backup = (changes: Partial<BackupSettings> = {}, name = 'copy') =>
  makeBackup({
    settings: settingsOf('data', changes),
    directory: place(name),
    version: '1.2.3',
    clock: systemClock,
    signal,
  });
const restore = (changes: Partial<BackupSettings> = {}, copy = 'copy', target = 'new') =>
  restoreBackup({ settings: settingsOf(target, changes), directory: place(copy), signal });

/** Opens the registry and the store of a data directory, as a service does. */
async function open(name: string) {
  const registry = await SqliteRegistry.open({ directory: place(name), clock: systemClock });
  const store = await openDirectoryStore({
    directory: join(place(name), 'snapshots'),
    clock: systemClock,
    reserveBytes: 0,
  });
  return { registry, store };
}

/** A session with two versions, of tenants whose packs are apart; and an imported snapshot with a history. */
async function fill(): Promise<void> {
  const { registry, store } = await open('data');
  await registry.writeFact('instanceId', 'inst-one');
  await registry.createSession(sessionRecord());
  const put = async (tenant: string, snapshotId: string, seed: number) =>
    await store.of(tenant).put(snapshotId, pieces(randomContent(200_000, seed)), {
      sizeBytesMax: 1e9,
      signal,
    });
  for (const version of [1, 2]) {
    const snapshotId = `snap-${version}`;
    const stored = await put('default', snapshotId, version);
    await registry.addSnapshot(snapshotRecord({ ...stored, snapshotId, version }));
  }
  const imported = await put('red', 'snap-3', 3);
  await put('red', 'snap-3-history', 4);
  await put('red', 'nobodys', 5);
  await registry.addSnapshot(
    snapshotRecord({
      ...imported,
      tenant: 'red',
      snapshotId: 'snap-3',
      sessionId: null,
      version: null,
      reason: 'imported',
    }),
  );
  await registry.apply({ sessionId: 'ses-1', session: { version: 2 } });
  await registry.close();
}

describe('a backup', () => {
  beforeEach(fill);

  it('is restored with everything that the registry knows, and nothing else', async () => {
    expect(await backup()).toContain('1 sessions and 3 snapshots');
    expect(await restore()).toContain('1 sessions and 3 snapshots, as they were at 20');
    const { registry, store } = await open('new');
    expect(await registry.findSession('default', 'ses-1')).toMatchObject({ version: 2 });
    expect(await store.of('default').list()).toEqual(['snap-1', 'snap-2']);
    expect(await store.of('red').list()).toEqual(['snap-3-history', 'snap-3']);
    for (const tenant of await store.tenants())
      for (const id of await store.of(tenant).list()) await store.of(tenant).verify(id, signal);
    await registry.close();
  });

  it('is an instance of its own when it is restored', async () => {
    await backup();
    const told = await restore();
    const { registry } = await open('new');
    expect(await registry.readFact('instanceId')).toMatch(/^inst-[0-9a-z]{26}$/);
    expect(told).toContain('label=cellar.instance=inst-one');
    await registry.close();
  });

  it('leaves nothing in the data directory but its lock', async () => {
    const before = await readdir(place('data'), { recursive: true });
    await backup();
    const after = await readdir(place('data'), { recursive: true });
    const added = after.filter((name) => !before.includes(name));
    // What SQLite has beside a file that it reads.
    expect(added.filter((name) => !/-(wal|shm)$/.test(name))).toEqual(['backup-lock']);
  });

  it('is made of what is left by one that was killed', async () => {
    const leftover = join(place('data'), 'snapshots/.backup/default/packs');
    await mkdir(leftover, { recursive: true });
    await writeFile(join(leftover, 'rest.pack'), 'of another time');
    await backup();
    expect(await readdir(join(place('data'), 'snapshots'))).toEqual(['default', 'red']);
    expect(await restore()).toContain('3 snapshots');
  });

  it('needs a directory of its own', async () => {
    await backup();
    await expect(backup()).rejects.toThrow(`${place('copy')} is not empty`);
    expect(await restore()).toContain('3 snapshots');
  });

  it('that is told to stop leaves nothing behind', async () => {
    const stopped = AbortSignal.abort(new Error('stopped'));
    const options = { settings: settingsOf('data'), version: '1', clock: systemClock };
    await expect(
      makeBackup({ ...options, directory: place('copy'), signal: stopped }),
    ).rejects.toThrow('stopped');
    expect(await readdir(place('copy'))).toEqual([]);
    expect(await readdir(join(place('data'), 'snapshots'))).toEqual(['default', 'red']);
  });

  it('takes a snapshot along that is damaged, and says so', async () => {
    const index = join(place('data'), 'snapshots/default/snapshots/snap-1.json');
    await truncate(index, 20);
    expect(await backup()).toContain('damaged before: snap-1');
    await restore();
    const { registry, store } = await open('new');
    await store.of('default').verify('snap-2', signal);
    await expect(store.of('default').verify('snap-1', signal)).rejects.toMatchObject({
      code: 'snapshot_damaged',
    });
    await registry.close();
  });

  it('of a service that keeps snapshots in a bucket says what it lacks', async () => {
    const bucket = { snapshotStore: 's3', s3Bucket: 'states', s3Prefix: 'one/' } as const;
    expect(await backup(bucket)).toContain('in the bucket states, which needs a backup of its own');
    expect(await readdir(place('copy'))).toEqual(['backup.json', 'registry.db']);
    await expect(restore()).rejects.toThrow(
      'CELLAR_SNAPSHOT_STORE=s3 CELLAR_S3_BUCKET=states CELLAR_S3_PREFIX=one/',
    );
    expect(await restore(bucket)).toContain('Two services must never use that bucket');
    const { registry } = await open('new');
    expect(await registry.readFact('instanceId')).toBe('inst-one');
    await registry.close();
  });
});

describe('a backup is refused, and nothing written,', () => {
  beforeEach(async () => {
    await fill();
    await backup();
  });

  async function refusal(): Promise<string> {
    const error = await restore().catch((failure: unknown) => failure);
    await expect(readdir(place('new'))).rejects.toMatchObject({ code: 'ENOENT' });
    return String(error);
  }

  async function packs(): Promise<string[]> {
    const directory = join(place('copy'), 'snapshots/default/packs');
    return (await readdir(directory)).map((name) => join(directory, name));
  }

  async function changeByte(path: string): Promise<void> {
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
  }

  it('when a byte of a pack has changed', async () => {
    const [path = ''] = await packs();
    await changeByte(path);
    expect(await refusal()).toContain(`the backup is damaged: ${path} is not what was written`);
  });

  it('when a byte of the registry has changed', async () => {
    await changeByte(join(place('copy'), 'registry.db'));
    expect(await refusal()).toContain('registry.db is not what was written');
  });

  it('when a file is missing', async () => {
    const [path = ''] = await packs();
    await rm(path);
    expect(await refusal()).toContain(`${path} cannot be read (ENOENT)`);
  });

  it('when its list has changed, or is not there', async () => {
    await changeByte(join(place('copy'), 'backup.json'));
    expect(await refusal()).toContain('backup.json is damaged');
    await rm(join(place('copy'), 'backup.json'));
    expect(await refusal()).toContain('is no backup, or one that was not finished');
  });

  it('when a newer version has made it', async () => {
    await rm(place('copy'), { recursive: true });
    using database = new DatabaseSync(join(place('data'), 'registry.db'));
    database.exec("insert into kysely_migration values ('9999-future', '2099-01-01')");
    await expect(backup()).rejects.toThrow('was written by a newer version (9999-future)');
  });

  it('when there is something in the data directory', async () => {
    await mkdir(place('new'));
    await writeFile(join(place('new'), 'mine'), 'precious');
    await expect(restore()).rejects.toThrow(`${place('new')} is not empty`);
    expect(await readdir(place('new'))).toEqual(['mine']);
  });
});

describe('what the service does meanwhile', () => {
  beforeEach(fill);

  /** The content of one that has no record yet. */
  async function storeUnrecorded(snapshotId: string): Promise<void> {
    const { registry, store } = await open('data');
    const content = pieces(randomContent(200_000, 9));
    await store.of('default').put(snapshotId, content, { sizeBytesMax: 1e9, signal });
    await registry.close();
  }

  it('a snapshot that goes before it is linked makes a later moment the one of the backup', async () => {
    await storeUnrecorded('snap-8');
    using service = new DatabaseSync(join(place('data'), 'registry.db'));
    const moments: string[][] = [];
    class Registry extends RegistryReader {
      override hold(): void {
        if (moments.length === 0)
          service.exec(
            "insert into snapshot select null, 'snap-8', tenant, sessionId, 8, parent, label, reason, language, createdAt, sizeBytes, storedBytes, checksum from snapshot where snapshotId = 'snap-1'",
          );
        super.hold();
        moments.push([...this.snapshots()].map(({ snapshotId }) => snapshotId));
        if (moments.length > 1) return;
        service.exec("delete from snapshot where snapshotId = 'snap-8'");
        rmSync(join(place('data'), 'snapshots/default/snapshots/snap-8.json'));
      }
    }
    using registry = new Registry(join(place('data'), 'registry.db'));
    using staged = new StagedSnapshots(join(place('data'), 'snapshots'));
    const { stored } = takeSnapshotFiles(registry, staged);
    expect(moments.map((ids) => ids.includes('snap-8'))).toEqual([true, false]);
    expect(stored.map(({ storedId }) => storedId)).toEqual([
      'snap-3',
      'snap-3-history',
      'snap-2',
      'snap-1',
    ]);
  });

  it('nothing that comes after the moment is in the copy of the registry', async () => {
    using service = new DatabaseSync(join(place('data'), 'registry.db'));
    using registry = new RegistryReader(join(place('data'), 'registry.db'));
    registry.hold();
    service.exec("delete from snapshot where snapshotId = 'snap-2'; delete from session");
    await registry.copyTo(place('copy.db'));
    using copy = new RegistryReader(place('copy.db'));
    expect(copy.count('session')).toBe(1);
    expect([...copy.snapshots()].map(({ snapshotId }) => snapshotId)).toContain('snap-2');
  });

  it('what it removes after the moment is in the backup', async () => {
    using registry = new RegistryReader(join(place('data'), 'registry.db'));
    using staged = new StagedSnapshots(join(place('data'), 'snapshots'));
    takeSnapshotFiles(registry, staged);
    await rm(join(place('data'), 'snapshots/default'), { recursive: true });
    for (const { path } of staged.filesOf('default', 'snap-1'))
      expect((await readFile(path)).length).toBeGreaterThan(0);
    expect(staged.filesOf('default', 'snap-1')).toHaveLength(2);
  });
});

describe('while a service stores and removes as fast as it can', () => {
  let keeper: ChildProcess;
  let stored = 0;

  beforeEach(async () => {
    const program = join(import.meta.dirname, '../../helpers/busy-keeper.ts');
    keeper = spawn(process.execPath, [program, place('data')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: keeper.stdout! }).on('line', (line) => {
      stored = Number(line);
    });
    await expect.poll(() => stored, { timeout: 20_000 }).toBeGreaterThan(2);
  });
  afterEach(async () => {
    keeper.kill('SIGKILL');
    await once(keeper, 'exit');
  });

  it('each backup has every state that its registry knows, none older than what was stored before', async () => {
    for (let round = 0; round < 10; round++) {
      const storedBefore = stored;
      await backup({}, `copy-${round}`);
      await restore({}, `copy-${round}`, `new-${round}`);
      const { registry, store } = await open(`new-${round}`);
      const session = await registry.findSession('default', 'ses-1');
      expect(session?.version).toBeGreaterThanOrEqual(storedBefore);
      const { items } = await registry.listSnapshots('ses-1', { limit: 100, offset: 0 });
      expect(items.map(({ version }) => version)).toContain(session?.version);
      for (const { snapshotId } of items) await store.of('default').verify(snapshotId, signal);
      await registry.close();
      // More was stored and removed meanwhile.
      await expect.poll(() => stored, { timeout: 20_000 }).toBeGreaterThan(storedBefore);
    }
  });
});
