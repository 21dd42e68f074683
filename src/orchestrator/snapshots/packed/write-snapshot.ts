// The way of a put: the content is cut into parts, new parts go into a pack, then the index is written. The commit of the
// index makes the snapshot: before it, nothing refers to what was written.
import { createHash } from 'node:crypto';
import { AppError } from '../../foundation/errors.ts';
import type { PutOptions, StoredSnapshot } from '../snapshot-store.ts';
import { ContentFailure, pullContent } from './content.ts';
import { ContentParts } from './content-parts.ts';
import type { StagedIndex } from './pack-storage.ts';
import { PackWriter } from './pack-writer.ts';
import { PartWriter } from './part-writer.ts';
import { encodeIndex } from './snapshot-index.ts';
import type { TenantHome } from './tenant-home.ts';
import { throwIfAborted } from './throw-if-aborted.ts';

/** How long it may take to remove what a failed put has written; its own time may be over by then. */
const undoMsMax = 10_000;

/** Throws as `TenantSnapshots.put` does. */
export async function writeSnapshot(
  home: TenantHome,
  snapshotId: string,
  content: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<StoredSnapshot> {
  using use = home.uses.begin();
  using claim = home.usage.claim(options.tenantBytesMax ?? Number.POSITIVE_INFINITY);
  await using pack = new PackWriter(home.storage, home.buffers, options);
  use.add(pack.id);
  const writer = new PartWriter({ home, pack, use, signal: options.signal });
  const index = new IndexWriter(home, snapshotId, options.signal);
  try {
    const { sizeBytes, checksum } = await writeContent(home, writer, content, options, () =>
      claim.grow(pack.sizeBytes),
    );
    const parts = await writer.end();
    throwIfAborted(options.signal);
    const text = encodeIndex({ tenant: home.tenant, snapshotId, sizeBytes, checksum, parts });
    const storedBytes = pack.sizeBytes + Buffer.byteLength(text);
    claim.grow(storedBytes);
    // Side by side, since each waits for the storage. Both must have ended before anything is undone.
    const steps = await Promise.allSettled([pack.finish(), index.stage(text)]);
    for (const step of steps) if (step.status === 'rejected') throw step.reason;
    await index.commit();
    if (home.known.has(home.tenant)) home.known.add(home.tenant, parts);
    claim.keep(storedBytes);
    return { sizeBytes, checksum, storedBytes };
  } catch (error) {
    await writer.settle();
    home.changes++;
    await undo(index, pack);
    throw error instanceof ContentFailure ? error.cause : error;
  }
}

async function writeContent(
  { buffers }: TenantHome,
  writer: PartWriter,
  content: AsyncIterable<Uint8Array>,
  { sizeBytesMax, signal }: PutOptions,
  grown: () => void,
): Promise<{ sizeBytes: number; checksum: string }> {
  const checksum = createHash('sha256');
  const cutter = new ContentParts(buffers);
  let sizeBytes = 0;
  for await (const bytes of pullContent(content, signal)) {
    sizeBytes += bytes.length;
    if (sizeBytes > sizeBytesMax) throw new AppError('snapshot_too_large');
    checksum.update(bytes);
    for (const part of cutter.add(bytes)) await writer.add(part);
    grown();
  }
  for (const part of cutter.end()) await writer.add(part);
  return { sizeBytes, checksum: checksum.digest('hex') };
}

/** The index of a put, and how far it has come. */
class IndexWriter {
  readonly #home: TenantHome;
  readonly #snapshotId: string;
  readonly #signal: AbortSignal;
  #staged: StagedIndex | null = null;
  #isCommitted = false;

  constructor(home: TenantHome, snapshotId: string, signal: AbortSignal) {
    this.#home = home;
    this.#snapshotId = snapshotId;
    this.#signal = signal;
  }

  async stage(text: string): Promise<void> {
    this.#staged = await this.#home.storage.stageIndex(this.#snapshotId, text, this.#signal);
  }

  async commit(): Promise<void> {
    // Perhaps: one that fails may have taken effect all the same.
    this.#isCommitted = true;
    await this.#staged!.commit();
  }

  async undo(signal: AbortSignal): Promise<void> {
    await this.#staged?.discard();
    if (this.#isCommitted) await this.#home.storage.removeIndex(this.#snapshotId, signal);
  }
}

/** As far as the storage lets us; what stays is for `collect`. The index goes first: without it, the rest is garbage. */
async function undo(index: IndexWriter, pack: PackWriter): Promise<void> {
  const signal = AbortSignal.timeout(undoMsMax);
  try {
    await index.undo(signal);
    await pack.discard(signal);
  } catch {
    // What went wrong first is what the caller shall hear.
  }
}
