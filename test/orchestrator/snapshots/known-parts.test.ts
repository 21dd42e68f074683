import { describe, expect, it } from 'vitest';
import { KnownParts } from '../../../src/orchestrator/snapshots/packed/known-parts.ts';

const part = (name: string, pack = 'pack') => ({
  digest: name,
  sizeBytes: 10,
  place: { pack, offset: 0, storedBytes: 5 },
});
const parts = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => part(`${prefix}${i}`));

describe('the memory of stored parts', () => {
  it('finds parts of a tenant, and none of another', () => {
    const known = new KnownParts(10);
    known.add('red', [part('a')]);
    expect(known.find('red', 'a')).toEqual(part('a').place);
    expect(known.find('blue', 'a')).toBeUndefined();
    expect([known.has('red'), known.has('blue')]).toEqual([true, false]);
  });

  it('knows the newest place of a part, and counts it once', () => {
    const known = new KnownParts(10);
    known.add('red', [part('a', 'old'), part('b', 'old')]);
    known.add('red', [part('a', 'new')]);
    expect(known.find('red', 'a')?.pack).toBe('new');
    expect(known.count).toBe(2);
  });

  it('forgets the tenant that was not used longest, wholly, when it is full', () => {
    const known = new KnownParts(10);
    known.add('red', parts('r', 4));
    known.add('blue', parts('b', 4));
    known.add('red', []);
    known.add('green', parts('g', 4));
    expect([known.has('red'), known.has('blue'), known.has('green')]).toEqual([true, false, true]);
    expect(known.count).toBe(8);
  });

  it('forgets the oldest parts of a tenant that is too large alone', () => {
    const known = new KnownParts(10);
    known.add('red', parts('a', 8));
    known.add('red', [...parts('b', 4), part('a2')]);
    expect(known.count).toBe(10);
    const found = ['a0', 'a1', 'a2', 'a3', 'b3'].filter((name) => known.find('red', name));
    expect(found).toEqual(['a2', 'a3', 'b3']);
  });

  it('forgets all that is in a pack, of one tenant', () => {
    const known = new KnownParts(10);
    known.add('red', [part('a', 'one'), part('b', 'two'), part('c', 'one')]);
    known.add('blue', [part('a', 'one')]);
    known.forgetPacks('red', new Set(['one']));
    expect(['a', 'b', 'c'].filter((name) => known.find('red', name))).toEqual(['b']);
    expect(known.find('blue', 'a')).toBeDefined();
    expect(known.count).toBe(2);
  });
});
