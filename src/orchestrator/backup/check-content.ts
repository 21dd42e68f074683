// Whether a backup has every file that its registry's snapshots need.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../foundation/start-error.ts';
import type { RegistryReader } from '../registry/sqlite/registry-reader.ts';
import { packPath } from '../snapshots/directory/staged-snapshots.ts';
import { decodeIndex } from '../snapshots/packed/snapshot-index.ts';
import { type Manifest, snapshotsName } from './manifest.ts';

/** The files are as they were written. Throws StartError that names what is missing. */
export function checkContent(
  directory: string,
  registry: Pick<RegistryReader, 'snapshots'>,
  { files, damaged }: Manifest,
): void {
  const names = new Set(files.map(({ name }) => name));
  const assertThere = (name: string) => {
    if (!names.has(name)) throw new StartError(`the backup is not whole: it has no ${name}`);
  };
  for (const { tenant, snapshotId } of registry.snapshots()) {
    const index = join(snapshotsName, tenant, 'snapshots', `${snapshotId}.json`);
    assertThere(index);
    if (damaged.includes(snapshotId)) continue;
    const text = readFileSync(join(directory, index), 'utf8');
    const snapshot = decodeIndex(text, tenant, snapshotId);
    if (snapshot === null) throw new StartError(`the backup is not whole: ${index} is damaged`);
    const packs = new Set(snapshot.parts.map(({ place }) => place.pack));
    for (const pack of packs) assertThere(join(snapshotsName, packPath(tenant, pack)));
  }
}
