// A pack being written into an object: at once when it is small, else as a multipart upload, a few batches at a time. There is no
// object before the upload is completed.
import type { PackTarget, WritePackOptions } from '../packed/pack-storage.ts';
import type { Bucket, StoredPart } from './bucket.ts';

const MiB = 1024 * 1024;
/** At least 5 MiB by the protocol, all of one size as some storages want it. */
const batchBytesMin = 8 * MiB;
/** At most 10,000 by the protocol. */
const batchesMax = 9_999;

export class PackUpload implements PackTarget {
  readonly batchBytes: number;
  readonly writesMax = 3;
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #signal: AbortSignal;
  readonly #parts: StoredPart[] = [];
  #uploadId: Promise<string> | null = null;
  #mayBeThere = false;

  constructor(bucket: Bucket, key: string, { sizeBytesMax, signal }: WritePackOptions) {
    this.#bucket = bucket;
    this.#key = key;
    this.#signal = signal;
    this.batchBytes = Math.max(batchBytesMin, MiB * Math.ceil(sizeBytesMax / batchesMax / MiB));
  }

  async write(batch: Buffer, number: number): Promise<void> {
    this.#uploadId ??= this.#bucket.createUpload(this.#key, this.#signal);
    const upload = { key: this.#key, uploadId: await this.#uploadId };
    this.#parts.push(await this.#bucket.uploadPart(upload, number + 1, batch, this.#signal));
  }

  async finish(rest: Buffer, number: number): Promise<void> {
    if (this.#uploadId === null) {
      this.#mayBeThere = true;
      await this.#bucket.put(this.#key, rest, this.#signal);
      return;
    }
    if (rest.length > 0) await this.write(rest, number);
    const upload = { key: this.#key, uploadId: await this.#uploadId };
    const parts = this.#parts.sort((left, right) => left.PartNumber - right.PartNumber);
    const sizeBytes = number * this.batchBytes + rest.length;
    this.#mayBeThere = true;
    await this.#bucket.completeUpload(upload, parts, sizeBytes, this.#signal);
  }

  async discard(signal: AbortSignal): Promise<void> {
    // One that failed has no id; should there be an upload all the same, `collect` finds it.
    const uploadId = await this.#uploadId?.catch(() => null);
    if (uploadId != null) await this.#bucket.abortUpload({ key: this.#key, uploadId }, signal);
    if (this.#mayBeThere) await this.#bucket.remove(this.#key, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Connections belong to the bucket.
  }
}
