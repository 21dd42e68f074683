// Hard links to the files of stored snapshots: what has one stays, whatever the service that runs meanwhile removes. Both kinds of
// files are never written again once they are there, so a link is as good as a copy.
//
// Not a tenant's name, so the store does not see the directory. Synchronous on purpose: this is for a process of its own, and what is
// linked at once is not gone in between.
import { linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeIndex } from '../packed/snapshot-index.ts';
import { directoryMode } from './durable-files.ts';
import { isMissing } from './storage-error.ts';

export const stagingName = '.backup';

/** `gone`: not there any more, or being moved at this moment. `damaged`: its index tells nothing; it is taken along as it is. */
export type Staged = 'staged' | 'gone' | 'damaged';

export class StagedSnapshots implements Disposable {
  readonly #directory: string;
  readonly #staging: string;
  readonly #packs = new Map<string, readonly string[]>();

  /** `directory`: of the store. What a process that died has left in the staging directory goes. */
  constructor(directory: string) {
    this.#directory = directory;
    this.#staging = join(directory, stagingName);
    rmSync(this.#staging, { recursive: true, force: true });
    mkdirSync(this.#staging, { mode: directoryMode });
  }

  has(tenant: string, storedId: string): boolean {
    return this.#packs.has(`${tenant}/${storedId}`);
  }

  stage(tenant: string, storedId: string): Staged {
    const index = join(tenant, 'snapshots', `${storedId}.json`);
    try {
      this.#link(index);
      const text = readFileSync(join(this.#staging, index), 'utf8');
      const snapshot = decodeIndex(text, tenant, storedId);
      const packs = new Set(snapshot?.parts.map(({ place }) => packPath(tenant, place.pack)));
      for (const pack of packs) this.#link(pack);
      this.#packs.set(`${tenant}/${storedId}`, [...packs]);
      return snapshot === null ? 'damaged' : 'staged';
    } catch (error) {
      if (!isMissing(error)) throw error;
      rmSync(join(this.#staging, index), { force: true });
      return 'gone';
    }
  }

  /** Where the files of one that was staged can be read, and what they are called below the store's directory. */
  filesOf(tenant: string, storedId: string): { readonly path: string; readonly name: string }[] {
    const packs = this.#packs.get(`${tenant}/${storedId}`) ?? [];
    const names = [...packs, join(tenant, 'snapshots', `${storedId}.json`)];
    return names.map((name) => ({ path: join(this.#staging, name), name }));
  }

  [Symbol.dispose](): void {
    rmSync(this.#staging, { recursive: true, force: true });
  }

  #link(name: string): void {
    const target = join(this.#staging, name);
    mkdirSync(dirname(target), { recursive: true, mode: directoryMode });
    try {
      linkSync(join(this.#directory, name), target);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

export function packPath(tenant: string, pack: string): string {
  return join(tenant, 'packs', `${pack}.pack`);
}
