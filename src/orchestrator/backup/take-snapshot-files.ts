// Finds a moment at which every snapshot that the registry knows is linked, while a service goes on storing and removing them.
//
// A snapshot is stored before its record is written, and its record is gone before its content is: so what the registry knows at a moment
// is there at that moment. What the service removes afterwards is kept by its link. Most are linked beforehand; what came since then is
// linked right after the registry was fixed, newest first. When one of those is gone before that, a later moment is tried.
import { StartError } from '../foundation/start-error.ts';
import type { RegistryReader, SnapshotRow } from '../registry/sqlite/registry-reader.ts';
import type { StagedSnapshots } from '../snapshots/directory/staged-snapshots.ts';
import { historyIdOf } from '../snapshots/history-id.ts';

export type Stored = { readonly tenant: string; readonly storedId: string };

export type Taken = {
  /** Everything that belongs to the snapshots of the registry that is held. */
  readonly stored: readonly Stored[];
  readonly damaged: readonly string[];
};

const triesMax = 1000;

/** The registry is held when it returns. Throws StartError when there is no such moment. */
export function takeSnapshotFiles(registry: RegistryReader, staged: StagedSnapshots): Taken {
  const damaged = new Set<string>();
  stageAll(registry, staged, damaged);
  for (let tries = 0; tries < triesMax; tries++) {
    registry.hold();
    const stored = stageAll(registry, staged, damaged);
    if (stored !== null) return { stored, damaged: [...damaged] };
    registry.release();
  }
  throw new StartError(
    'snapshots go faster than they can be linked: let sessions keep more versions (CELLAR_PERSISTENCE_KEEP), or try again',
  );
}

/** Null when something that the registry knows was gone. */
function stageAll(
  registry: RegistryReader,
  staged: StagedSnapshots,
  damaged: Set<string>,
): Stored[] | null {
  const stored: Stored[] = [];
  let complete = true;
  for (const { tenant, snapshotId, reason } of registry.snapshots()) {
    const outcome = staged.has(tenant, snapshotId) ? 'staged' : staged.stage(tenant, snapshotId);
    if (outcome === 'gone') complete = false;
    if (outcome === 'damaged') damaged.add(snapshotId);
    stored.push({ tenant, storedId: snapshotId });
    const historyId = historyOf({ tenant, snapshotId, reason }, staged);
    if (historyId !== null) stored.push({ tenant, storedId: historyId });
  }
  return complete ? stored : null;
}

/** Only imported ones have one, and not each of them. */
function historyOf(
  { tenant, snapshotId, reason }: SnapshotRow,
  staged: StagedSnapshots,
): string | null {
  if (reason !== 'imported') return null;
  const historyId = historyIdOf(snapshotId);
  if (staged.has(tenant, historyId)) return historyId;
  const isThere = () => staged.stage(tenant, historyId) !== 'gone';
  // Once more: it may have been moved at that moment.
  return isThere() || isThere() ? historyId : null;
}
