// `cellar restore DIR`: a data directory from a backup. Everything is checked before the first byte is written, and the registry comes last:
// a directory that was restored halfway is refused by the service.
import { copyFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newId } from '../foundation/id.ts';
import { StartError } from '../foundation/start-error.ts';
import { lockDirectory } from '../registry/sqlite/directory-lock.ts';
import { RegistryReader, renameInstance } from '../registry/sqlite/registry-reader.ts';
import type { BackupSettings } from './backup-command.ts';
import { checkContent } from './check-content.ts';
import { readThrough, syncDirectory } from './copy-file.ts';
import { decodeManifest, type Manifest, manifestName, registryName } from './manifest.ts';

export const restoreUsage = 'cellar restore DIRECTORY';

export type RestoreOptions = {
  readonly settings: BackupSettings;
  readonly directory: string;
  readonly signal: AbortSignal;
};

/** Gives what was done, in words. Throws StartError; the data directory is then as it was. */
export async function restoreBackup({
  settings,
  directory,
  signal,
}: RestoreOptions): Promise<string> {
  const { dataDir } = settings;
  const manifest = await readManifest(directory);
  assertStore(manifest.store, settings);
  await assertEmpty(dataDir);
  await checkFiles(directory, manifest, signal);
  const { sessions, snapshots, instanceId } = checkRegistry(directory, manifest);

  await using undo = new AsyncDisposableStack();
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  undo.defer(() => removeContent(dataDir));
  using held = new DisposableStack();
  held.use(lockDirectory(dataDir));
  const registry = join(dataDir, registryName);
  // No service takes that for a registry, or makes one in its place.
  await writeFile(registry, 'being restored', { mode: 0o600 });
  const directories = new Set([dataDir]);
  for (const { name } of manifest.files.filter(({ name }) => name !== registryName)) {
    await readThrough(join(directory, name), join(dataDir, name), signal);
    for (let path = dirname(name); path !== '.'; path = dirname(path))
      directories.add(join(dataDir, path));
  }
  for (const path of directories) await syncDirectory(path);
  const next = await restoreRegistry(directory, registry, manifest, instanceId);
  await syncDirectory(dataDir);
  undo.move();
  return [
    `${dataDir} holds ${sessions} sessions and ${snapshots} snapshots, as they were at ${new Date(manifest.madeAt).toISOString()}.`,
    ...(next === instanceId
      ? [
          'Two services must never use that bucket: start this one only when the former one has ended for good.',
        ]
      : [
          `It is an instance of its own. Containers of the former one on this machine, if there are any: docker ps -a --filter label=cellar.instance=${instanceId}`,
        ]),
  ].join('\n');
}

async function readManifest(directory: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(join(directory, manifestName), 'utf8');
  } catch (cause) {
    throw new StartError(
      `${directory} is no backup, or one that was not finished: ${manifestName} cannot be read`,
      { cause },
    );
  }
  return decodeManifest(text);
}

/** The registry is of no use without the content that it names. */
function assertStore(store: Manifest['store'], settings: BackupSettings): void {
  if (store.kind === settings.snapshotStore) {
    const { s3Bucket, s3Prefix } = settings;
    if (store.kind === 'directory') return;
    if (store.bucket === s3Bucket && store.prefix === s3Prefix) return;
  }
  const wanted =
    store.kind === 'directory'
      ? 'CELLAR_SNAPSHOT_STORE=directory'
      : `CELLAR_SNAPSHOT_STORE=s3 CELLAR_S3_BUCKET=${store.bucket} CELLAR_S3_PREFIX=${store.prefix}`;
  throw new StartError(`the backup’s snapshots were elsewhere: configure ${wanted}`);
}

async function assertEmpty(dataDir: string): Promise<void> {
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new StartError(`${dataDir} cannot be read (${error.code})`, { cause: error });
  });
  if (names.length > 0)
    throw new StartError(
      `${dataDir} is not empty: a backup is restored into a new data directory (CELLAR_DATA_DIR)`,
    );
}

async function checkFiles(
  directory: string,
  { files }: Manifest,
  signal: AbortSignal,
): Promise<void> {
  for (const { name, sizeBytes, sha256 } of files) {
    const path = join(directory, name);
    const found = await readThrough(path, null, signal).catch((error: NodeJS.ErrnoException) => {
      signal.throwIfAborted();
      throw new StartError(`the backup is damaged: ${path} cannot be read (${error.code})`);
    });
    if (found.sizeBytes !== sizeBytes || found.sha256 !== sha256)
      throw new StartError(`the backup is damaged: ${path} is not what was written`);
  }
}

function checkRegistry(directory: string, manifest: Manifest) {
  using registry = new RegistryReader(join(directory, registryName));
  registry.assertWhole();
  if (manifest.store.kind === 'directory') checkContent(directory, registry, manifest);
  return {
    sessions: registry.count('session'),
    snapshots: registry.count('snapshot'),
    instanceId: registry.fact('instanceId') ?? '',
  };
}

/** Gives the id of the instance. */
async function restoreRegistry(
  directory: string,
  registry: string,
  { store }: Manifest,
  instanceId: string,
): Promise<string> {
  const temporary = `${registry}.restoring`;
  await copyFile(join(directory, registryName), temporary);
  // Containers are known by it: two services with one id would remove each other's. A bucket lets in no other id than its own.
  const next = store.kind === 'directory' ? newId('inst') : instanceId;
  renameInstance(temporary, next);
  await using file = await open(temporary, 'r+');
  await file.chmod(0o600);
  await file.sync();
  await rename(temporary, registry);
  return next;
}

async function removeContent(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    await rm(join(directory, name), { recursive: true, force: true });
}
