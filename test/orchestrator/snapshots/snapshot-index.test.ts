import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  decodeIndex,
  encodeIndex,
  type Snapshot,
} from '../../../src/orchestrator/snapshots/packed/snapshot-index.ts';

const digest = 'ab'.repeat(32);
const [first, second] = ['0'.repeat(32), 'f'.repeat(32)];

const snapshot: Snapshot = {
  tenant: 'red',
  snapshotId: 'snap-1',
  sizeBytes: 300_000,
  checksum: digest,
  parts: [
    { digest, sizeBytes: 100_000, place: { pack: second, offset: 5, storedBytes: 70 } },
    { digest, sizeBytes: 100_000, place: { pack: first, offset: 0, storedBytes: 100_000 } },
    { digest, sizeBytes: 100_000, place: { pack: second, offset: 75, storedBytes: 1 } },
  ],
};

/** An index with a right digest, whatever it says. */
function sealed(change: (index: any) => void): string {
  const index = JSON.parse(encodeIndex(snapshot).split('\n')[0]!);
  change(index);
  const line = JSON.stringify(index);
  return `${line}\n${hash('sha256', line)}\n`;
}

describe('the index of a snapshot', () => {
  it('comes back as it was', () => {
    expect(decodeIndex(encodeIndex(snapshot), 'red', 'snap-1')).toEqual(snapshot);
    const empty = { ...snapshot, sizeBytes: 0, parts: [] };
    expect(decodeIndex(encodeIndex(empty), 'red', 'snap-1')).toEqual(empty);
  });

  it('is refused when any character of it is another, is missing, or there is one more', () => {
    const text = encodeIndex(snapshot);
    for (let position = 0; position < text.length; position++) {
      const other = String.fromCharCode(text.charCodeAt(position) ^ 1);
      const [before, after] = [text.slice(0, position), text.slice(position + 1)];
      for (const changed of [before + other + after, before + after, before])
        expect(decodeIndex(changed, 'red', 'snap-1')).toBeNull();
    }
    expect(decodeIndex(`${text} `, 'red', 'snap-1')).toBeNull();
    expect(decodeIndex(`${text}${text}`, 'red', 'snap-1')).toBeNull();
  });

  it('is refused for another snapshot and for another tenant', () => {
    const text = encodeIndex(snapshot);
    expect(decodeIndex(text, 'red', 'snap-2')).toBeNull();
    expect(decodeIndex(text, 'blue', 'snap-1')).toBeNull();
  });

  it.each<[string, (index: any) => void]>([
    ['a format that is not known', (index) => (index.format = 3)],
    ['a field that is not known', (index) => (index.more = 1)],
    ['a missing field', (index) => delete index.checksum],
    ['a pack that is a path', (index) => (index.packs[0] = '../../secret')],
    ['a part in a pack that is not listed', (index) => (index.parts[0][2] = 2)],
    ['a part before the beginning', (index) => (index.parts[0][3] = -1)],
    ['a part that is too large', (index) => (index.parts[0][1] = 524_289)],
    ['a part that takes more than it has', (index) => (index.parts[0][4] = 100_001)],
    ['a size that is no number', (index) => (index.sizeBytes = '1')],
  ])('is refused with %s', (_, change) => {
    expect(decodeIndex(sealed(change), 'red', 'snap-1')).toBeNull();
    expect(
      decodeIndex(
        sealed(() => {}),
        'red',
        'snap-1',
      ),
    ).not.toBeNull();
  });
});
