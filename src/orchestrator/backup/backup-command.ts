// `cellar backup DIR`: a copy of everything that the service keeps, as it was at one moment, while it runs or not.
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Clock } from '../foundation/clock.ts';
import { StartError } from '../foundation/start-error.ts';
import { lockFile } from '../registry/sqlite/directory-lock.ts';
import { RegistryReader } from '../registry/sqlite/registry-reader.ts';
import { StagedSnapshots } from '../snapshots/directory/staged-snapshots.ts';
import { readThrough, syncDirectory } from './copy-file.ts';
import {
  type BackupFile,
  encodeManifest,
  type Manifest,
  manifestName,
  registryName,
  snapshotsName,
} from './manifest.ts';
import { takeSnapshotFiles } from './take-snapshot-files.ts';

export const backupUsage = 'cellar backup DIRECTORY';

export type BackupSettings = Pick<Config, 'dataDir' | 'snapshotStore' | 's3Bucket' | 's3Prefix'>;

export type BackupOptions = {
  readonly settings: BackupSettings;
  /** Not there yet, or empty. */
  readonly directory: string;
  /** Of the service. */
  readonly version: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly signal: AbortSignal;
};

/** Gives what was done, in words. Throws StartError, and leaves nothing behind then. */
export async function makeBackup(options: BackupOptions): Promise<string> {
  const { settings, directory, signal } = options;
  await assertEmpty(directory);
  using registry = RegistryReader.in(settings.dataDir);
  using held = new DisposableStack();
  held.use(lockBackups(settings.dataDir));
  await using undo = new AsyncDisposableStack();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  undo.defer(() => removeContent(directory));
  const copy = join(directory, registryName);
  const { files, damaged } =
    settings.snapshotStore === 'directory' && existsSync(storeOf(settings))
      ? await copyAll(options, registry)
      : await copyAlone(registry, copy);
  using copied = new RegistryReader(copy);
  copied.assertWhole();
  const counts = { sessions: copied.count('session'), snapshots: copied.count('snapshot') };
  const registryFile = { name: registryName, ...(await readThrough(copy, null, signal)) };
  const manifest: Manifest = {
    madeAt: options.clock.now(),
    version: options.version,
    store: placeOf(settings),
    damaged: [...damaged],
    files: [registryFile, ...files],
  };
  await writeManifest(directory, manifest);
  undo.move();
  return summaryOf(directory, manifest, counts);
}

function summaryOf(
  directory: string,
  { store, files, damaged }: Manifest,
  { sessions, snapshots }: { readonly sessions: number; readonly snapshots: number },
): string {
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const lines = [
    `${directory} holds ${sessions} sessions and ${snapshots} snapshots: ${files.length} files, ${sizeBytes} bytes.`,
  ];
  if (store.kind === 's3')
    lines.push(
      `The snapshots’ content stays in the bucket ${store.bucket}, which needs a backup of its own.`,
    );
  if (damaged.length > 0) lines.push(`These snapshots were damaged before: ${damaged.join(', ')}.`);
  return lines.join('\n');
}

async function copyAll({ settings, directory, signal }: BackupOptions, registry: RegistryReader) {
  using staged = new StagedSnapshots(storeOf(settings));
  const { stored, damaged } = takeSnapshotFiles(registry, staged);
  await registry.copyTo(join(directory, registryName));
  registry.release();
  const files = new Map<string, BackupFile>();
  for (const { tenant, storedId } of stored)
    for (const { path, name } of staged.filesOf(tenant, storedId)) {
      if (files.has(name)) continue;
      const target = join(snapshotsName, name);
      const copied = await readThrough(path, join(directory, target), signal);
      files.set(name, { name: target, ...copied });
    }
  return { files: [...files.values()], damaged };
}

/** Where there are no snapshots, or they are elsewhere. */
async function copyAlone(registry: RegistryReader, path: string) {
  registry.hold();
  await registry.copyTo(path);
  registry.release();
  return { files: [], damaged: [] };
}

function storeOf({ dataDir }: BackupSettings): string {
  return join(dataDir, snapshotsName);
}

function placeOf({ snapshotStore, s3Bucket, s3Prefix }: BackupSettings): Manifest['store'] {
  if (snapshotStore === 'directory') return { kind: 'directory' };
  return { kind: 's3', bucket: s3Bucket ?? '', prefix: s3Prefix };
}

/** One at a time: two would remove each other's links. */
function lockBackups(directory: string): Disposable {
  return lockFile(join(directory, 'backup-lock'), `another backup of ${directory} is being made`);
}

async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  for (const path of await directoriesOf(directory)) await syncDirectory(path);
  await using file = await open(join(directory, manifestName), 'wx', 0o600);
  await file.writeFile(encodeManifest(manifest));
  await file.sync();
  await syncDirectory(directory);
  await syncDirectory(dirname(directory));
}

async function directoriesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const below = entries.filter((entry) => entry.isDirectory());
  return below.map((entry) => join(entry.parentPath, entry.name));
}

async function assertEmpty(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new StartError(`${directory} cannot be written to`, { cause });
  });
  if (names.length > 0)
    throw new StartError(`${directory} is not empty: give each backup a directory of its own`);
}

async function removeContent(directory: string): Promise<void> {
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
}
