// Snapshots in a bucket of Amazon S3, or of anything that speaks its protocol. docs/decisions/0021-s3-store.md says why it is made like that.
// It loads a library of some megabytes: import it only where it is wanted.
import type { Clock } from '../../foundation/clock.ts';
import { PackedStore } from '../packed/packed-store.ts';
import type { SnapshotStore } from '../snapshot-store.ts';
import { Bucket, type BucketOptions } from './bucket.ts';
import { claimBucket } from './claim-bucket.ts';
import { S3Storage } from './s3-storage.ts';

export type S3StoreOptions = BucketOptions & {
  /** Keys begin with it: empty, or ending with a slash. */
  readonly prefix: string;
  /** Whose snapshots these are. One process of it at a time: the caller sees to that. */
  readonly instanceId: string;
  readonly clock: Pick<Clock, 'now'>;
  /** See `PackedStoreOptions`. */
  readonly partsKnownMax?: number;
};

const openMsMax = 60_000;

/** Throws StartError when the bucket cannot be used. */
export async function openS3Store(options: S3StoreOptions): Promise<SnapshotStore> {
  const { prefix, instanceId, clock, partsKnownMax } = options;
  const bucket = new Bucket(options);
  await claimBucket(bucket, prefix, instanceId, AbortSignal.timeout(openMsMax));
  const storage = new S3Storage(bucket, prefix, clock);
  return new PackedStore({ storage, clock, ...(partsKnownMax && { partsKnownMax }) });
}

/** Writes a small object, as a service would, and claims nothing. Throws AppError `storage_failed`. */
export async function checkBucket(
  options: Omit<S3StoreOptions, 'instanceId'>,
  signal: AbortSignal,
): Promise<void> {
  await new S3Storage(new Bucket(options), options.prefix, options.clock).check(signal);
}
