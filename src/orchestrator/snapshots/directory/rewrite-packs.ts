// Moves what is still needed of packs that are mostly garbage into a new pack, and lets the indexes refer to that. Every
// index changes by one rename, so at any moment each of them is whole, and both packs are there until all have changed.
import { rename } from 'node:fs/promises';
import { AppError } from '../../foundation/errors.ts';
import { syncDirectory, writeSynced } from './durable-files.ts';
import { PackReader } from './pack-reader.ts';
import { PackWriter } from './pack-writer.ts';
import { encodeIndex, type IndexedPart, type Place, type Snapshot } from './snapshot-index.ts';
import { throwIfAborted } from './storage-error.ts';
import type { TenantHome } from './tenant-home.ts';

export type RewriteOptions = {
  /** Bytes of the disk that must stay free. */
  readonly reserveBytes: number;
  readonly signal: AbortSignal;
};

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

export async function rewritePacks(
  home: TenantHome,
  packs: ReadonlySet<string>,
  options: RewriteOptions,
): Promise<Rewritten> {
  // Puts that start now shall not build on what is about to move.
  home.known.forgetPacks(home.tenant, packs);
  using use = home.uses.begin();
  const pack = new PackWriter(home.packPath, options.reserveBytes);
  use.add(pack.id);
  const moves: Moves = { snapshotIds: [], parts: new Map(), unreadable: new Set() };
  try {
    await copyParts(home, packs, pack, moves, options.signal);
    await pack.finish();
    await syncDirectory(home.packs);
  } catch (error) {
    await pack.discard();
    throw error;
  }
  for (const snapshotId of moves.snapshotIds) {
    throwIfAborted(options.signal);
    await home.indexTurns.take(() => rewriteIndex(home, snapshotId, moves));
  }
  // Before the old packs may go.
  await syncDirectory(home.snapshots);
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
  await using reader = new PackReader(home.packPath);
  for (const snapshotId of await home.snapshotIds()) {
    const snapshot = await readIfThere(home, snapshotId);
    const moving = snapshot?.parts.filter(({ place }) => packs.has(place.pack)) ?? [];
    if (moving.length > 0) moves.snapshotIds.push(snapshotId);
    for (const part of moving) {
      throwIfAborted(signal);
      if (moves.parts.has(keyOf(part.place))) continue;
      // Not verified: whoever opens the snapshot does that.
      const stored = await reader.read(part.place);
      if (stored === null) {
        moves.unreadable.add(part.place.pack);
        continue;
      }
      const { place, ready } = pack.append(stored);
      moves.parts.set(keyOf(part.place), { ...part, place });
      await ready;
    }
  }
}

async function rewriteIndex(home: TenantHome, snapshotId: string, moves: Moves): Promise<void> {
  const snapshot = await readIfThere(home, snapshotId);
  if (snapshot === null) return;
  const parts = snapshot.parts.map((part) => moves.parts.get(keyOf(part.place)) ?? part);
  await writeSynced(home.temporaryPath(snapshotId), encodeIndex({ ...snapshot, parts }));
  await rename(home.temporaryPath(snapshotId), home.indexPath(snapshotId));
}

/** Null when it was deleted meanwhile. */
async function readIfThere(home: TenantHome, snapshotId: string): Promise<Snapshot | null> {
  try {
    return await home.readIndex(snapshotId);
  } catch (error) {
    if (error instanceof AppError && error.code === 'snapshot_not_found') return null;
    throw error;
  }
}

function keyOf({ pack, offset }: Place): string {
  return `${pack}/${offset}`;
}
