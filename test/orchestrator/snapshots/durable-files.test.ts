import type { FileHandle } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { writeFully } from '../../../src/orchestrator/snapshots/directory/durable-files.ts';

/** A file that takes a few bytes at a time, as one on a disk that is nearly full may. */
function reluctantFile(bytesMax: number) {
  const content = Buffer.alloc(100);
  const write = async (bytes: Buffer, offset: number, length: number, position: number) => {
    const bytesWritten = Math.min(length, bytesMax);
    bytes.copy(content, position, offset, offset + bytesWritten);
    return { bytesWritten, buffer: bytes };
  };
  return { content, handle: { write } as unknown as FileHandle };
}

describe('writing', () => {
  it.each([1, 7, 100])('goes on until all is written, %i bytes at a time', async (bytesMax) => {
    const { content, handle } = reluctantFile(bytesMax);
    await writeFully(handle, Buffer.from('first, '), 0);
    await writeFully(handle, Buffer.from('and the second part'), 7);
    expect(content.subarray(0, 27).toString()).toBe('first, and the second part\0');
  });
});
