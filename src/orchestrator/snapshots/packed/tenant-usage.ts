// How many bytes a tenant has stored, with what is being stored now. Counted from the storage once, and again when garbage was
// removed; between that it follows what puts add.
import { AppError } from '../../foundation/errors.ts';
import type { TenantStorage } from './pack-storage.ts';

/** What one put takes. Given back on disposal, unless it was kept. */
export type UsageClaim = Disposable & {
  /** The put takes so much by now. Throws `tenant_storage_full` when that is more than there may be. */
  grow(bytes: number): void;
  /** The put has succeeded with so many bytes. */
  keep(bytes: number): void;
};

export class TenantUsage {
  readonly #storage: TenantStorage;
  #storedBytes = 0;
  #isKnown = false;
  #learning: Promise<void> | null = null;
  #claimedBytes = 0;
  #claims = 0;

  constructor(storage: TenantStorage) {
    this.#storage = storage;
  }

  /** Counts anew, unless that is known. What is half written would be counted twice, so not beside puts. */
  async learn(signal: AbortSignal): Promise<void> {
    if (this.#isKnown || this.#claims > 0) return;
    this.#learning ??= this.#count(signal).finally(() => {
      this.#learning = null;
    });
    await this.#learning;
  }

  /** Less may be stored than before; until it is counted again the former number holds. */
  forget(): void {
    this.#isKnown = false;
  }

  claim(tenantBytesMax: number): UsageClaim {
    let ownBytes = 0;
    this.#claims++;
    const set = (bytes: number) => {
      this.#claimedBytes += bytes - ownBytes;
      ownBytes = bytes;
    };
    return {
      grow: (bytes) => {
        set(bytes);
        if (this.#storedBytes + this.#claimedBytes > tenantBytesMax)
          throw new AppError('tenant_storage_full');
      },
      keep: (bytes) => {
        this.#storedBytes += bytes;
      },
      [Symbol.dispose]: () => {
        set(0);
        this.#claims--;
      },
    };
  }

  async #count(signal: AbortSignal): Promise<void> {
    const files = await Promise.all([this.#storage.packs(signal), this.#storage.indexes(signal)]);
    this.#storedBytes = files.flat().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#isKnown = true;
  }
}
