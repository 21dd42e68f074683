import { describe, expect, it } from 'vitest';
import { Buffers } from '../../../src/orchestrator/snapshots/packed/buffers.ts';

describe('buffers that are used again', () => {
  it('are those of the wanted size, each with one owner at a time', () => {
    const buffers = new Buffers(1000);
    const [first, second] = [buffers.take(100), buffers.take(100)];
    expect(first.buffer).not.toBe(second.buffer);
    buffers.give(first.subarray(0, 7));
    expect(buffers.take(200).buffer).not.toBe(first.buffer);
    const again = buffers.take(100);
    expect(again.buffer).toBe(first.buffer);
    expect(again).toHaveLength(100);
    expect(buffers.take(100).buffer).not.toBe(first.buffer);
  });

  it('are kept up to a number of bytes', () => {
    const buffers = new Buffers(250);
    const taken = [1, 2, 3].map(() => buffers.take(100));
    for (const buffer of taken) buffers.give(buffer);
    expect(buffers.freeBytes).toBe(200);
    expect(buffers.take(100).buffer).toBe(taken[1]!.buffer);
    expect(buffers.freeBytes).toBe(100);
  });
});
