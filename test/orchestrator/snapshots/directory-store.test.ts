import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/orchestrator/foundation/clock.ts';
import { openDirectoryStore } from '../../../src/orchestrator/snapshots/directory/directory-store.ts';
import { decodeIndex } from '../../../src/orchestrator/snapshots/packed/snapshot-index.ts';
import { describeSnapshotStore } from '../../contracts/describe-snapshot-store.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { collected, hanging, pieces, randomContent } from '../../helpers/snapshot-content.ts';

const MiB = 1024 * 1024;
const signal = AbortSignal.timeout(600_000);
const options = { sizeBytesMax: 100 * MiB, signal };
const failed = { name: 'AppError', code: 'storage_failed' };

describeSnapshotStore('directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cellar-snapshots-'));
  return {
    open: () => openDirectoryStore({ directory, clock: systemClock, reserveBytes: 0 }),
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true }),
  };
});

describe('a directory of snapshots', () => {
  let directory: string;
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'cellar-snapshots-')), 'snapshots');
  });
  afterEach(() => rm(join(directory, '..'), { recursive: true }));

  const openStore = (changes: Partial<Parameters<typeof openDirectoryStore>[0]> = {}) =>
    openDirectoryStore({ directory, clock: systemClock, reserveBytes: 0, ...changes });

  async function files(): Promise<string[]> {
    const names = await readdir(directory, { recursive: true });
    return names.filter((name) => /\.[a-z]+$/.test(name)).sort();
  }

  it('is for the eyes of its user only', async () => {
    const store = await openStore();
    await store.of('red').put('snap-1', pieces(randomContent(1000)), options);
    for (const path of ['', 'red', 'red/snapshots', 'red/packs'])
      expect((await stat(join(directory, path))).mode & 0o777).toBe(0o700);
    expect(await files()).toHaveLength(2);
    for (const path of await files())
      expect((await stat(join(directory, path))).mode & 0o777).toBe(0o600);
  });

  it('has parts in their order, though some take longer to compress', async () => {
    const store = await openStore();
    const text = Buffer.alloc(5 * MiB, 'as text is, compressible. ');
    const content = Buffer.concat([randomContent(8 * MiB), text, randomContent(8 * MiB)]);
    await store.of('red').put('snap-1', pieces(content), options);
    const index = await readFile(join(directory, 'red/snapshots/snap-1.json'), 'utf8');
    const { parts } = decodeIndex(index, 'red', 'snap-1')!;
    const firsts = new Map(parts.map(({ digest, place }) => [digest, place.offset]));
    const offsets = [...firsts.values()];
    expect(offsets.length).toBeGreaterThan(50);
    expect(offsets).toEqual(offsets.toSorted((left, right) => left - right));
  });

  it('has two files for a snapshot, one for a snapshot that brings nothing new', async () => {
    const store = await openStore();
    const snapshots = store.of('red');
    await snapshots.put('snap-1', pieces(randomContent(10 * MiB)), options);
    await snapshots.put('snap-2', pieces(randomContent(10 * MiB)), options);
    await snapshots.put('snap-3', pieces(Buffer.alloc(0)), options);
    expect((await files()).map((name) => name.replace(/[0-9a-f]{32}/, 'id'))).toEqual([
      'red/packs/id.pack',
      'red/snapshots/snap-1.json',
      'red/snapshots/snap-2.json',
      'red/snapshots/snap-3.json',
    ]);
  });

  it('says truly how many bytes a snapshot has added', async () => {
    const store = await openStore();
    for (const seed of [1, 2]) {
      const before = await bytesOnDisk();
      const content = Buffer.concat([randomContent(1 * MiB), randomContent(1 * MiB, seed)]);
      const { storedBytes } = await store.of('red').put(`snap-${seed}`, pieces(content), options);
      expect(storedBytes).toBe((await bytesOnDisk()) - before);
    }
  });

  async function bytesOnDisk(): Promise<number> {
    const sizes = (await files()).map(async (name) => (await stat(join(directory, name))).size);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  it('keeps what dead writes left for the time of grace, then removes it', async () => {
    const clock = new FakeClock(Date.now());
    const store = await openStore({ clock });
    await store.of('red').put('snap-1', pieces(randomContent(1000)), options);
    const garbage = [`red/packs/${'a'.repeat(32)}.pack`, 'red/snapshots/snap-2.json.temporary'];
    for (const name of garbage) {
      await writeFile(join(directory, name), 'half');
      await utimes(join(directory, name), clock.now() / 1000, clock.now() / 1000);
    }
    clock.advance(59_000);
    expect(await store.collect(60_000, signal)).toMatchObject({ filesRemoved: 0 });
    clock.advance(2000);
    expect(await store.collect(60_000, signal)).toEqual({
      filesRemoved: 2,
      bytesFreed: 8,
      damaged: [],
    });
    await store.of('red').verify('snap-1', signal);
    expect(await files()).toHaveLength(2);
  });

  it('leaves the pack of a running put alone, however old it is', async () => {
    const clock = new FakeClock(Date.now());
    const store = await openStore({ clock });
    const { content, reached } = hanging(randomContent(5 * MiB));
    const abort = new AbortController();
    const putting = store.of('red').put('snap-1', content, { ...options, signal: abort.signal });
    await reached;
    const before = await files();
    clock.advance(3_600_000);
    expect(await store.collect(0, signal)).toMatchObject({ filesRemoved: 0 });
    expect(await files()).toEqual(before);
    expect(before).toHaveLength(1);
    abort.abort();
    await expect(putting).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(await files()).toEqual([]);
  });

  it('leaves files alone that are not its own', async () => {
    const store = await openStore();
    await store.of('red').put('snap-1', pieces(randomContent(1000)), options);
    for (const name of ['notes.txt', 'red/notes.txt', 'red/packs/notes.txt', 'red/snapshots/a.txt'])
      await writeFile(join(directory, name), 'important');
    expect(await store.collect(0, signal)).toMatchObject({ filesRemoved: 0, damaged: [] });
    expect(await files()).toHaveLength(6);
    expect(await store.of('red').list()).toEqual(['snap-1']);
  });

  it('works with a memory too small for one snapshot, only not as sparingly', async () => {
    const store = await openStore({ partsKnownMax: 5 });
    const content = randomContent(3 * MiB);
    for (const tenant of ['red', 'blue', 'red', 'blue'])
      await store
        .of(tenant)
        .put(`snap-${(await store.of(tenant).list()).length}`, pieces(content), options);
    for (const tenant of ['red', 'blue']) {
      for (const id of ['snap-0', 'snap-1'])
        expect((await collected(store.of(tenant).open(id, signal))).equals(content)).toBe(true);
    }
  });

  it('reads a snapshot that lies in more packs than may be open', async () => {
    const store = await openStore();
    const snapshots = store.of('red');
    const all: Buffer[] = [];
    for (let number = 0; number < 40; number++) {
      all.push(randomContent(100_000, number));
      await snapshots.put(`snap-${number}`, pieces(Buffer.concat(all)), options);
    }
    expect((await files()).filter((name) => name.endsWith('.pack'))).toHaveLength(40);
    const read = await collected(snapshots.open('snap-39', signal));
    expect(read.equals(Buffer.concat(all))).toBe(true);
  });

  it('says so when it cannot be written or read, and works again when it can', async () => {
    const store = await openStore();
    await writeFile(join(directory, 'red'), 'not a directory');
    const snapshots = store.of('red');
    const put = () => snapshots.put('snap-1', pieces(randomContent(1000)), options);
    await expect(put()).rejects.toMatchObject(failed);
    await expect(snapshots.list()).rejects.toMatchObject(failed);
    await expect(snapshots.delete('snap-1')).rejects.toMatchObject(failed);
    await expect(snapshots.verify('snap-1', signal)).rejects.toMatchObject(failed);
    await rm(join(directory, 'red'));
    await put();
    await snapshots.verify('snap-1', signal);
    await rm(directory, { recursive: true });
    await expect(store.check(signal)).rejects.toMatchObject(failed);
    await expect(store.collect(0, signal)).rejects.toMatchObject(failed);
  });

  it('stores small snapshots one after another without a large buffer for each', async () => {
    const store = await openStore();
    const put = (number: number) =>
      store.of('red').put(`snap-${number}`, pieces(randomContent(5000, number)), options);
    await put(0);
    const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
    try {
      for (let number = 1; number < 10; number++) await put(number);
      expect(allocate.mock.calls.filter(([sizeBytes]) => sizeBytes > 64 * 1024)).toEqual([]);
    } finally {
      allocate.mockRestore();
    }
  });

  it('takes about the same memory for a small snapshot and for a large one', {
    timeout: 120_000,
  }, async () => {
    const program = join(import.meta.dirname, '../../helpers/snapshot-memory.ts');
    const sizes = [32 * MiB, 256 * MiB].map(String);
    const { stdout } = await promisify(execFile)(process.execPath, [program, directory, ...sizes]);
    const { grownBytes, bufferBytesMax } = JSON.parse(stdout);
    // Garbage that was not collected yet is among them.
    expect(grownBytes).toBeLessThan(128 * MiB);
    expect(bufferBytesMax).toBeLessThan(128 * MiB);
  });
});
