// Packs and indexes in a directory: one below it for each tenant.
import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable } from '../../foundation/abortable.ts';
import type { PackStorage } from '../packed/pack-storage.ts';
import { snapshotIdPattern } from '../snapshot-store.ts';
import { remove, writeSynced } from './durable-files.ts';
import { assertFreeSpace } from './free-space.ts';
import { stored } from './storage-error.ts';
import { TenantDirectory, temporaryEnding } from './tenant-directory.ts';

export class DirectoryStorage implements PackStorage {
  readonly #directory: string;
  readonly #reserveBytes: number;

  /** The directory is there; that many bytes of its file system stay free. */
  constructor(directory: string, reserveBytes: number) {
    this.#directory = directory;
    this.#reserveBytes = reserveBytes;
  }

  of(tenant: string): TenantDirectory {
    return new TenantDirectory(join(this.#directory, tenant), this.#reserveBytes);
  }

  async tenants(): Promise<string[]> {
    const entries = await stored(() => readdir(this.#directory, { withFileTypes: true }));
    const directories = entries.filter((entry) => entry.isDirectory());
    const names = directories.map(({ name }) => name);
    return names.filter((name) => snapshotIdPattern.test(name)).sort();
  }

  async check(signal: AbortSignal): Promise<void> {
    await abortable(
      stored(() => this.#tryWriting()),
      signal,
    );
  }

  async #tryWriting(): Promise<void> {
    await assertFreeSpace(this.#directory, this.#reserveBytes);
    const path = join(this.#directory, `check-${randomUUID()}${temporaryEnding}`);
    try {
      await writeSynced(path, 'Can this be written?');
    } finally {
      await remove(path);
    }
  }
}
