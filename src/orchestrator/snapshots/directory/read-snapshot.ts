// The way of an open: the index, then part after part out of the packs, a few ahead of the reader.
import { createHash } from 'node:crypto';
import { abortable } from '../../foundation/abortable.ts';
import { AppError } from '../../foundation/errors.ts';
import { PackReader } from './pack-reader.ts';
import type { PackUse } from './pack-uses.ts';
import { decodePart } from './part-codec.ts';
import type { IndexedPart, Snapshot } from './snapshot-index.ts';
import { storageError } from './storage-error.ts';
import type { TenantHome } from './tenant-home.ts';

/** Parts that are read and decompressed ahead of the reader. */
const partsAheadMax = 6;

/** Throws as `TenantSnapshots.open` does. */
export async function* readSnapshot(
  home: TenantHome,
  snapshotId: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  using use = home.uses.begin();
  try {
    const snapshot = await abortable(readIndex(home, snapshotId, use), signal);
    yield* readContent(home, snapshot, signal);
  } catch (error) {
    throw storageError(error);
  }
}

/** The index; its packs are in use before anybody can take them away. */
function readIndex(home: TenantHome, snapshotId: string, use: PackUse): Promise<Snapshot> {
  return home.uses.arrive(async () => {
    const snapshot = await home.readIndex(snapshotId);
    for (const { place } of snapshot.parts) use.add(place.pack);
    return snapshot;
  });
}

async function* readContent(
  home: TenantHome,
  { parts, sizeBytes, checksum }: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  await using reader = new PackReader(home.packPath);
  const checksumRead = createHash('sha256');
  let sizeBytesRead = 0;
  const ahead: Promise<Buffer>[] = [];
  try {
    for (let index = 0; index < parts.length || ahead.length > 0; ) {
      for (; index < parts.length && ahead.length < partsAheadMax; index++)
        ahead.push(startReading(home, reader, parts[index]!));
      const bytes = await abortable(ahead[0]!, signal);
      ahead.shift();
      checksumRead.update(bytes);
      sizeBytesRead += bytes.length;
      yield bytes;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
  if (sizeBytesRead !== sizeBytes || checksumRead.digest('hex') !== checksum)
    throw new AppError('snapshot_damaged');
}

/** The part, verified. A failure is kept until somebody waits for it. */
function startReading(home: TenantHome, reader: PackReader, part: IndexedPart): Promise<Buffer> {
  const reading = readPart(home, reader, part);
  reading.catch(() => {});
  return reading;
}

async function readPart(home: TenantHome, reader: PackReader, part: IndexedPart): Promise<Buffer> {
  const stored = await reader.read(part.place);
  const bytes = stored && (await decodePart(stored, part));
  if (bytes !== null) return bytes;
  // Later snapshots must not be built on it.
  home.known.forgetPacks(home.tenant, new Set([part.place.pack]));
  throw new AppError('snapshot_damaged');
}
