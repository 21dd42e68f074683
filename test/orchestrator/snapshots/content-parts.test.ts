import { describe, expect, it } from 'vitest';
import { Buffers } from '../../../src/orchestrator/snapshots/packed/buffers.ts';
import {
  ContentParts,
  partBytesAverage,
  partBytesMax,
  partBytesMin,
} from '../../../src/orchestrator/snapshots/packed/content-parts.ts';
import { randomContent, textContent } from '../../helpers/snapshot-content.ts';

const MiB = 1024 * 1024;

function cut(content: Buffer, pieceBytes = 65_536): Buffer[] {
  const buffers = new Buffers(4 * partBytesMax);
  const cutter = new ContentParts(buffers);
  const parts: Buffer[] = [];
  const take = (part: Buffer) => {
    parts.push(Buffer.from(part));
    buffers.give(part);
  };
  for (let offset = 0; offset < content.length; offset += pieceBytes)
    for (const part of cutter.add(content.subarray(offset, offset + pieceBytes))) take(part);
  for (const part of cutter.end()) take(part);
  return parts;
}

const names = (parts: readonly Buffer[]) => new Set(parts.map((part) => part.toString('latin1')));

describe('cutting content into parts', () => {
  it('loses and adds nothing', () => {
    for (const size of [0, 1, partBytesMin, partBytesMax, partBytesMax + 1, 5 * MiB]) {
      const content = randomContent(size);
      expect(Buffer.concat(cut(content)).equals(content)).toBe(true);
    }
    expect(cut(Buffer.alloc(0))).toEqual([]);
  });

  it('cuts in the same places whatever the pieces are', () => {
    const content = randomContent(3 * MiB);
    const sizes = cut(content).map((part) => part.length);
    for (const pieceBytes of [1, 31, 4096, 65_537, 3 * MiB])
      expect(cut(content, pieceBytes).map((part) => part.length)).toEqual(sizes);
  });

  it.each([
    ['random bytes', randomContent(32 * MiB)],
    ['text', textContent(32 * MiB)],
  ])('makes parts of about the average size of %s, within the limits', (_, content) => {
    const sizes = cut(content).map((part) => part.length);
    const average = content.length / sizes.length;
    expect(average).toBeGreaterThan(partBytesAverage * 0.75);
    expect(average).toBeLessThan(partBytesAverage * 1.5);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(partBytesMax);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(partBytesMin);
    // Cuts that the size alone makes do not survive an insertion.
    expect(sizes.filter((size) => size === partBytesMax).length).toBeLessThan(sizes.length / 50);
  });

  it('makes the largest parts of content without any change', () => {
    expect(cut(Buffer.alloc(2 * partBytesMax + 5)).map((part) => part.length)).toEqual([
      partBytesMax,
      partBytesMax,
      5,
    ]);
  });

  it('finds the old parts again after an insertion, a change and a removal', () => {
    const content = randomContent(8 * MiB);
    const old = names(cut(content));
    for (const [place, removed, inserted] of [
      [0, 0, 1],
      [1 * MiB, 0, 100_000],
      [4 * MiB, 1, 1],
      [6 * MiB, 70_000, 0],
      [8 * MiB, 0, 10],
    ] as const) {
      const changed = Buffer.concat([
        content.subarray(0, place),
        Buffer.alloc(inserted, 7),
        content.subarray(place + removed),
      ]);
      const missing = cut(changed).filter((part) => !old.has(part.toString('latin1')));
      expect(missing.length).toBeLessThanOrEqual(5);
    }
  });

  it('cuts as it always did, else nothing stored before would be found again', () => {
    const sizes = cut(randomContent(1 * MiB)).map((part) => part.length);
    expect(sizes).toMatchInlineSnapshot(`
      [
        162057,
        73215,
        136003,
        137279,
        129571,
        136323,
        148121,
        126007,
      ]
    `);
  });
});
