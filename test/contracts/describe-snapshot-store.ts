// What every snapshot store promises, wherever it keeps them. Run it with a function that opens a store over the same
// data each time it is called within one test.
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/orchestrator/foundation/errors.ts';
import type {
  SnapshotStore,
  StoredSnapshot,
} from '../../src/orchestrator/snapshots/snapshot-store.ts';
import {
  collected,
  failing,
  hanging,
  pieces,
  randomContent,
  textContent,
} from '../helpers/snapshot-content.ts';

export type SnapshotHome = AsyncDisposable & { open(): Promise<SnapshotStore> };

const KiB = 1024;
const MiB = 1024 * KiB;

export function describeSnapshotStore(name: string, makeHome: () => Promise<SnapshotHome>): void {
  describe(`snapshot store: ${name}`, () => {
    let home: SnapshotHome;
    let store: SnapshotStore;
    const signal = AbortSignal.timeout(600_000);

    beforeEach(async () => {
      home = await makeHome();
      store = await home.open();
    });
    afterEach(() => home[Symbol.asyncDispose]());

    const options = { sizeBytesMax: 100 * MiB, signal };
    const put = (id: string, content: Buffer, tenant = 'red'): Promise<StoredSnapshot> =>
      store.of(tenant).put(id, pieces(content), options);
    const read = (id: string, tenant = 'red') => collected(store.of(tenant).open(id, signal));

    async function expectStored(id: string, content: Buffer, tenant = 'red'): Promise<void> {
      expect((await read(id, tenant)).equals(content)).toBe(true);
    }

    describe('a round trip', () => {
      it.each([0, 1, 16 * KiB, 16 * KiB + 1, 64 * KiB, 256 * KiB - 1, 256 * KiB, 256 * KiB + 1])(
        'gives %i bytes back as they came, after reopening too',
        async (sizeBytes) => {
          const content = randomContent(sizeBytes);
          const stored = await put('snap-1', content);
          expect(stored).toMatchObject({
            sizeBytes,
            checksum: createHash('sha256').update(content).digest('hex'),
          });
          await expectStored('snap-1', content);
          store = await home.open();
          await expectStored('snap-1', content);
          expect(await store.of('red').list()).toEqual(['snap-1']);
        },
      );

      it.each([
        ['random bytes', randomContent],
        ['text', textContent],
        ['zeros', (sizeBytes: number) => Buffer.alloc(sizeBytes)],
      ])('gives 50 MiB of %s back as they came', async (_, make) => {
        const content = make(50 * MiB);
        expect((await put('snap-1', content)).sizeBytes).toBe(content.length);
        await expectStored('snap-1', content);
        await store.of('red').verify('snap-1', signal);
      });

      it('does not depend on the pieces in which the content comes', async () => {
        const content = randomContent(700 * KiB);
        const sizes = [1000, 100_000, content.length];
        const first = await put('snap-0', content);
        for (const size of sizes) {
          const id = `snap-${size}`;
          const stored = await store.of('red').put(id, pieces(content, size), options);
          expect(stored.checksum).toBe(first.checksum);
          expect(stored.storedBytes).toBeLessThan(first.storedBytes / 50);
          await expectStored(id, content);
        }
      });

      it('takes pieces whose buffer is used again', async () => {
        const content = randomContent(500 * KiB);
        async function* reusing(): AsyncGenerator<Uint8Array> {
          const buffer = new Uint8Array(10_000);
          for await (const piece of pieces(content, buffer.length)) {
            buffer.set(piece);
            yield buffer.subarray(0, piece.length);
          }
        }
        await store.of('red').put('snap-1', reusing(), options);
        await expectStored('snap-1', content);
      });

      it('takes pieces that are empty', async () => {
        async function* some(): AsyncGenerator<Uint8Array> {
          yield* [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(0), Buffer.from('b')];
        }
        await store.of('red').put('snap-1', some(), options);
        await expectStored('snap-1', Buffer.from('ab'));
      });
    });

    describe('what was stored before', () => {
      it('is not stored again, from whichever session and after reopening', async () => {
        const content = randomContent(10 * MiB);
        const first = await put('snap-1', content);
        expect(first.storedBytes).toBeGreaterThan(10 * MiB);
        expect((await put('snap-2', content)).storedBytes).toBeLessThan(100 * KiB);
        store = await home.open();
        expect((await put('snap-3', content)).storedBytes).toBeLessThan(100 * KiB);
        for (const id of ['snap-1', 'snap-2', 'snap-3']) await expectStored(id, content);
      });

      it('is found again around what was inserted, changed and cut out', async () => {
        const content = randomContent(10 * MiB);
        await put('snap-1', content);
        const changed = Buffer.concat([
          Buffer.from('inserted'),
          content.subarray(0, 3 * MiB),
          content.subarray(3 * MiB + 12_345, 7 * MiB),
          Buffer.from('changed'),
          content.subarray(7 * MiB + 7),
        ]);
        const { storedBytes } = await put('snap-2', changed);
        // Three places, about two parts each.
        expect(storedBytes).toBeLessThan(1.5 * MiB);
        await expectStored('snap-2', changed);
      });

      it('is stored once when it is there twice in one snapshot', async () => {
        const once = randomContent(4 * MiB);
        const content = Buffer.concat([once, once, once]);
        expect((await put('snap-1', content)).storedBytes).toBeLessThan(5 * MiB);
        await expectStored('snap-1', content);
      });

      it('takes less when it can be compressed, and hardly more when it cannot', async () => {
        expect((await put('snap-1', textContent(4 * MiB))).storedBytes).toBeLessThan(2 * MiB);
        expect((await put('snap-2', randomContent(4 * MiB))).storedBytes).toBeLessThan(4.1 * MiB);
      });

      it('survives the deletion of the snapshot that brought it', async () => {
        const content = randomContent(3 * MiB);
        await put('snap-1', content);
        await put('snap-2', Buffer.concat([content, Buffer.from('more')]));
        await store.of('red').delete('snap-1');
        await store.collect(0, signal);
        await expectStored('snap-2', Buffer.concat([content, Buffer.from('more')]));
      });
    });

    describe('a put that does not succeed', () => {
      /** Nothing is offered, nothing is left once garbage was collected, and the id can be used. */
      async function expectNothing(id: string): Promise<void> {
        expect(await store.of('red').list()).toEqual([]);
        await expect(read(id)).rejects.toMatchObject(code('snapshot_not_found'));
        expect(await store.collect(0, signal)).toMatchObject({ filesRemoved: 0 });
        await put(id, randomContent(1000));
        await expectStored(id, randomContent(1000));
      }

      it('leaves nothing when the content fails, and gives its error unchanged', async () => {
        const error = Object.assign(new Error('gone'), { code: 'ENOSPC', syscall: 'read' });
        const failed = store
          .of('red')
          .put('snap-1', failing(randomContent(5 * MiB), error), options);
        await expect(failed).rejects.toBe(error);
        await expectNothing('snap-1');
      });

      it('leaves nothing when the content is too large, and pulls no more of it', async () => {
        let pulled = 0;
        async function* endless(): AsyncGenerator<Buffer> {
          for (;;) {
            pulled += 64 * KiB;
            yield randomContent(64 * KiB, pulled % 251);
          }
        }
        const failed = store.of('red').put('snap-1', endless(), { sizeBytesMax: 3 * MiB, signal });
        await expect(failed).rejects.toMatchObject(code('snapshot_too_large'));
        expect(pulled).toBe(3 * MiB + 64 * KiB);
        await expectNothing('snap-1');
      });

      it('is over when it would take its tenant over what that may have stored', async () => {
        const tenantBytesMax = 3 * MiB;
        const bounded = (id: string, content: Buffer, tenant = 'red') =>
          store.of(tenant).put(id, pieces(content), { ...options, tenantBytesMax });
        const full = code('tenant_storage_full');
        const [first, second] = [randomContent(2 * MiB, 1), randomContent(2 * MiB, 2)];
        await bounded('snap-1', first);
        await expect(bounded('snap-2', second)).rejects.toMatchObject(full);
        expect(await store.of('red').list()).toEqual(['snap-1']);
        expect(await store.collect(0, signal)).toMatchObject({ filesRemoved: 0 });
        // What is there already takes no more room, and others have room of their own.
        await bounded('snap-3', first);
        await bounded('snap-1', second, 'blue');
        store = await home.open();
        await expect(bounded('snap-2', second)).rejects.toMatchObject(full);
        for (const id of ['snap-1', 'snap-3']) await store.of('red').delete(id);
        await expect(bounded('snap-2', second)).rejects.toMatchObject(full);
        await store.collect(0, signal);
        await bounded('snap-2', second);
      });

      it('is over for one of two that together would take their tenant over it', async () => {
        const puts = [1, 2].map((seed) =>
          store.of('red').put(`snap-${seed}`, pieces(randomContent(2 * MiB, seed)), {
            ...options,
            tenantBytesMax: 3 * MiB,
          }),
        );
        const outcomes = await Promise.allSettled(puts);
        expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(2);
      });

      it('takes content of exactly the size that is allowed', async () => {
        const content = randomContent(1000);
        const stored = store
          .of('red')
          .put('snap-1', pieces(content, 999), { sizeBytesMax: 1000, signal });
        expect((await stored).sizeBytes).toBe(1000);
      });

      it('ends at once when the signal fires, even while the content hangs', async () => {
        const abort = new AbortController();
        const { content, reached, ended } = hanging(randomContent(5 * MiB));
        const putting = store
          .of('red')
          .put('snap-1', content, { ...options, signal: abort.signal });
        await reached;
        abort.abort(new AppError('shutting_down'));
        await expect(putting).rejects.toMatchObject(code('shutting_down'));
        await ended;
        await expectNothing('snap-1');
      });

      it('says that the time is over when the signal was a deadline', async () => {
        const putting = store
          .of('red')
          .put('snap-1', pieces(randomContent(1000)), { ...options, signal: AbortSignal.abort() });
        await expect(putting).rejects.toMatchObject(code('deadline_exceeded'));
        await expectNothing('snap-1');
      });

      it('is not offered while it runs', async () => {
        const { content, reached } = hanging(randomContent(5 * MiB));
        const abort = new AbortController();
        const putting = store
          .of('red')
          .put('snap-1', content, { ...options, signal: abort.signal });
        await reached;
        expect(await store.of('red').list()).toEqual([]);
        await expect(read('snap-1')).rejects.toMatchObject(code('snapshot_not_found'));
        abort.abort();
        await expect(putting).rejects.toMatchObject(code('deadline_exceeded'));
      });

      it('refuses an id that is in use, or being put, and leaves that one alone', async () => {
        const content = randomContent(2 * MiB);
        const first = put('snap-1', content);
        await expect(put('snap-1', randomContent(10))).rejects.toThrow('snap-1');
        await first;
        await expect(put('snap-1', randomContent(10))).rejects.toThrow('snap-1');
        await expectStored('snap-1', content);
      });
    });

    describe('an open', () => {
      it('throws when there is no such snapshot', async () => {
        await expect(read('snap-1')).rejects.toMatchObject(code('snapshot_not_found'));
        const verified = store.of('red').verify('snap-1', signal);
        await expect(verified).rejects.toMatchObject(code('snapshot_not_found'));
      });

      it('ends at once when its signal fires', async () => {
        await put('snap-1', randomContent(3 * MiB));
        const abort = new AbortController();
        const content = store.of('red').open('snap-1', abort.signal)[Symbol.asyncIterator]();
        expect((await content.next()).done).toBe(false);
        abort.abort();
        await expect(content.next()).rejects.toMatchObject(code('deadline_exceeded'));
      });

      it('can be given up in the middle', async () => {
        await put('snap-1', randomContent(3 * MiB));
        for await (const _ of store.of('red').open('snap-1', signal)) break;
        await store.of('red').delete('snap-1');
        expect((await store.collect(0, signal)).bytesFreed).toBeGreaterThanOrEqual(3 * MiB);
      });

      it('goes on to its end although the snapshot is deleted and its space collected', async () => {
        const content = randomContent(8 * MiB);
        await put('snap-1', content);
        const opened = store.of('red').open('snap-1', signal)[Symbol.asyncIterator]();
        const read = [(await opened.next()).value as Buffer];
        await store.of('red').delete('snap-1');
        await store.collect(0, signal);
        for (let next = await opened.next(); !next.done; next = await opened.next())
          read.push(next.value);
        expect(Buffer.concat(read).equals(content)).toBe(true);
        expect((await store.collect(0, signal)).bytesFreed).toBeGreaterThanOrEqual(8 * MiB);
      });
    });

    describe('deletion and collection', () => {
      it('takes a snapshot away for good, and no error to delete it again', async () => {
        await put('snap-1', randomContent(1000));
        await put('snap-2', randomContent(1000));
        await store.of('red').delete('snap-1');
        await store.of('red').delete('snap-1');
        await store.of('blue').delete('snap-1');
        expect(await store.of('red').list()).toEqual(['snap-2']);
        store = await home.open();
        expect(await store.of('red').list()).toEqual(['snap-2']);
        await expect(read('snap-1')).rejects.toMatchObject(code('snapshot_not_found'));
      });

      it('gives back the space of what nobody needs, and nothing else', async () => {
        const [kept, shared, own] = [1, 2, 3].map((seed) => randomContent(2 * MiB, seed)) as [
          Buffer,
          Buffer,
          Buffer,
        ];
        await put('snap-1', Buffer.concat([shared, own]));
        await put('snap-2', Buffer.concat([shared, kept]));
        expect(await store.collect(0, signal)).toEqual({
          filesRemoved: 0,
          bytesFreed: 0,
          damaged: [],
        });
        await store.of('red').delete('snap-2');
        const { bytesFreed } = await store.collect(0, signal);
        expect(bytesFreed).toBeGreaterThan(1.7 * MiB);
        expect(bytesFreed).toBeLessThan(2.6 * MiB);
        await expectStored('snap-1', Buffer.concat([shared, own]));
      });

      it('takes at most twice what is needed, however little of each snapshot is kept', async () => {
        let kept = Buffer.alloc(0);
        let takenBytes = 0;
        for (let round = 0; round < 8; round++) {
          // What grows stays, all else is different each time.
          kept = Buffer.concat([kept, randomContent(300 * KiB, 100 + round)]);
          const content = Buffer.concat([kept, randomContent(2 * MiB, 200 + round)]);
          takenBytes += (await put(`snap-${round}`, content)).storedBytes;
          if (round > 0) await store.of('red').delete(`snap-${round - 1}`);
          takenBytes -= (await store.collect(0, signal)).bytesFreed;
          expect(takenBytes).toBeLessThan(2 * content.length);
          await expectStored(`snap-${round}`, content);
          if (round % 2 === 0) store = await home.open();
        }
        // What was moved is still found.
        const again = Buffer.concat([kept, Buffer.from('more')]);
        expect((await put('again', again)).storedBytes).toBeLessThan(500 * KiB);
        await expectStored('again', again);
      });

      it('stores anew what was collected', async () => {
        const content = randomContent(2 * MiB);
        await put('snap-1', content);
        await store.of('red').delete('snap-1');
        await store.collect(0, signal);
        expect((await put('snap-2', content)).storedBytes).toBeGreaterThan(2 * MiB);
        await expectStored('snap-2', content);
      });

      it('leaves what a running put has found to be there already', async () => {
        const content = randomContent(4 * MiB);
        await put('snap-1', content);
        const release = Promise.withResolvers<void>();
        const reached = Promise.withResolvers<void>();
        async function* waiting(): AsyncGenerator<Buffer> {
          yield* pieces(content);
          reached.resolve();
          await release.promise;
          yield Buffer.from('the end');
        }
        const putting = store.of('red').put('snap-2', waiting(), options);
        await reached.promise;
        await store.of('red').delete('snap-1');
        await store.collect(0, signal);
        release.resolve();
        expect((await putting).storedBytes).toBeLessThan(500 * KiB);
        await store.collect(0, signal);
        await expectStored('snap-2', Buffer.concat([content, Buffer.from('the end')]));
      });

      it('runs beside puts, opens and deletes, and every snapshot stays what it was', async () => {
        const base = randomContent(3 * MiB);
        const version = (round: number) =>
          Buffer.concat([base.subarray(0, 2 * MiB + round), randomContent(256 * KiB, round), base]);
        let isDone = false;
        const collecting = (async () => {
          while (!isDone) await store.collect(0, signal);
        })();
        const session = async (prefix: string, seed: number) => {
          for (let round = 0; round < 12; round++) {
            await put(`${prefix}-${round}`, version(seed + round));
            if (round >= 2) await store.of('red').delete(`${prefix}-${round - 2}`);
            if (round >= 1) await expectStored(`${prefix}-${round - 1}`, version(seed + round - 1));
          }
        };
        await Promise.all([session('a', 10), session('b', 15), session('c', 100)]);
        isDone = true;
        await collecting;
        store = await home.open();
        for (const [prefix, seed] of [
          ['a', 10],
          ['b', 15],
          ['c', 100],
        ] as const) {
          for (const round of [10, 11])
            await expectStored(`${prefix}-${round}`, version(seed + round));
        }
        expect(await store.of('red').list()).toHaveLength(6);
      });

      it('stops when its signal fires', async () => {
        await put('snap-1', randomContent(1000));
        const collecting = store.collect(0, AbortSignal.abort(new AppError('shutting_down')));
        await expect(collecting).rejects.toMatchObject(code('shutting_down'));
      });
    });

    it('stores the same content from two puts at once, both wholly', async () => {
      const content = randomContent(6 * MiB);
      await Promise.all([put('snap-1', content), put('snap-2', content)]);
      expect((await put('snap-3', content)).storedBytes).toBeLessThan(100 * KiB);
      await store.of('red').delete('snap-1');
      await store.collect(0, signal);
      for (const id of ['snap-2', 'snap-3']) await expectStored(id, content);
    });

    it('keeps tenants apart: neither ids nor equal bytes are shared', async () => {
      const content = randomContent(2 * MiB);
      const first = await put('snap-1', content, 'red');
      const second = await put('snap-2', content, 'blue');
      expect(Math.abs(second.storedBytes - first.storedBytes)).toBeLessThan(100);
      expect(await store.of('red').list()).toEqual(['snap-1']);
      await expect(read('snap-1', 'blue')).rejects.toMatchObject(code('snapshot_not_found'));
      await put('snap-1', randomContent(10), 'blue');
      await store.of('red').delete('snap-1');
      await store.collect(0, signal);
      await expectStored('snap-2', content, 'blue');
      await expectStored('snap-1', randomContent(10), 'blue');
    });

    it.each([
      '',
      '.',
      '..',
      '../x',
      'a/b',
      'a\\b',
      'a\0b',
      'A',
      'é',
      'a.json',
      '-a',
      'a b',
      'a\n',
      'x'.repeat(129),
    ])('refuses the id %j, of a snapshot and of a tenant', async (id) => {
      const snapshots = store.of('red');
      await expect(snapshots.put(id, pieces(Buffer.from('a')), options)).rejects.toThrow(
        'not an id',
      );
      expect(() => snapshots.open(id, signal)).toThrow('not an id');
      await expect(snapshots.verify(id, signal)).rejects.toThrow('not an id');
      await expect(snapshots.delete(id)).rejects.toThrow('not an id');
      expect(() => store.of(id)).toThrow('not a name');
      expect(await store.of('red').list()).toEqual([]);
    });

    it('says that it can be written', async () => {
      await store.check(signal);
    });
  });
}

function code(expected: string) {
  return { name: 'AppError', code: expected };
}
