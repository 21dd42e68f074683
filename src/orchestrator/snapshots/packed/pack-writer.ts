// Collects the new parts of one put, one after another, into one pack: storing each of them by itself would take longer than
// everything else together. Nothing is stored when there is no part.
import { randomBytes } from 'node:crypto';
import { BoundedWork } from './bounded-work.ts';
import type { Buffers } from './buffers.ts';
import type { PackTarget, TenantStorage, WritePackOptions } from './pack-storage.ts';
import type { Place } from './snapshot-index.ts';

export class PackWriter implements AsyncDisposable {
  readonly id = randomBytes(16).toString('hex');
  readonly #target: PackTarget;
  readonly #buffers: Buffers;
  readonly #writes: BoundedWork;
  #batch: Buffer | null = null;
  #batchSizeBytes = 0;
  #batches = 0;

  /** Takes its buffers from these, and gives them back. */
  constructor(storage: TenantStorage, buffers: Buffers, options: WritePackOptions) {
    this.#target = storage.writePack(this.id, options);
    this.#buffers = buffers;
    this.#writes = new BoundedWork(this.#target.writesMax);
  }

  get sizeBytes(): number {
    return this.#batches * this.#target.batchBytes + this.#batchSizeBytes;
  }

  /** Copies the part, which is at most a batch, and says where it will be; `ready` resolves when there is room for the next one. */
  append(stored: Buffer): { readonly place: Place; readonly ready: Promise<void> } {
    const place = { pack: this.id, offset: this.sizeBytes, storedBytes: stored.length };
    const copied = this.#copy(stored);
    if (this.#batchSizeBytes < this.#target.batchBytes) return { place, ready: Promise.resolve() };
    const ready = this.#writeBatch();
    this.#copy(stored.subarray(copied));
    return { place, ready };
  }

  /** The pack is stored for good when this resolves. */
  async finish(): Promise<void> {
    await this.#writes.end();
    if (this.sizeBytes === 0) return;
    const batch = this.#batch ?? Buffer.alloc(0);
    await this.#target.finish(batch.subarray(0, this.#batchSizeBytes), this.#batches);
    if (this.#batch !== null) this.#buffers.give(this.#batch);
    this.#batch = null;
  }

  /** Removes what was written. */
  async discard(signal: AbortSignal): Promise<void> {
    await this.#writes.settle();
    await this.#target.discard(signal);
  }

  /** Leaves what was written as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writes.settle();
    await this.#target[Symbol.asyncDispose]();
  }

  /** As much as there is room for. */
  #copy(bytes: Buffer): number {
    if (bytes.length === 0) return 0;
    this.#batch ??= this.#buffers.take(this.#target.batchBytes);
    const copied = bytes.copy(this.#batch, this.#batchSizeBytes);
    this.#batchSizeBytes += copied;
    return copied;
  }

  /** Resolves when the batch is being written: the next one is collected meanwhile. */
  #writeBatch(): Promise<void> {
    const batch = this.#batch!;
    const number = this.#batches++;
    this.#batch = null;
    this.#batchSizeBytes = 0;
    const started = this.#writes.start(async () => {
      await this.#target.write(batch, number);
      this.#buffers.give(batch);
    });
    // Whoever waits for it is told; until then a failure is nobody's surprise.
    started.catch(() => {});
    return started;
  }
}
