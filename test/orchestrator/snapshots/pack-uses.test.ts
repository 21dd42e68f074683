import { describe, expect, it } from 'vitest';
import { PackUses } from '../../../src/orchestrator/snapshots/packed/pack-uses.ts';

describe('the uses of packs', () => {
  it('are seen by a watch when they were there before it, or came and went during it', () => {
    const uses = new PackUses();
    const before = uses.begin();
    before.add('before');
    uses.begin().add('lasting');
    {
      using over = uses.begin();
      over.add('over');
    }
    using watch = uses.watch();
    before[Symbol.dispose]();
    {
      using during = uses.begin();
      during.add('during');
    }
    expect([...watch.seen].sort()).toEqual(['before', 'during', 'lasting']);
  });

  it('last until the last of them has ended, however often one was told of a pack', () => {
    const uses = new PackUses();
    const [first, second] = [uses.begin(), uses.begin()];
    first.add('pack');
    first.add('pack');
    second.add('pack');
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(uses.watch().seen.has('pack')).toBe(true);
    second[Symbol.dispose]();
    expect(uses.watch().seen.has('pack')).toBe(false);
  });

  it('wait for arrivals that have begun, whether they succeed or fail', async () => {
    const uses = new PackUses();
    const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const arrivals = [uses.arrive(() => first.promise), uses.arrive(() => second.promise)];
    let isSettled = false;
    const settled = uses.settled().then(() => {
      isSettled = true;
    });
    first.resolve('here');
    expect(await arrivals[0]).toBe('here');
    expect(isSettled).toBe(false);
    second.reject(new Error('lost'));
    await expect(arrivals[1]).rejects.toThrow('lost');
    await settled;
  });
});
