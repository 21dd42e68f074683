// Packs and indexes as objects of a bucket: their keys begin with the prefix and the tenant.
import { abortable } from '../../foundation/abortable.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { PackStorage } from '../packed/pack-storage.ts';
import { snapshotIdPattern } from '../snapshot-store.ts';
import type { Bucket } from './bucket.ts';
import { TenantObjects } from './tenant-objects.ts';

/** So long a check that succeeded counts: those who ask may ask every second, and each request is paid for. */
const checkMs = 10_000;

export class S3Storage implements PackStorage {
  readonly #bucket: Bucket;
  readonly #prefix: string;
  readonly #clock: Pick<Clock, 'now'>;
  #checking: Promise<void> | null = null;
  #checkedAt = Number.NEGATIVE_INFINITY;

  /** The prefix ends with a slash, or is empty. */
  constructor(bucket: Bucket, prefix: string, clock: Pick<Clock, 'now'>) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  of(tenant: string): TenantObjects {
    return new TenantObjects(this.#bucket, `${this.#prefix}${tenant}/`);
  }

  async tenants(signal: AbortSignal): Promise<string[]> {
    const names = await this.#bucket.listFolders(this.#prefix, signal);
    return names.filter((name) => snapshotIdPattern.test(name));
  }

  async check(signal: AbortSignal): Promise<void> {
    if (this.#clock.now() - this.#checkedAt < checkMs) return;
    // One request for all who ask, which none of them cuts short for the others.
    this.#checking ??= this.#tryWriting().finally(() => {
      this.#checking = null;
    });
    await abortable(this.#checking, signal);
  }

  async #tryWriting(): Promise<void> {
    const askedAt = this.#clock.now();
    const neverFires = new AbortController().signal;
    await this.#bucket.put(`${this.#prefix}check`, 'Can this be written?', neverFires);
    this.#checkedAt = askedAt;
  }
}
