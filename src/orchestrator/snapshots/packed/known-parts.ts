// Where parts of earlier snapshots are, so that they are not stored again. It is a memory, not the truth: what is
// forgotten is only stored once more. It is bounded; the tenants that were not used longest are forgotten first.
import type { IndexedPart, Place } from './snapshot-index.ts';

export class KnownParts {
  readonly partsMax: number;
  /** Least recently used tenant first, and in it the oldest parts first. */
  readonly #tenants = new Map<string, Map<string, Place>>();
  #count = 0;

  constructor(partsMax: number) {
    this.partsMax = partsMax;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether anything was learnt of this tenant since it was forgotten. */
  has(tenant: string): boolean {
    return this.#tenants.has(tenant);
  }

  /** Where the part with this digest is, if that is known. */
  find(tenant: string, digest: string): Place | undefined {
    return this.#tenants.get(tenant)?.get(digest);
  }

  add(tenant: string, parts: readonly IndexedPart[]): void {
    const known = this.#tenants.get(tenant) ?? new Map<string, Place>();
    this.#tenants.delete(tenant);
    this.#tenants.set(tenant, known);
    for (const { digest, place } of parts) {
      if (!known.delete(digest)) this.#count++;
      known.set(digest, place);
    }
    this.#shrink();
  }

  /** As if nothing had ever been learnt of it. */
  forget(tenant: string): void {
    this.#count -= this.#tenants.get(tenant)?.size ?? 0;
    this.#tenants.delete(tenant);
  }

  /** Their parts will not be offered from now on. */
  forgetPacks(tenant: string, packs: ReadonlySet<string>): void {
    const known = this.#tenants.get(tenant);
    if (!known || packs.size === 0) return;
    for (const [digest, place] of known) {
      if (packs.has(place.pack) && known.delete(digest)) this.#count--;
    }
  }

  #shrink(): void {
    for (const [tenant, known] of this.#tenants) {
      if (this.#count <= this.partsMax) return;
      if (this.#tenants.size > 1) {
        this.#tenants.delete(tenant);
        this.#count -= known.size;
        continue;
      }
      for (const digest of known.keys()) {
        if (this.#count <= this.partsMax) return;
        known.delete(digest);
        this.#count--;
      }
    }
  }
}
