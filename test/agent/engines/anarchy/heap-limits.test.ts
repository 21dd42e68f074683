import { describe, expect, it } from 'vitest';
import {
  heapHardBytesFor,
  heapHardBytesIn,
  isHeapFit,
  youngBytesIn,
} from '../../../../src/agent/engines/anarchy/heap-limits.ts';

const mebibyte = 1024 * 1024;

describe('the heap limits', () => {
  it('leave room between the session and V8', () => {
    expect(heapHardBytesFor(64 * mebibyte)).toBe(96 * mebibyte);
    expect(heapHardBytesFor(1024 * mebibyte)).toBe(1280 * mebibyte);
    for (const soft of [1, 64, 1024]) {
      const softBytes = soft * mebibyte;
      expect(isHeapFit(heapHardBytesFor(softBytes), softBytes, 8192 * mebibyte)).toBe(true);
    }
  });

  it('stay below the memory of the container', () => {
    for (const container of [64, 128, 256, 4096])
      expect(heapHardBytesIn(container * mebibyte)).toBeLessThan(container * mebibyte);
    expect(heapHardBytesIn(256 * mebibyte)).toBe(160 * mebibyte);
  });

  it('are moderate where there is no container', () => {
    expect(heapHardBytesIn(0)).toBe(192 * mebibyte);
    expect(heapHardBytesIn(2 ** 63)).toBe(192 * mebibyte);
  });

  it('give young values the less the smaller the container', () => {
    const young = (container: number) => youngBytesIn(container * mebibyte) / mebibyte;
    expect([64, 96, 128, 256, 4096].map(young)).toEqual([6, 9, 12, 24, 24]);
    expect(youngBytesIn(0)).toBe(24 * mebibyte);
    expect(youngBytesIn(2 ** 63)).toBe(24 * mebibyte);
  });

  it('refuse a worker that is too small', () => {
    expect(isHeapFit(100 * mebibyte, 90 * mebibyte, 4096 * mebibyte)).toBe(false);
  });

  it('refuse a worker that is too large for what its container has become', () => {
    const hardBytes = heapHardBytesIn(256 * mebibyte);
    expect(isHeapFit(hardBytes, 32 * mebibyte, 256 * mebibyte)).toBe(true);
    expect(isHeapFit(hardBytes, 32 * mebibyte, 96 * mebibyte)).toBe(false);
  });
});
