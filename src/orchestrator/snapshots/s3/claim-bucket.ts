// Says in the bucket whose it is. Two instances on one place would take each other's snapshots for garbage: each knows only its own.
import { AppError } from '../../foundation/errors.ts';
import { StartError } from '../../foundation/start-error.ts';
import type { Bucket } from './bucket.ts';

/** Throws StartError when the bucket cannot be used, or another instance has it. */
export async function claimBucket(
  bucket: Bucket,
  prefix: string,
  instanceId: string,
  signal: AbortSignal,
): Promise<void> {
  const key = `${prefix}owner`;
  try {
    let owner = await bucket.getText(key, signal);
    if (owner === null) {
      const isNew = await bucket.putNew(key, instanceId, signal);
      owner = isNew ? instanceId : await bucket.getText(key, signal);
    }
    if (owner === instanceId) return;
  } catch (error) {
    throw new StartError(`The bucket ${bucket.name} cannot be used: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  throw new StartError(
    `The bucket ${bucket.name} keeps the snapshots of another instance${prefix && ` below ${prefix}`}. ` +
      `Set another CELLAR_S3_PREFIX. If that instance is gone for good, remove the object ${key}: its snapshots go with the next start.`,
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof AppError)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.code;
}
