// One bucket, by the requests that are needed of it. Each has a deadline, ends when its signal fires, and is tried again a few
// times where that may help. All throw AppErrors.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { AppError } from '../../foundation/errors.ts';
import type { ByteRange } from '../packed/pack-storage.ts';
import { readBody } from './read-body.ts';
import { isMissing, isOutOfRange, nameOf, statusOf, storageError } from './storage-error.ts';

export type BucketOptions = {
  readonly bucket: string;
  /** Where it is; without it what the library's standard chain says. */
  readonly region?: string | undefined;
  /** Address of a storage that is not Amazon's; without it Amazon's for the region. */
  readonly endpoint?: string | undefined;
  /** `endpoint/bucket/key` rather than `bucket.endpoint/key`. */
  readonly forcePathStyle: boolean;
  /** How long one try of a request may take. */
  readonly requestMsMax: number;
};

export type FoundObject = {
  readonly key: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, by the storage's clock. */
  readonly changedAt: number;
};

export type FoundUpload = {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: number;
};

/** A part of an upload that is stored, by its number from 1. */
export type StoredPart = { readonly PartNumber: number; readonly ETag: string };

const triesMax = 4;
const connectMsMax = 5_000;
/** So that a burst of puts does not take all of the machine's ports and memory. */
const connectionsMax = 32;

export class Bucket {
  readonly name: string;
  readonly #client: S3Client;
  readonly #callMsMax: number;

  /** Sends nothing. Credentials are looked for at the first request, by the library's standard chain. */
  constructor(options: BucketOptions) {
    const { requestMsMax } = options;
    this.name = options.bucket;
    // Each try, and what is waited between them.
    this.#callMsMax = requestMsMax * triesMax + 30_000;
    this.#client = new S3Client({
      ...(options.region && { region: options.region }),
      ...(options.endpoint && {
        endpoint: options.endpoint,
        region: options.region ?? 'us-east-1',
      }),
      forcePathStyle: options.forcePathStyle,
      maxAttempts: triesMax,
      // Bodies are signed with their SHA-256, and whatever is read is verified. Checksums beside that are not known everywhere.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: Math.min(connectMsMax, requestMsMax),
        requestTimeout: requestMsMax,
        throwOnRequestTimeout: true,
        socketTimeout: requestMsMax,
        // Those that wait for a connection are nobody's surprise.
        socketAcquisitionWarningTimeout: 2 ** 31 - 1,
        httpAgent: { keepAlive: true, maxSockets: connectionsMax },
        httpsAgent: { keepAlive: true, maxSockets: connectionsMax },
      },
    });
  }

  async put(key: string, body: Uint8Array | string, signal: AbortSignal): Promise<void> {
    const command = new PutObjectCommand({ Bucket: this.name, Key: key, Body: body });
    await this.#call('PutObject', signal, (options) => this.#client.send(command, options));
  }

  /** Stores what nobody has stored before; false when somebody has. */
  async putNew(key: string, body: string, signal: AbortSignal): Promise<boolean> {
    const command = new PutObjectCommand({
      Bucket: this.name,
      Key: key,
      Body: body,
      IfNoneMatch: '*',
    });
    return await this.#call('PutObject', signal, async (options) => {
      try {
        await this.#client.send(command, options);
        return true;
      } catch (error) {
        if (['PreconditionFailed', 'ConditionalRequestConflict'].includes(nameOf(error)))
          return false;
        throw error;
      }
    });
  }

  /** Its text; null when there is no such object. */
  async getText(key: string, signal: AbortSignal): Promise<string | null> {
    return (await this.#get(key, undefined, signal))?.toString('utf8') ?? null;
  }

  /** Those bytes; null when there is no such object or it ends before them. */
  async getRange(key: string, range: ByteRange, signal: AbortSignal): Promise<Buffer | null> {
    const bytes = await this.#get(key, range, signal);
    return bytes?.length === range.sizeBytes ? bytes : null;
  }

  /** Null when there is no such object. */
  async head(key: string, signal: AbortSignal): Promise<{ readonly sizeBytes: number } | null> {
    const command = new HeadObjectCommand({ Bucket: this.name, Key: key });
    return await this.#call('HeadObject', signal, async (options) => {
      try {
        return { sizeBytes: (await this.#client.send(command, options)).ContentLength ?? 0 };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  /** No error when there is no such object. */
  async remove(key: string, signal: AbortSignal): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.name, Key: key });
    await this.#call('DeleteObject', signal, async (options) => {
      try {
        await this.#client.send(command, options);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    });
  }

  /** Objects whose keys begin so, sorted by key. */
  async list(prefix: string, signal: AbortSignal): Promise<FoundObject[]> {
    const found: FoundObject[] = [];
    for await (const { Contents = [] } of this.#pages({ Prefix: prefix }, signal))
      for (const { Key, Size, LastModified } of Contents)
        if (Key !== undefined)
          found.push({ key: Key, sizeBytes: Size ?? 0, changedAt: LastModified?.getTime() ?? 0 });
    return found.sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  /** What comes between the prefix and the next `/` of the keys that begin so, sorted. */
  async listFolders(prefix: string, signal: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    const query = { Prefix: prefix, Delimiter: '/' };
    for await (const { CommonPrefixes = [] } of this.#pages(query, signal))
      for (const { Prefix } of CommonPrefixes)
        if (Prefix !== undefined) found.push(Prefix.slice(prefix.length, -1));
    return found.sort();
  }

  async createUpload(key: string, signal: AbortSignal): Promise<string> {
    const command = new CreateMultipartUploadCommand({ Bucket: this.name, Key: key });
    const { UploadId } = await this.#call('CreateMultipartUpload', signal, (options) =>
      this.#client.send(command, options),
    );
    return known(UploadId, 'CreateMultipartUpload');
  }

  async uploadPart(
    upload: { readonly key: string; readonly uploadId: string },
    number: number,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<StoredPart> {
    const target = { Bucket: this.name, Key: upload.key, UploadId: upload.uploadId };
    const command = new UploadPartCommand({ ...target, PartNumber: number, Body: body });
    const { ETag } = await this.#call('UploadPart', signal, (options) =>
      this.#client.send(command, options),
    );
    return { PartNumber: number, ETag: known(ETag, 'UploadPart') };
  }

  /** The object is there when this resolves. */
  async completeUpload(
    { key, uploadId }: { readonly key: string; readonly uploadId: string },
    parts: readonly StoredPart[],
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<void> {
    const command = new CompleteMultipartUploadCommand({
      Bucket: this.name,
      Key: key,
      UploadId: uploadId,
      MultipartUpload: { Parts: [...parts] },
    });
    await this.#call('CompleteMultipartUpload', signal, async (options) => {
      try {
        await this.#client.send(command, options);
      } catch (error) {
        // A try whose answer was lost has completed it, and the next one finds no upload any more.
        if (nameOf(error) !== 'NoSuchUpload') throw error;
        if ((await this.head(key, options.abortSignal))?.sizeBytes !== sizeBytes) throw error;
      }
    });
  }

  /** No error when there is no such upload. */
  async abortUpload(
    { key, uploadId }: { readonly key: string; readonly uploadId: string },
    signal: AbortSignal,
  ): Promise<void> {
    const target = { Bucket: this.name, Key: key, UploadId: uploadId };
    await this.#call('AbortMultipartUpload', signal, async (options) => {
      try {
        await this.#client.send(new AbortMultipartUploadCommand(target), options);
      } catch (error) {
        if (nameOf(error) !== 'NoSuchUpload') throw error;
      }
    });
  }

  /** Uploads that were begun and neither completed nor aborted, of keys that begin so. */
  async listUploads(prefix: string, signal: AbortSignal): Promise<FoundUpload[]> {
    const found: FoundUpload[] = [];
    let after = {};
    for (let isLast = false; !isLast; ) {
      const command = new ListMultipartUploadsCommand({
        Bucket: this.name,
        Prefix: prefix,
        ...after,
      });
      const page = await this.#call('ListMultipartUploads', signal, (options) =>
        this.#client.send(command, options),
      );
      for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
        if (Key?.startsWith(prefix) && UploadId !== undefined)
          found.push({ key: Key, uploadId: UploadId, startedAt: Initiated?.getTime() ?? 0 });
      isLast = !page.IsTruncated;
      after = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
    return found;
  }

  async *#pages(query: { Prefix: string; Delimiter?: string }, signal: AbortSignal) {
    let token: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.name,
        ...query,
        ...(token && { ContinuationToken: token }),
      });
      const page = await this.#call('ListObjectsV2', signal, (options) =>
        this.#client.send(command, options),
      );
      yield page;
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  /** The library tries again until there is an answer; an answer that breaks off is tried again here. */
  async #get(
    key: string,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<Buffer | null> {
    const command = new GetObjectCommand({ Bucket: this.name, Key: key, ...rangeHeader(range) });
    return await this.#call('GetObject', signal, async (options) => {
      for (let triesLeft = triesMax; ; ) {
        const { Body } = await this.#client.send(command, options).catch(async (error: unknown) => {
          if (await this.#isNotThere(error, key, range, options.abortSignal)) return nothing;
          throw error;
        });
        if (Body === undefined) return null;
        try {
          return await readBody(Body, range?.sizeBytes, options.abortSignal);
        } catch (error) {
          if (--triesLeft === 0 || options.abortSignal.aborted) throw error;
        }
      }
    });
  }

  /** Whether a read has failed because there is no such object, or not so much of it. */
  async #isNotThere(
    error: unknown,
    key: string,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (isMissing(error) || isOutOfRange(error)) return true;
    if (range === undefined || statusOf(error) !== 400) return false;
    // Some storages call a range that ends too late a mistake, where others give what there is.
    const found = await this.head(key, signal);
    return found === null || found.sizeBytes < range.offset + range.sizeBytes;
  }

  async #call<Result>(
    operation: string,
    signal: AbortSignal,
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<Result>,
  ): Promise<Result> {
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(this.#callMsMax)]);
    try {
      abortSignal.throwIfAborted();
      return await send({ abortSignal });
    } catch (error) {
      throw storageError(error, operation, abortSignal);
    }
  }
}

function rangeHeader(range: ByteRange | undefined) {
  return range && { Range: `bytes=${range.offset}-${range.offset + range.sizeBytes - 1}` };
}

const nothing = { Body: undefined };

/** What an answer must say, by the protocol. */
function known(value: string | undefined, operation: string): string {
  if (value !== undefined) return value;
  throw new AppError('storage_failed', {
    cause: new Error(`${operation}: an answer without sense`),
  });
}
