import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangesOf, windowsOf } from '../../../src/orchestrator/snapshots/packed/read-plan.ts';
import type { IndexedPart } from '../../../src/orchestrator/snapshots/packed/snapshot-index.ts';

const KiB = 1024;

function part(pack: string, offset: number, storedBytes: number, sizeBytes = storedBytes) {
  return { digest: `${pack}-${offset}`, sizeBytes, place: { pack, offset, storedBytes } };
}

const anyPart: fc.Arbitrary<IndexedPart> = fc
  .tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(8_000_000), fc.integer({ min: 1, max: 262_144 }))
  .map(([pack, offset, storedBytes]) => part(pack, offset, storedBytes));

describe('a plan for reading parts', () => {
  it('reads what lies side by side at once, in whatever order it was written', () => {
    const parts = [part('a', 300, 100), part('a', 0, 200), part('a', 200, 100), part('b', 0, 50)];
    expect(rangesOf(parts).map(({ pack, offset, sizeBytes }) => [pack, offset, sizeBytes])).toEqual(
      [
        ['a', 0, 400],
        ['b', 0, 50],
      ],
    );
  });

  it('reads over a small gap and not over a large one', () => {
    const beside = (gapBytes: number) => [part('a', 0, 100), part('a', 100 + gapBytes, 100)];
    expect(rangesOf(beside(32 * KiB))).toHaveLength(1);
    expect(rangesOf(beside(32 * KiB + 1))).toHaveLength(2);
  });

  it('covers each part once for each time it is wanted, and never more than the gaps besides', () => {
    fc.assert(
      fc.property(fc.array(anyPart, { maxLength: 60 }), (parts) => {
        const ranges = rangesOf(parts);
        const planned = ranges.flatMap((range) => range.parts);
        expect(planned).toHaveLength(parts.length);
        expect(new Set(planned)).toEqual(new Set(parts));
        for (const { pack, offset, sizeBytes, parts: covered } of ranges) {
          for (const { place } of covered) {
            expect(place.pack).toBe(pack);
            expect(place.offset).toBeGreaterThanOrEqual(offset);
            expect(place.offset + place.storedBytes).toBeLessThanOrEqual(offset + sizeBytes);
          }
          const wanted = covered.reduce((sum, { place }) => sum + place.storedBytes, 0);
          expect(sizeBytes).toBeLessThanOrEqual(wanted + covered.length * 32 * KiB);
        }
      }),
    );
  });

  it('takes all parts in their order, little at first, never much at a time', () => {
    const parts = Array.from({ length: 300 }, (_, i) => part('a', i * 64 * KiB, 64 * KiB));
    const windows = [...windowsOf(parts)];
    expect(windows.flat()).toEqual(parts);
    const sizes = windows.map((window) => window.length * 64 * KiB);
    expect(sizes[0]).toBe(256 * KiB);
    expect(Math.max(...sizes)).toBe(4 * KiB * KiB);
    expect([...windowsOf([])]).toEqual([]);
  });
});
