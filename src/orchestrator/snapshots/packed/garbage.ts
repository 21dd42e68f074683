// Removes what nothing needs of one tenant's packs, beside running puts, opens and deletes. A pack goes when no index refers
// to it and no work has used it since before the indexes were read; from then on nobody can find it.

import { rewritePacks } from './rewrite-packs.ts';
import { isUnusable, type TenantHome } from './tenant-home.ts';
import { throwIfAborted } from './throw-if-aborted.ts';

export type CollectOptions = {
  /** What was changed later than this stays; milliseconds since 1970. */
  readonly changedBefore: number;
  readonly signal: AbortSignal;
};

export type Garbage = { filesRemoved: number; bytesFreed: number; readonly damaged: string[] };

/** A pack with less than this share of bytes in use is written anew without the rest. */
const liveShareMin = 0.5;

/** What is moved in one go, unless a single pack has more: so long at least a collection takes, and the new pack is as large. */
const movedBytesMax = 4 * 1024 ** 3;

type Pack = { readonly sizeBytes: number; readonly liveOffsets: Set<number>; liveBytes: number };

type Packs = {
  readonly old: ReadonlyMap<string, Pack>;
  /** Too young to be looked at. */
  readonly young: number;
};

/** For one caller at a time, see `TenantHome.packTurns`. Throws AppErrors. */
export async function collectGarbage(home: TenantHome, options: CollectOptions): Promise<Garbage> {
  const { signal } = options;
  const { changes } = home;
  using watch = home.uses.watch();
  const garbage: Garbage = { filesRemoved: 0, bytesFreed: 0, damaged: [] };
  const leftovers = await home.storage.removeLeftovers({
    ...options,
    isInUse: (id) => home.isInUse(id),
  });
  garbage.filesRemoved += leftovers.filesRemoved;
  garbage.bytesFreed += leftovers.bytesFreed;
  // Packs before indexes: whatever was stored wholly by now has its index among those that are read.
  const packs = await findPacks(home, options);
  await countLive(home, packs.old, signal, garbage);
  // What a damaged snapshot refers to is not known, and somebody may want to rescue it.
  if (garbage.damaged.length > 0) return garbage;
  const unneeded = idsOf(packs.old, (pack) => pack.liveBytes === 0);
  await removePacks(home, unneeded, watch.seen, signal, garbage);
  const wasteful = chooseWasteful(packs.old, watch.seen);
  if (wasteful.packs.size > 0) {
    const { emptied, bytesWritten } = await rewritePacks(home, wasteful, signal);
    garbage.bytesFreed -= bytesWritten;
    await removePacks(home, emptied, watch.seen, signal, garbage);
  }
  const isSettled =
    packs.young + leftovers.filesKept + watch.seen.size + garbage.filesRemoved === 0;
  if (isSettled) home.changesCollected = changes;
  return garbage;
}

async function findPacks(
  home: TenantHome,
  { changedBefore, signal }: CollectOptions,
): Promise<Packs> {
  const old = new Map<string, Pack>();
  const found = await home.storage.packs(signal);
  for (const { id, sizeBytes, changedAt } of found)
    if (changedAt <= changedBefore)
      old.set(id, { sizeBytes, liveOffsets: new Set(), liveBytes: 0 });
  return { old, young: found.length - old.size };
}

async function countLive(
  home: TenantHome,
  packs: ReadonlyMap<string, Pack>,
  signal: AbortSignal,
  garbage: Garbage,
): Promise<void> {
  for (const { id: snapshotId } of await home.storage.indexes(signal)) {
    throwIfAborted(signal);
    try {
      for (const { place } of (await home.readIndex(snapshotId, signal)).parts) {
        const pack = packs.get(place.pack);
        if (pack === undefined || pack.liveOffsets.has(place.offset)) continue;
        pack.liveOffsets.add(place.offset);
        pack.liveBytes += place.storedBytes;
      }
    } catch (error) {
      // A storage that does not answer has not said that nothing is needed.
      if (!isUnusable(error)) throw error;
      // Not found: deleted meanwhile.
      if (error.code === 'snapshot_damaged') garbage.damaged.push(snapshotId);
    }
  }
}

async function removePacks(
  home: TenantHome,
  packs: ReadonlySet<string>,
  seen: ReadonlySet<string>,
  signal: AbortSignal,
  garbage: Garbage,
): Promise<void> {
  // An open that has read an old index has its packs in use after this; one that comes later reads a new index, or none.
  await home.uses.settled();
  const unused = new Set([...packs].filter((id) => !seen.has(id)));
  // In one go with the look at who uses them: no put can find them from here on.
  home.known.forgetPacks(home.tenant, unused);
  for (const id of unused) {
    throwIfAborted(signal);
    garbage.bytesFreed += await home.storage.removePack(id, signal);
    garbage.filesRemoved++;
  }
}

function chooseWasteful(packs: ReadonlyMap<string, Pack>, seen: ReadonlySet<string>) {
  const chosen = new Set<string>();
  let liveBytes = 0;
  for (const [id, pack] of packs) {
    if (!isWasteful(pack) || seen.has(id)) continue;
    if (chosen.size > 0 && liveBytes + pack.liveBytes > movedBytesMax) break;
    chosen.add(id);
    liveBytes += pack.liveBytes;
  }
  return { packs: chosen, liveBytes };
}

function isWasteful({ sizeBytes, liveBytes }: Pack): boolean {
  return liveBytes > 0 && liveBytes < sizeBytes * liveShareMin;
}

function idsOf(packs: ReadonlyMap<string, Pack>, isWanted: (pack: Pack) => boolean): Set<string> {
  const wanted = [...packs].filter(([, pack]) => isWanted(pack));
  return new Set(wanted.map(([id]) => id));
}
