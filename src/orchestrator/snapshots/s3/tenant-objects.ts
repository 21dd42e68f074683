// What one tenant has in the bucket: objects below `snapshots/` are the indexes, those below `packs/` the packs.
import type {
  ByteRange,
  LeftoverOptions,
  Leftovers,
  StagedIndex,
  StoredFile,
  TenantStorage,
  WritePackOptions,
} from '../packed/pack-storage.ts';
import type { Bucket } from './bucket.ts';
import { PackUpload } from './pack-upload.ts';

const indexEnding = '.json';
const packEnding = '.pack';

export class TenantObjects implements TenantStorage {
  readonly #bucket: Bucket;
  readonly #snapshots: string;
  readonly #packs: string;
  /** Packs never change, so what was said once stays true until they are removed. */
  #packSizes = new Map<string, number>();

  /** The prefix ends with a slash, or is empty. */
  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#snapshots = `${prefix}snapshots/`;
    this.#packs = `${prefix}packs/`;
  }

  /** Nothing to prepare, and nobody says how much room there is. */
  async prepare(): Promise<void> {}

  indexes(signal: AbortSignal): Promise<StoredFile[]> {
    return this.#list(this.#snapshots, indexEnding, signal);
  }

  async hasIndex(snapshotId: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#bucket.head(this.#indexKey(snapshotId), signal)) !== null;
  }

  readIndex(snapshotId: string, signal: AbortSignal): Promise<string | null> {
    return this.#bucket.getText(this.#indexKey(snapshotId), signal);
  }

  /** All of it happens with the commit: an object is there wholly or not at all. */
  async stageIndex(snapshotId: string, text: string, signal: AbortSignal): Promise<StagedIndex> {
    return {
      commit: () => this.#bucket.put(this.#indexKey(snapshotId), text, signal),
      discard: async () => {},
    };
  }

  async removeIndex(snapshotId: string, signal: AbortSignal): Promise<void> {
    await this.#bucket.remove(this.#indexKey(snapshotId), signal);
  }

  async packs(signal: AbortSignal): Promise<StoredFile[]> {
    const packs = await this.#list(this.#packs, packEnding, signal);
    this.#packSizes = new Map(packs.map(({ id, sizeBytes }) => [id, sizeBytes]));
    return packs;
  }

  async packSize(pack: string, signal: AbortSignal): Promise<number> {
    const known = this.#packSizes.get(pack);
    if (known !== undefined) return known;
    const found = await this.#bucket.head(this.#packKey(pack), signal);
    if (found !== null) this.#packSizes.set(pack, found.sizeBytes);
    return found?.sizeBytes ?? 0;
  }

  async readPack(pack: string, range: ByteRange, signal: AbortSignal): Promise<Buffer | null> {
    const bytes = await this.#bucket.getRange(this.#packKey(pack), range, signal);
    // Missing or too short: later puts shall ask again.
    if (bytes === null) this.#packSizes.delete(pack);
    return bytes;
  }

  writePack(pack: string, options: WritePackOptions): PackUpload {
    return new PackUpload(this.#bucket, this.#packKey(pack), options);
  }

  async removePack(pack: string, signal: AbortSignal): Promise<number> {
    const sizeBytes = await this.packSize(pack, signal);
    await this.#bucket.remove(this.#packKey(pack), signal);
    this.#packSizes.delete(pack);
    return sizeBytes;
  }

  /** Uploads that nobody will complete take room, and are seen by nobody who looks at objects. */
  async removeLeftovers({ changedBefore, isInUse, signal }: LeftoverOptions): Promise<Leftovers> {
    const sum = { filesRemoved: 0, bytesFreed: 0, filesKept: 0 };
    for (const upload of await this.#bucket.listUploads(this.#packs, signal)) {
      const pack = upload.key.slice(this.#packs.length, -packEnding.length);
      if (upload.startedAt > changedBefore || isInUse(pack)) {
        sum.filesKept++;
        continue;
      }
      await this.#bucket.abortUpload(upload, signal);
      sum.filesRemoved++;
    }
    return sum;
  }

  async #list(prefix: string, ending: string, signal: AbortSignal): Promise<StoredFile[]> {
    const objects = await this.#bucket.list(prefix, signal);
    return objects
      .filter(({ key }) => key.endsWith(ending) && !key.includes('/', prefix.length))
      .map(({ key, ...object }) => ({ id: key.slice(prefix.length, -ending.length), ...object }));
  }

  #indexKey(snapshotId: string): string {
    return this.#snapshots + snapshotId + indexEnding;
  }

  #packKey(pack: string): string {
    return this.#packs + pack + packEnding;
  }
}
