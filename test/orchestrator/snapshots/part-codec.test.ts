import { describe, expect, it } from 'vitest';
import {
  decodePart,
  PartEncoder,
  partDigest,
} from '../../../src/orchestrator/snapshots/packed/part-codec.ts';
import { randomContent, textContent } from '../../helpers/snapshot-content.ts';

const partBytes = 100_000;

/** What is stored for each of the parts, which must come back from it. */
async function encoded(parts: readonly Buffer[]): Promise<number[]> {
  const encoder = new PartEncoder();
  const sizes: number[] = [];
  for (const part of parts) {
    const stored = await encoder.encode(part);
    const expected = { digest: partDigest(part), sizeBytes: part.length };
    expect((await decodePart(stored, expected))?.equals(part)).toBe(true);
    sizes.push(stored.length);
  }
  return sizes;
}

describe('parts as they are stored', () => {
  it('are never larger than they were', async () => {
    const parts = [1, 100, 5000, partBytes].map((size) => randomContent(size, size % 251));
    for (const [i, size] of (await encoded(parts)).entries())
      expect(size).toBeLessThanOrEqual(parts[i]!.length);
  });

  it('are small when they can be compressed, whatever came before', async () => {
    const text = textContent(partBytes);
    const base64 = Buffer.from(randomContent(partBytes).toString('base64'));
    const numbers = Buffer.from(new Float64Array(10_000).map((_, i) => i * 1.1).buffer);
    const random = randomContent(partBytes, 2);
    const parts = [text, random, text, random, base64, random, numbers];
    const sizes = await encoded(parts);
    for (const compressible of [0, 2, 4, 6])
      expect(sizes[compressible]!).toBeLessThan(parts[compressible]!.length * 0.95);
  });

  it('are tried again and again in a stretch where only the values of the bytes look random', async () => {
    const repeating = Buffer.alloc(partBytes, randomContent(4099, 3));
    const sizes = await encoded([randomContent(partBytes, 2), ...Array(20).fill(repeating)]);
    // Seven are taken for random; the first that is tried shows that they are not.
    expect(sizes.filter((size) => size === partBytes)).toHaveLength(8);
    expect(sizes.at(-1)!).toBeLessThan(partBytes / 10);
  });
});
