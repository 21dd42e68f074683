import { describe, expect, it } from 'vitest';
import { Durability } from '../../../src/orchestrator/registry/sqlite/durability.ts';

/** A file whose syncs end when the test says so. */
function scriptedFile() {
  const syncs: PromiseWithResolvers<void>[] = [];
  let closed = false;
  return {
    syncs,
    isClosed: () => closed,
    datasync() {
      const sync = Promise.withResolvers<void>();
      syncs.push(sync);
      return sync.promise;
    },
    async close() {
      closed = true;
    },
  };
}

/** Whether the promise has settled once all that was ready to run has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const turn = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise.catch(() => null), turn])) !== pending;
}

const unavailable = { name: 'AppError', code: 'registry_unavailable' };

describe('durability', () => {
  it('makes everyone who comes during a sync wait for the next one, and share it', async () => {
    const file = scriptedFile();
    const durability = new Durability(file);
    const first = durability.sync();
    const [second, third] = [durability.sync(), durability.sync()];
    expect(file.syncs).toHaveLength(1);
    file.syncs[0]?.resolve();
    await first;
    expect(await isSettled(second)).toBe(false);
    expect(file.syncs).toHaveLength(2);
    const fourth = durability.sync();
    file.syncs[1]?.resolve();
    await Promise.all([second, third]);
    expect(await isSettled(fourth)).toBe(false);
    expect(file.syncs).toHaveLength(3);
    file.syncs[2]?.resolve();
    await fourth;
  });

  it('starts at once when nothing runs', async () => {
    const file = scriptedFile();
    const durability = new Durability(file);
    for (const number of [1, 2]) {
      const synced = durability.sync();
      expect(file.syncs).toHaveLength(number);
      file.syncs[number - 1]?.resolve();
      await synced;
      await isSettled(synced);
    }
  });

  it('stays failed after one failed sync, for those who waited and all who come', async () => {
    const file = scriptedFile();
    const durability = new Durability(file);
    const waiting = [durability.sync(), durability.sync()];
    file.syncs[0]?.reject(new Error('EIO'));
    for (const wait of waiting) await expect(wait).rejects.toMatchObject(unavailable);
    await expect(durability.sync()).rejects.toMatchObject(unavailable);
    expect(() => durability.assertSound()).toThrow(expect.objectContaining(unavailable));
    expect(file.syncs).toHaveLength(1);
  });

  it('does not ask the disk again after a failure: it might say yes and be wrong', async () => {
    const file = scriptedFile();
    const durability = new Durability(file);
    const failing = durability.sync();
    file.syncs[0]?.reject(new Error('EIO'));
    await expect(failing).rejects.toMatchObject(unavailable);
    await isSettled(failing);
    await expect(durability.sync()).rejects.toMatchObject(unavailable);
    expect(file.syncs).toHaveLength(1);
  });

  it('waits for the running sync before it closes the file', async () => {
    const file = scriptedFile();
    const durability = new Durability(file);
    void durability.sync();
    const closing = durability.close();
    expect(await isSettled(closing)).toBe(false);
    expect(file.isClosed()).toBe(false);
    file.syncs[0]?.resolve();
    await closing;
    expect(file.isClosed()).toBe(true);
  });
});
