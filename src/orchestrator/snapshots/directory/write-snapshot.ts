// The way of a put: the content is cut into parts, new parts go into a pack, then the index is written. The rename of the
// index makes the snapshot: before it, nothing refers to what was written.
import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { AppError } from '../../foundation/errors.ts';
import type { PutOptions, StoredSnapshot } from '../snapshot-store.ts';
import { Buffers } from './buffers.ts';
import { ContentFailure, pullContent } from './content.ts';
import { ContentParts, partBytesMax } from './content-parts.ts';
import { remove, syncDirectory, writeSynced } from './durable-files.ts';
import { assertFreeSpace } from './free-space.ts';
import { PackWriter } from './pack-writer.ts';
import { PartWriter } from './part-writer.ts';
import { encodeIndex } from './snapshot-index.ts';
import { storageError, throwIfAborted } from './storage-error.ts';
import type { TenantHome } from './tenant-home.ts';

/** Throws as `TenantSnapshots.put` does. Stops when fewer than `reserveBytes` of the disk are left. */
export async function writeSnapshot(
  home: TenantHome,
  snapshotId: string,
  content: AsyncIterable<Uint8Array>,
  options: PutOptions & { readonly reserveBytes: number },
): Promise<StoredSnapshot> {
  using use = home.uses.begin();
  const pack = new PackWriter(home.packPath, options.reserveBytes);
  use.add(pack.id);
  const buffers = new Buffers(partBytesMax);
  const writer = new PartWriter({ home, pack, use, buffers });
  try {
    await assertFreeSpace(home.packs, options.reserveBytes);
    const { sizeBytes, checksum } = await writeContent(writer, buffers, content, options);
    const parts = await writer.end();
    throwIfAborted(options.signal);
    const index = encodeIndex({ tenant: home.tenant, snapshotId, sizeBytes, checksum, parts });
    await commit(home, snapshotId, { pack, index });
    if (home.known.has(home.tenant)) home.known.add(home.tenant, parts);
    return { sizeBytes, checksum, storedBytes: pack.sizeBytes + Buffer.byteLength(index) };
  } catch (error) {
    await writer.settle();
    await undo(home, snapshotId, pack);
    throw error instanceof ContentFailure ? error.cause : storageError(error);
  }
}

async function writeContent(
  writer: PartWriter,
  buffers: Buffers,
  content: AsyncIterable<Uint8Array>,
  { sizeBytesMax, signal }: PutOptions,
): Promise<{ sizeBytes: number; checksum: string }> {
  const checksum = createHash('sha256');
  const cutter = new ContentParts(buffers);
  let sizeBytes = 0;
  for await (const bytes of pullContent(content, signal)) {
    sizeBytes += bytes.length;
    if (sizeBytes > sizeBytesMax) throw new AppError('snapshot_too_large');
    checksum.update(bytes);
    for (const part of cutter.add(bytes)) await writer.add(part);
  }
  for (const part of cutter.end()) await writer.add(part);
  return { sizeBytes, checksum: checksum.digest('hex') };
}

type Written = { readonly pack: PackWriter; readonly index: string };

async function commit(home: TenantHome, snapshotId: string, written: Written): Promise<void> {
  const temporary = home.temporaryPath(snapshotId);
  // Side by side, since each waits for the disk. All must have ended before anything is undone.
  const steps = await Promise.allSettled([
    finishPack(home, written.pack),
    writeSynced(temporary, written.index),
  ]);
  for (const step of steps) if (step.status === 'rejected') throw step.reason;
  await rename(temporary, home.indexPath(snapshotId));
  await syncDirectory(home.snapshots);
}

async function finishPack(home: TenantHome, pack: PackWriter): Promise<void> {
  await pack.finish();
  if (pack.sizeBytes > 0) await syncDirectory(home.packs);
}

/** As far as the disk lets us; what stays is for `collect`. The index goes first: without it, the rest is garbage. */
async function undo(home: TenantHome, snapshotId: string, pack: PackWriter): Promise<void> {
  try {
    await remove(home.temporaryPath(snapshotId));
    if ((await remove(home.indexPath(snapshotId))) > 0) await syncDirectory(home.snapshots);
    await pack.discard();
  } catch {
    // What went wrong first is what the caller shall hear.
    await pack.close();
  }
}
