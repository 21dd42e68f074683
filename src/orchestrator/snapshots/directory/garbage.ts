// Removes what nothing needs of one tenant's files, beside running puts, opens and deletes. A pack goes when no index refers
// to it and no work has used it since before the indexes were read; from then on nobody can find it.
import { join } from 'node:path';
import { AppError } from '../../foundation/errors.ts';
import { lookAt, namesIn, remove } from './durable-files.ts';
import { type RewriteOptions, rewritePacks } from './rewrite-packs.ts';
import { throwIfAborted } from './storage-error.ts';
import { type TenantHome, temporaryEnding } from './tenant-home.ts';

export type CollectOptions = RewriteOptions & {
  /** Files changed later than this stay; milliseconds since 1970. */
  readonly changedBefore: number;
};

export type Garbage = { filesRemoved: number; bytesFreed: number; readonly damaged: string[] };

/** A pack with less than this share of bytes in use is written anew without the rest. */
const liveShareMin = 0.5;

type Pack = { readonly sizeBytes: number; readonly liveOffsets: Set<number>; liveBytes: number };

/** For one caller at a time, see `TenantHome.packTurns`. Throws what the file system says, and AppErrors of the signal. */
export async function collectGarbage(home: TenantHome, options: CollectOptions): Promise<Garbage> {
  using watch = home.uses.watch();
  const garbage: Garbage = { filesRemoved: 0, bytesFreed: 0, damaged: [] };
  await removeTemporary(home, options, garbage);
  // Packs before indexes: whatever was stored wholly by now has its index among those that are read.
  const packs = await findPacks(home, options);
  await countLive(home, packs, options, garbage);
  // What a damaged snapshot refers to is not known, and somebody may want to rescue it.
  if (garbage.damaged.length > 0) return garbage;
  await removePacks(
    home,
    idsOf(packs, (pack) => pack.liveBytes === 0),
    watch.seen,
    garbage,
  );
  const wasteful = idsOf(packs, (pack, id) => isWasteful(pack) && !watch.seen.has(id));
  if (wasteful.size > 0) {
    const { emptied, bytesWritten } = await rewritePacks(home, wasteful, options);
    garbage.bytesFreed -= bytesWritten;
    await removePacks(home, emptied, watch.seen, garbage);
  }
  return garbage;
}

async function removeTemporary(
  home: TenantHome,
  { changedBefore, signal }: CollectOptions,
  garbage: Garbage,
): Promise<void> {
  for (const name of await namesIn(home.snapshots)) {
    throwIfAborted(signal);
    if (!name.endsWith(temporaryEnding)) continue;
    const path = join(home.snapshots, name);
    const file = await lookAt(path);
    if (file === null || file.changedAt > changedBefore || home.isBeingPut(path)) continue;
    garbage.bytesFreed += await remove(path);
    garbage.filesRemoved++;
  }
}

async function findPacks(
  home: TenantHome,
  { changedBefore, signal }: CollectOptions,
): Promise<Map<string, Pack>> {
  const packs = new Map<string, Pack>();
  for (const id of await home.packIds()) {
    throwIfAborted(signal);
    const file = await lookAt(home.packPath(id));
    if (file === null || file.changedAt > changedBefore) continue;
    packs.set(id, { sizeBytes: file.sizeBytes, liveOffsets: new Set(), liveBytes: 0 });
  }
  return packs;
}

async function countLive(
  home: TenantHome,
  packs: ReadonlyMap<string, Pack>,
  { signal }: CollectOptions,
  garbage: Garbage,
): Promise<void> {
  for (const snapshotId of await home.snapshotIds()) {
    throwIfAborted(signal);
    try {
      for (const { place } of (await home.readIndex(snapshotId)).parts) {
        const pack = packs.get(place.pack);
        if (pack === undefined || pack.liveOffsets.has(place.offset)) continue;
        pack.liveOffsets.add(place.offset);
        pack.liveBytes += place.storedBytes;
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // Not found: deleted meanwhile.
      if (error.code === 'snapshot_damaged') garbage.damaged.push(snapshotId);
    }
  }
}

async function removePacks(
  home: TenantHome,
  packs: ReadonlySet<string>,
  seen: ReadonlySet<string>,
  garbage: Garbage,
): Promise<void> {
  // An open that has read an old index has its packs in use after this; one that comes later reads a new index, or none.
  await home.uses.settled();
  const unused = new Set([...packs].filter((id) => !seen.has(id)));
  // In one go with the look at who uses them: no put can find them from here on.
  home.known.forgetPacks(home.tenant, unused);
  for (const id of unused) {
    garbage.bytesFreed += await remove(home.packPath(id));
    garbage.filesRemoved++;
  }
}

function isWasteful({ sizeBytes, liveBytes }: Pack): boolean {
  return liveBytes > 0 && liveBytes < sizeBytes * liveShareMin;
}

function idsOf(
  packs: ReadonlyMap<string, Pack>,
  isWanted: (pack: Pack, id: string) => boolean,
): Set<string> {
  const wanted = [...packs].filter(([id, pack]) => isWanted(pack, id));
  return new Set(wanted.map(([id]) => id));
}
