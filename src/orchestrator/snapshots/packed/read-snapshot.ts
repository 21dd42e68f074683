// The way of an open: the index, then one window of parts after another out of the packs, a few ahead of the reader.
import { createHash } from 'node:crypto';
import { abortable } from '../../foundation/abortable.ts';
import { AppError } from '../../foundation/errors.ts';
import { BoundedWork } from './bounded-work.ts';
import type { PackUse } from './pack-uses.ts';
import { decodePart } from './part-codec.ts';
import { type PackRange, rangesOf, windowsOf } from './read-plan.ts';
import type { IndexedPart, Snapshot } from './snapshot-index.ts';
import type { TenantHome } from './tenant-home.ts';
import { throwIfAborted } from './throw-if-aborted.ts';

/** Windows that are read and decompressed ahead of the reader. */
const windowsAheadMax = 3;
/** Reads of one window at the same time. */
const readsMax = 4;

/** Throws as `TenantSnapshots.open` does. */
export async function* readSnapshot(
  home: TenantHome,
  snapshotId: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  using use = home.uses.begin();
  const snapshot = await abortable(readIndex(home, snapshotId, use, signal), signal);
  yield* readContent(home, snapshot, signal);
}

/** The index; its packs are in use before anybody can take them away. */
function readIndex(
  home: TenantHome,
  snapshotId: string,
  use: PackUse,
  signal: AbortSignal,
): Promise<Snapshot> {
  return home.uses.arrive(async () => {
    const snapshot = await home.readIndex(snapshotId, signal);
    for (const { place } of snapshot.parts) use.add(place.pack);
    return snapshot;
  });
}

async function* readContent(
  home: TenantHome,
  { parts, sizeBytes, checksum }: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  // So that nothing goes on for a reader that has gone.
  const given = new AbortController();
  const either = AbortSignal.any([signal, given.signal]);
  const windows = windowsOf(parts);
  const checksumRead = createHash('sha256');
  let sizeBytesRead = 0;
  const ahead: Promise<Buffer[]>[] = [];
  const readAhead = () => {
    while (ahead.length < windowsAheadMax) {
      const { done, value } = windows.next();
      if (done) return;
      ahead.push(startReading(home, value, either));
    }
  };
  try {
    for (readAhead(); ahead.length > 0; readAhead()) {
      const window = await abortable(ahead[0]!, signal);
      ahead.shift();
      for (const bytes of window) {
        checksumRead.update(bytes);
        sizeBytesRead += bytes.length;
        yield bytes;
        throwIfAborted(signal);
      }
    }
  } finally {
    given.abort();
    await Promise.allSettled(ahead);
  }
  if (sizeBytesRead !== sizeBytes || checksumRead.digest('hex') !== checksum)
    throw new AppError('snapshot_damaged');
}

/** The parts, verified, in their order. A failure is kept until somebody waits for it. */
function startReading(home: TenantHome, window: IndexedPart[], signal: AbortSignal) {
  const reading = readWindow(home, window, signal);
  reading.catch(() => {});
  return reading;
}

async function readWindow(
  home: TenantHome,
  window: readonly IndexedPart[],
  signal: AbortSignal,
): Promise<Buffer[]> {
  const read = new Map<IndexedPart, Buffer>();
  const work = new BoundedWork(readsMax);
  try {
    for (const range of rangesOf(window))
      await work.start(async () => {
        const stored = await home.storage.readPack(range.pack, range, signal);
        await Promise.all(
          range.parts.map(
            async (part) => void read.set(part, await decode(home, range, stored, part)),
          ),
        );
      });
    await work.end();
  } finally {
    await work.settle();
  }
  return window.map((part) => read.get(part)!);
}

async function decode(
  home: TenantHome,
  range: PackRange,
  stored: Buffer | null,
  part: IndexedPart,
): Promise<Buffer> {
  const start = part.place.offset - range.offset;
  const bytes =
    stored && (await decodePart(stored.subarray(start, start + part.place.storedBytes), part));
  if (bytes !== null) return bytes;
  // Later snapshots must not be built on it.
  home.known.forgetPacks(home.tenant, new Set([range.pack]));
  throw new AppError('snapshot_damaged');
}
