// Stores each part once: parts that this or an earlier snapshot has are referred to, new ones are compressed a few at a
// time and go into the pack of this put in their order, so that whoever reads them finds neighbours side by side.
import { BoundedWork } from './bounded-work.ts';
import type { PackUse } from './pack-uses.ts';
import type { PackWriter } from './pack-writer.ts';
import { PartEncoder, partDigest } from './part-codec.ts';
import type { IndexedPart, Place } from './snapshot-index.ts';
import type { TenantHome } from './tenant-home.ts';

/** Parts that are compressed at the same time: enough for the thread pool to have work, few enough to leave it room. */
const piecesMax = 6;

/** A part without a place is being stored. */
type Part = { readonly digest: string; readonly sizeBytes: number; place: Place | null };

export type PartWriterOptions = {
  readonly home: TenantHome;
  readonly pack: PackWriter;
  readonly use: PackUse;
  readonly signal: AbortSignal;
};

export class PartWriter {
  readonly #home: TenantHome;
  readonly #pack: PackWriter;
  readonly #use: PackUse;
  readonly #signal: AbortSignal;
  readonly #encoder = new PartEncoder();
  readonly #work = new BoundedWork(piecesMax);
  readonly #parts: Part[] = [];
  readonly #byDigest = new Map<string, Part>();
  readonly #packSizes = new Map<string, Promise<number>>();
  /** Resolves when the part before the next one is in the pack, or has failed. */
  #former: Promise<void> = Promise.resolve();

  constructor(options: PartWriterOptions) {
    this.#home = options.home;
    this.#pack = options.pack;
    this.#use = options.use;
    this.#signal = options.signal;
  }

  /** Resolves when the next part can be taken. The part's buffer is given back when it is not needed any more. */
  async add(bytes: Buffer): Promise<void> {
    const digest = partDigest(bytes);
    let part = this.#byDigest.get(digest);
    const isNew = part === undefined;
    if (part === undefined) {
      part = { digest, sizeBytes: bytes.length, place: await this.#storedPlace(digest) };
      this.#byDigest.set(digest, part);
    }
    this.#parts.push(part);
    if (isNew && part.place === null) await this.#store(part, bytes);
    else this.#home.buffers.give(bytes);
  }

  /** All parts in their order; the new ones are in the pack. */
  async end(): Promise<IndexedPart[]> {
    await this.#work.end();
    return this.#parts.map(({ digest, sizeBytes, place }) => ({
      digest,
      sizeBytes,
      place: place!,
    }));
  }

  /** Resolves when nothing is being stored any more, successfully or not. */
  async settle(): Promise<void> {
    await this.#work.settle();
  }

  async #store(part: Part, bytes: Buffer): Promise<void> {
    const former = this.#former;
    const turn = Promise.withResolvers<void>();
    this.#former = turn.promise;
    await this.#work.start(async () => {
      try {
        const stored = await this.#encoder.encode(bytes);
        await former;
        const { place, ready } = this.#pack.append(stored);
        part.place = place;
        this.#home.buffers.give(bytes);
        turn.resolve();
        await ready;
      } finally {
        turn.resolve();
      }
    });
  }

  /** Where an earlier snapshot has it; null also when that pack is missing or was cut off, so that it is stored anew. */
  async #storedPlace(digest: string): Promise<Place | null> {
    const { known, storage, tenant } = this.#home;
    const place = known.find(tenant, digest);
    if (place === undefined) return null;
    // Before anything is waited for: from now on the pack stays.
    this.#use.add(place.pack);
    let size = this.#packSizes.get(place.pack);
    if (size === undefined) {
      size = storage.packSize(place.pack, this.#signal);
      this.#packSizes.set(place.pack, size);
    }
    if ((await size) >= place.offset + place.storedBytes) return place;
    known.forgetPacks(tenant, new Set([place.pack]));
    return null;
  }
}
