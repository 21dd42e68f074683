import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/orchestrator/foundation/clock.ts';
import { openDirectoryStore } from '../../../src/orchestrator/snapshots/directory/directory-store.ts';
import { collected, pieces, randomContent } from '../../helpers/snapshot-content.ts';

const MiB = 1024 * 1024;
const diskBytes = 24 * MiB;
const signal = AbortSignal.timeout(600_000);
const options = { sizeBytesMax: 2 ** 30, signal };
const full = { name: 'AppError', code: 'storage_full' };

/** A real file system of its own, which only root may mount. */
const mayMount = process.getuid?.() === 0;

describe.skipIf(!mayMount)('a disk that is full (mounting one takes root)', () => {
  let disk: string;
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'cellar-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', disk]);
  });
  afterEach(async () => {
    execFileSync('umount', [disk]);
    await rm(disk, { recursive: true });
  });

  const openStore = (reserveBytes: number) =>
    openDirectoryStore({ directory: join(disk, 'snapshots'), clock: systemClock, reserveBytes });
  const freeBytes = async () => {
    const { bavail, bsize } = await statfs(disk);
    return bavail * bsize;
  };

  it.each([
    ['to the last byte', 0],
    ['up to a reserve', 8 * MiB],
  ])('refuses a snapshot, loses nothing, and takes the next that fits: %s', async (_, reserve) => {
    const store = await openStore(reserve);
    const snapshots = store.of('red');
    const content = randomContent(3 * MiB);
    await snapshots.put('snap-1', pieces(content), options);
    const freeBefore = await freeBytes();

    let freeLeast = freeBefore;
    async function* growing() {
      for await (const bytes of pieces(randomContent(40 * MiB, 2))) {
        freeLeast = Math.min(freeLeast, await freeBytes());
        yield bytes;
      }
    }
    await expect(snapshots.put('snap-2', growing(), options)).rejects.toMatchObject(full);
    expect(freeLeast).toBeLessThan(freeBefore - 8 * MiB);
    // It looks now and then only, and a few parts are under way by then.
    if (reserve > 0) expect(freeLeast).toBeGreaterThan(2 * MiB);
    expect(await snapshots.list()).toEqual(['snap-1']);
    expect(await freeBytes()).toBe(freeBefore);
    expect((await collected(snapshots.open('snap-1', signal))).equals(content)).toBe(true);

    const next = randomContent(4 * MiB, 3);
    await snapshots.put('snap-3', pieces(next), options);
    expect((await collected(snapshots.open('snap-3', signal))).equals(next)).toBe(true);
  });

  it('refuses a snapshot whose last bytes do not fit', async () => {
    const store = await openStore(0);
    const snapshots = store.of('red');
    await snapshots.put('snap-1', pieces(randomContent(100)), options);
    // So that the pack fits to the byte, and the index does not.
    const content = randomContent(2 * MiB);
    const pageBytes = 4096;
    await writeFile(join(disk, 'filler'), Buffer.alloc((await freeBytes()) - content.length));
    expect(await freeBytes()).toBeLessThan(content.length + pageBytes);
    await expect(snapshots.put('snap-2', pieces(content), options)).rejects.toMatchObject(full);
    expect(await snapshots.list()).toEqual(['snap-1']);
    expect(await readdir(join(disk, 'snapshots/red/snapshots'))).toEqual(['snap-1.json']);
    await snapshots.verify('snap-1', signal);
    await snapshots.delete('snap-1');
    expect((await store.collect(0, signal)).filesRemoved).toBe(1);
  });

  it('is not ready, and is again when there is room', async () => {
    const store = await openStore(4 * MiB);
    await store.check(signal);
    await writeFile(join(disk, 'filler'), Buffer.alloc((await freeBytes()) - 3 * MiB));
    await expect(store.check(signal)).rejects.toMatchObject(full);
    const refused = store.of('red').put('snap-1', pieces(randomContent(10)), options);
    await expect(refused).rejects.toMatchObject(full);
    await rm(join(disk, 'filler'));
    await store.check(signal);
    expect(await readdir(join(disk, 'snapshots'))).toEqual(['red']);
  });
});
