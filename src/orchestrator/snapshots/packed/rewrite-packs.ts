// Moves what is still needed of packs that are mostly garbage into a new pack, and lets the indexes refer to that. Every
// index changes in one step, so at any moment each of them is whole, and both packs are there until all have changed.
import { AppError } from '../../foundation/errors.ts';
import { PackWriter } from './pack-writer.ts';
import { rangesOf, windowsOf } from './read-plan.ts';
import { encodeIndex, type IndexedPart, type Place, type Snapshot } from './snapshot-index.ts';
import type { TenantHome } from './tenant-home.ts';
import { throwIfAborted } from './throw-if-aborted.ts';

export type Rewritten = {
  /** Packs that no index refers to any more, but for those of puts that ran meanwhile. */
  readonly emptied: ReadonlySet<string>;
  readonly bytesWritten: number;
};

type Moves = {
  readonly snapshotIds: string[];
  /** Parts at their new places, by their old ones. */
  readonly parts: Map<string, IndexedPart>;
  /** Packs of which something could not be read: they stay as they are. */
  readonly unreadable: Set<string>;
};

/** How long it may take to remove what was written in vain. */
const undoMsMax = 10_000;

export async function rewritePacks(
  home: TenantHome,
  { packs, liveBytes }: { readonly packs: ReadonlySet<string>; readonly liveBytes: number },
  signal: AbortSignal,
): Promise<Rewritten> {
  // Puts that start now shall not build on what is about to move.
  home.known.forgetPacks(home.tenant, packs);
  using use = home.uses.begin();
  await home.storage.prepare(signal);
  await using pack = new PackWriter(home.storage, home.buffers, {
    sizeBytesMax: liveBytes,
    signal,
  });
  use.add(pack.id);
  const moves: Moves = { snapshotIds: [], parts: new Map(), unreadable: new Set() };
  try {
    await copyParts(home, packs, pack, moves, signal);
    await pack.finish();
  } catch (error) {
    await pack.discard(AbortSignal.timeout(undoMsMax)).catch(() => {});
    throw error;
  }
  for (const snapshotId of moves.snapshotIds) {
    throwIfAborted(signal);
    await home.indexTurns.take(() => rewriteIndex(home, snapshotId, moves, signal));
  }
  if (home.known.has(home.tenant)) home.known.add(home.tenant, [...moves.parts.values()]);
  const emptied = new Set([...packs].filter((id) => !moves.unreadable.has(id)));
  return { emptied, bytesWritten: pack.sizeBytes };
}

async function copyParts(
  home: TenantHome,
  packs: ReadonlySet<string>,
  pack: PackWriter,
  moves: Moves,
  signal: AbortSignal,
): Promise<void> {
  for (const { id: snapshotId } of await home.storage.indexes(signal)) {
    const snapshot = await readIfThere(home, snapshotId, signal);
    const moving = snapshot?.parts.filter(({ place }) => packs.has(place.pack)) ?? [];
    if (moving.length > 0) moves.snapshotIds.push(snapshotId);
    // Each place once, and not what an earlier snapshot had moved.
    const places = new Map(moving.map((part) => [keyOf(part.place), part]));
    for (const key of places.keys()) if (moves.parts.has(key)) places.delete(key);
    for (const window of windowsOf([...places.values()]))
      await copyWindow(home, window, pack, moves, signal);
  }
}

async function copyWindow(
  home: TenantHome,
  window: readonly IndexedPart[],
  pack: PackWriter,
  moves: Moves,
  signal: AbortSignal,
): Promise<void> {
  for (const range of rangesOf(window)) {
    throwIfAborted(signal);
    // Not verified: whoever opens the snapshot does that.
    const stored = await home.storage.readPack(range.pack, range, signal);
    if (stored === null) {
      moves.unreadable.add(range.pack);
      continue;
    }
    for (const part of range.parts) {
      const start = part.place.offset - range.offset;
      const { place, ready } = pack.append(stored.subarray(start, start + part.place.storedBytes));
      moves.parts.set(keyOf(part.place), { ...part, place });
      await ready;
    }
  }
}

async function rewriteIndex(
  home: TenantHome,
  snapshotId: string,
  moves: Moves,
  signal: AbortSignal,
): Promise<void> {
  const snapshot = await readIfThere(home, snapshotId, signal);
  if (snapshot === null) return;
  const parts = snapshot.parts.map((part) => moves.parts.get(keyOf(part.place)) ?? part);
  const staged = await home.storage.stageIndex(
    snapshotId,
    encodeIndex({ ...snapshot, parts }),
    signal,
  );
  await staged.commit();
}

/** Null when it was deleted meanwhile. */
async function readIfThere(
  home: TenantHome,
  snapshotId: string,
  signal: AbortSignal,
): Promise<Snapshot | null> {
  try {
    return await home.readIndex(snapshotId, signal);
  } catch (error) {
    if (error instanceof AppError && error.code === 'snapshot_not_found') return null;
    throw error;
  }
}

function keyOf({ pack, offset }: Place): string {
  return `${pack}/${offset}`;
}
