// The history that came with an imported snapshot is stored beside it, under an id made of the snapshot's own.

const historyEnding = '-history';

/** Under which the history of an imported snapshot is stored; not every one has some. */
export function historyIdOf(snapshotId: string): string {
  return snapshotId + historyEnding;
}

/** The snapshot that stored content belongs to. */
export function snapshotOf(storedId: string): string {
  return storedId.endsWith(historyEnding) ? storedId.slice(0, -historyEnding.length) : storedId;
}
