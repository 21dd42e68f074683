// What the failures of an object storage mean to the layers above.
import { AppError } from '../../foundation/errors.ts';
import { abortError } from '../packed/throw-if-aborted.ts';

/**
 * What a request has failed with, in words for the log. SECURITY: not the library's own error, which may hold the access key, what was
 * signed, or whatever the other side has sent.
 */
export class ObjectRequestError extends Error {
  override readonly name = 'ObjectRequestError';
}

/** AppError `storage_full` or `storage_failed`, or what the signal says once it has fired. AppErrors pass. */
export function storageError(error: unknown, operation: string, signal: AbortSignal): AppError {
  if (error instanceof AppError) return error;
  if (signal.aborted) return abortError(signal);
  const cause = new ObjectRequestError(`${operation}: ${describe(error)}`);
  return new AppError(isFull(error) ? 'storage_full' : 'storage_failed', { cause });
}

/** No object has this key; also what a bucket that is not there says to a question without a body. */
export function isMissing(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes(nameOf(error));
}

/** The object ends before the range begins. */
export function isOutOfRange(error: unknown): boolean {
  return nameOf(error) === 'InvalidRange' || statusOf(error) === 416;
}

/** The code of the failure, as the storage has named it; an operator may look it up. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // Errors of the network have a code of their own, and no telling name.
  const name = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return /^[\w.-]{1,64}$/.test(name) ? name : 'unknown';
}

export function statusOf(error: unknown): number | undefined {
  return metadataOf(error).httpStatusCode;
}

function describe(error: unknown): string {
  const { httpStatusCode, attempts, requestId } = metadataOf(error);
  const facts = [
    nameOf(error),
    httpStatusCode && `status ${httpStatusCode}`,
    attempts && `${attempts} tries`,
    requestId && /^[\w./+=-]{1,128}$/.test(requestId) && `request ${requestId}`,
  ];
  return facts.filter(Boolean).join(', ');
}

/** Names by which storages of several makers say it; 507 is WebDAV's. */
const full = ['QuotaExceeded', 'XMinioStorageFull', 'InsufficientCapacity', 'InsufficientStorage'];

function isFull(error: unknown): boolean {
  return statusOf(error) === 507 || full.includes(nameOf(error));
}

type Metadata = { httpStatusCode?: number; attempts?: number; requestId?: string };

function metadataOf(error: unknown): Metadata {
  if (!(error instanceof Error) || !('$metadata' in error)) return {};
  return error.$metadata as Metadata;
}
