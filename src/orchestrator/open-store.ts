// Where snapshots are stored: the part of the composition that configuration decides.
import assert from 'node:assert';
import { join } from 'node:path';
import type { Config } from './config/config.ts';
import type { Clock } from './foundation/clock.ts';
import { openDirectoryStore } from './snapshots/directory/directory-store.ts';
import type { SnapshotStore } from './snapshots/snapshot-store.ts';

/** The one that the configuration names. Throws StartError when it cannot be used. */
export async function openStore(
  config: Config,
  instanceId: string,
  clock: Clock,
): Promise<SnapshotStore> {
  if (config.snapshotStore === 'directory')
    return await openDirectoryStore({
      directory: join(config.dataDir, 'snapshots'),
      clock,
      reserveBytes: config.diskReserveBytes,
    });
  // Only now: its library takes time to load, and memory.
  const { openS3Store } = await import('./snapshots/s3/s3-store.ts');
  assert(config.s3Bucket !== undefined);
  return await openS3Store({
    bucket: config.s3Bucket,
    prefix: config.s3Prefix,
    region: config.s3Region,
    endpoint: config.s3Endpoint,
    forcePathStyle: config.s3ForcePathStyle,
    requestMsMax: config.s3RequestMsMax,
    instanceId,
    clock,
  });
}
