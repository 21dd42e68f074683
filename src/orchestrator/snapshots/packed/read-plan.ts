// Which bytes to read for parts that are wanted: parts that lie close together come in one read. Where a read takes a network round
// trip, that is all the difference.
import type { ByteRange } from './pack-storage.ts';
import type { IndexedPart } from './snapshot-index.ts';

/** The first window is small, so that the reader need not wait long; later ones are twice as large each, up to the largest. */
const windowBytesFirst = 256 * 1024;
const windowBytesMax = 4 * 1024 * 1024;

/** Bytes that nobody wants and that are read all the same, rather than to begin another read. */
const gapBytesMax = 32 * 1024;

export type PackRange = ByteRange & {
  readonly pack: string;
  /** The parts that lie in it. */
  readonly parts: IndexedPart[];
};

/** The parts in their order, so many at a time as may be held in memory. */
export function* windowsOf(parts: readonly IndexedPart[]): Generator<IndexedPart[]> {
  let sizeBytesMax = windowBytesFirst;
  let sizeBytes = 0;
  let window: IndexedPart[] = [];
  for (const part of parts) {
    if (window.length > 0 && sizeBytes + part.sizeBytes > sizeBytesMax) {
      yield window;
      sizeBytesMax = Math.min(sizeBytesMax * 2, windowBytesMax);
      sizeBytes = 0;
      window = [];
    }
    window.push(part);
    sizeBytes += part.sizeBytes;
  }
  if (window.length > 0) yield window;
}

/** What to read for them, in no order that matters. A part that is wanted twice is in its range twice. */
export function rangesOf(parts: readonly IndexedPart[]): PackRange[] {
  const sorted = parts.toSorted(
    (left, right) =>
      compare(left.place.pack, right.place.pack) || left.place.offset - right.place.offset,
  );
  const ranges: { pack: string; offset: number; sizeBytes: number; parts: IndexedPart[] }[] = [];
  for (const part of sorted) {
    const { pack, offset, storedBytes } = part.place;
    const last = ranges.at(-1);
    if (last?.pack === pack && offset - (last.offset + last.sizeBytes) <= gapBytesMax) {
      last.sizeBytes = Math.max(last.sizeBytes, offset + storedBytes - last.offset);
      last.parts.push(part);
    } else ranges.push({ pack, offset, sizeBytes: storedBytes, parts: [part] });
  }
  return ranges;
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
