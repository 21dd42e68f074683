import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/orchestrator/foundation/clock.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { DirectoryStorage } from '../../../src/orchestrator/snapshots/directory/directory-storage.ts';
import type {
  PackStorage,
  TenantStorage,
} from '../../../src/orchestrator/snapshots/packed/pack-storage.ts';
import { PackedStore } from '../../../src/orchestrator/snapshots/packed/packed-store.ts';
import { collected, hanging, pieces, randomContent } from '../../helpers/snapshot-content.ts';

const signal = AbortSignal.timeout(60_000);
const options = { sizeBytesMax: 2 ** 30, signal };

describe('a collection', () => {
  let directory: string;
  let storage: DirectoryStorage;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cellar-snapshots-'));
    storage = new DirectoryStorage(directory, 0);
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** A storage whose tenants behave otherwise in one way. */
  function storeWith(change: (tenant: TenantStorage) => void): PackedStore {
    const changed: PackStorage = {
      of(name) {
        const tenant = storage.of(name);
        change(tenant);
        return tenant;
      },
      tenants: () => storage.tenants(),
      check: (signal) => storage.check(signal),
    };
    return new PackedStore({ storage: changed, clock: systemClock });
  }

  const plain = () => new PackedStore({ storage, clock: systemClock });
  const packs = () => readdir(join(directory, 'red/packs'));

  it('removes nothing when an index cannot be read just now', async () => {
    await plain()
      .of('red')
      .put('snap-1', pieces(randomContent(100_000)), options);
    const store = storeWith((tenant) => {
      tenant.readIndex = async () => {
        throw new AppError('storage_failed');
      };
    });
    await expect(store.collect(0, signal)).rejects.toMatchObject({ code: 'storage_failed' });
    expect(await packs()).toHaveLength(1);
  });

  it('reads a tenant’s indexes again only when something has changed', async () => {
    let reads = 0;
    const store = storeWith((tenant) => {
      const readIndex = tenant.readIndex.bind(tenant);
      tenant.readIndex = (snapshotId, signal) => {
        reads++;
        return readIndex(snapshotId, signal);
      };
    });
    const readsOf = async (work: () => Promise<unknown>) => {
      const before = reads;
      await work();
      return reads - before;
    };
    const snapshots = store.of('red');
    for (const seed of [1, 2])
      await snapshots.put(`snap-${seed}`, pieces(randomContent(100_000, seed)), options);
    expect(await readsOf(() => store.collect(0, signal))).toBe(2);
    expect(await readsOf(() => store.collect(0, signal))).toBe(0);
    await snapshots.delete('snap-1');
    expect(await readsOf(() => store.collect(0, signal))).toBe(1);
    expect(await packs()).toHaveLength(1);

    // What a put that fails has left is looked for as well.
    await store.collect(0, signal);
    const abort = new AbortController();
    const { content, reached } = hanging(randomContent(100_000, 3));
    const putting = snapshots.put('snap-3', content, { ...options, signal: abort.signal });
    await reached;
    abort.abort();
    await expect(putting).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(await readsOf(() => store.collect(0, signal))).toBe(1);
  });

  it('comes back to what was too young', async () => {
    const store = plain();
    await store.of('red').put('snap-1', pieces(randomContent(100_000)), options);
    await store.of('red').delete('snap-1');
    expect((await store.collect(3_600_000, signal)).filesRemoved).toBe(0);
    expect((await store.collect(3_600_000, signal)).filesRemoved).toBe(0);
    expect((await store.collect(0, signal)).filesRemoved).toBe(1);
  });
});

describe('a store that could not learn what is stored', () => {
  it('learns it with the next put', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cellar-snapshots-'));
    const storage = new DirectoryStorage(directory, 0);
    const content = randomContent(1_000_000);
    const first = new PackedStore({ storage, clock: systemClock });
    await first.of('red').put('snap-1', pieces(content), options);

    let failures = 1;
    const tenant = storage.of('red');
    const readIndex = tenant.readIndex.bind(tenant);
    tenant.readIndex = async (snapshotId) => {
      if (failures-- > 0) throw new AppError('storage_failed');
      return await readIndex(snapshotId);
    };
    const store = new PackedStore({
      storage: { of: () => tenant, tenants: () => storage.tenants(), check: async () => {} },
      clock: systemClock,
    });
    const put = (id: string) => store.of('red').put(id, pieces(content), options);
    await expect(put('snap-2')).rejects.toMatchObject({ code: 'storage_failed' });
    expect((await put('snap-3')).storedBytes).toBeLessThan(10_000);
    expect((await collected(store.of('red').open('snap-3', signal))).equals(content)).toBe(true);
    await rm(directory, { recursive: true });
  });
});
