import {
  copyFile,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/orchestrator/foundation/clock.ts';
import { openDirectoryStore } from '../../../src/orchestrator/snapshots/directory/directory-store.ts';
import {
  decodeIndex,
  encodeIndex,
} from '../../../src/orchestrator/snapshots/packed/snapshot-index.ts';
import type { SnapshotStore } from '../../../src/orchestrator/snapshots/snapshot-store.ts';
import { collected, pieces, randomContent, textContent } from '../../helpers/snapshot-content.ts';

const signal = AbortSignal.timeout(600_000);
const damaged = { name: 'AppError', code: 'snapshot_damaged' };
const options = { sizeBytesMax: 2 ** 30, signal };

describe('a damaged snapshot', () => {
  let directory: string;
  let store: SnapshotStore;
  // Some parts are compressed, some are not.
  const content = Buffer.concat([textContent(400_000), randomContent(400_000)]);
  const sound = textContent(300_000, 2);

  const openStore = () => openDirectoryStore({ directory, clock: systemClock, reserveBytes: 0 });
  const indexPath = () => join(directory, 'red/snapshots/snap-1.json');
  const packs = () => join(directory, 'red/packs');

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cellar-snapshots-'));
    store = await openStore();
    await store.of('red').put('snap-1', pieces(content), options);
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** The only pack so far. Another snapshot is put after this. */
  async function packPath(): Promise<string> {
    const path = join(packs(), (await readdir(packs()))[0]!);
    await store.of('red').put('snap-2', pieces(sound), options);
    return path;
  }

  async function flipBit(path: string, position: number, bit = 0): Promise<void> {
    await using file = await open(path, 'r+');
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, position);
    byte[0]! ^= 1 << bit;
    await file.write(byte, 0, 1, position);
  }

  /** Found by a process that wrote it and by one that did not; what was given out until then is right. */
  async function expectDamaged(): Promise<void> {
    for (const reader of [store, await openStore()]) {
      const snapshots = reader.of('red');
      await expect(snapshots.verify('snap-1', signal)).rejects.toMatchObject(damaged);
      const given: Buffer[] = [];
      const read = async () => {
        for await (const bytes of snapshots.open('snap-1', signal)) given.push(bytes);
      };
      await expect(read()).rejects.toMatchObject(damaged);
      const bytes = Buffer.concat(given);
      expect(bytes.equals(content.subarray(0, bytes.length))).toBe(true);
    }
  }

  async function expectOthersSound(): Promise<void> {
    expect((await collected(store.of('red').open('snap-2', signal))).equals(sound)).toBe(true);
  }

  it('is found wherever a bit of a pack is flipped', async () => {
    const path = await packPath();
    const { size } = await stat(path);
    for (const position of [0, 1, 70_000, Math.floor(size / 2), size - 70_000, size - 1]) {
      await flipBit(path, position, position % 8);
      await expectDamaged();
      await flipBit(path, position, position % 8);
      await store.of('red').verify('snap-1', signal);
    }
    await expectOthersSound();
  });

  it('is found when a pack was cut off, or is missing', async () => {
    const path = await packPath();
    const { size } = await stat(path);
    for (const length of [size - 1, Math.floor(size / 2), 1, 0]) {
      await truncate(path, length);
      await expectDamaged();
    }
    await rm(path);
    await expectDamaged();
    await expectOthersSound();
  });

  it('is found wherever a bit of the index is flipped, before anything is given out', async () => {
    await packPath();
    const { size } = await stat(indexPath());
    for (let position = 0; position < size; position += 7) {
      await flipBit(indexPath(), position, position % 8);
      await expect(store.of('red').verify('snap-1', signal)).rejects.toMatchObject(damaged);
      await flipBit(indexPath(), position, position % 8);
    }
    await store.of('red').verify('snap-1', signal);
    await expectOthersSound();
  });

  it('is found when the index was cut off', async () => {
    await packPath();
    const { size } = await stat(indexPath());
    for (const length of [size - 1, size - 60, 100, 1, 0]) {
      await truncate(indexPath(), length);
      await expectDamaged();
    }
    await expectOthersSound();
  });

  it('is found when the index is sound, but not of what was put', async () => {
    await packPath();
    const index = decodeIndex(await readFile(indexPath(), 'utf8'), 'red', 'snap-1')!;
    const { parts } = index;
    for (const change of [
      { checksum: 'ab'.repeat(32) },
      { sizeBytes: index.sizeBytes + 1 },
      { parts: parts.slice(1) },
      { parts: [parts[1]!, parts[0]!, ...parts.slice(2)] },
    ]) {
      await writeFile(indexPath(), encodeIndex({ ...index, ...change }));
      await expect(store.of('red').verify('snap-1', signal)).rejects.toMatchObject(damaged);
    }
    await writeFile(indexPath(), encodeIndex(index));
    await store.of('red').verify('snap-1', signal);
    await expectOthersSound();
  });

  it('is found when it is another one’s index', async () => {
    await packPath();
    await copyFile(join(directory, 'red/snapshots/snap-2.json'), indexPath());
    await expectDamaged();
    await store.of('blue').put('snap-1', pieces(sound), options);
    await copyFile(join(directory, 'blue/snapshots/snap-1.json'), indexPath());
    await expectDamaged();
    await expectOthersSound();
  });

  it('is named by a collection, which leaves all of its tenant’s packs until it is deleted', async () => {
    const path = await packPath();
    await flipBit(indexPath(), 100);
    await store.of('red').delete('snap-2');
    expect(await store.collect(0, signal)).toEqual({
      filesRemoved: 0,
      bytesFreed: 0,
      damaged: [{ tenant: 'red', snapshotId: 'snap-1' }],
    });
    await stat(path);
    await store.of('red').delete('snap-1');
    expect(await store.collect(0, signal)).toMatchObject({ filesRemoved: 2, damaged: [] });
    expect(await readdir(packs())).toEqual([]);
  });

  it('does not spoil a later one: parts are stored anew once the damage was seen', async () => {
    const path = await packPath();
    await flipBit(path, 70_000);
    await expect(store.of('red').verify('snap-1', signal)).rejects.toMatchObject(damaged);
    await store.of('red').put('snap-3', pieces(content), options);
    await store.of('red').verify('snap-3', signal);
  });

  it('does not spoil a later one when its pack is gone or was cut off', async () => {
    const path = await packPath();
    await truncate(path, 100_000);
    store = await openStore();
    await store.of('red').put('snap-3', pieces(content), options);
    await store.of('red').verify('snap-3', signal);
    await rm(path);
    store = await openStore();
    await store.of('red').put('snap-4', pieces(content), options);
    await store.of('red').verify('snap-4', signal);
  });
});
