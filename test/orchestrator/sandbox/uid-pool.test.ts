import { expect, it } from 'vitest';
import { UidPool } from '../../../src/orchestrator/sandbox/uid-pool.ts';

it('gives every sandbox a uid of its own', () => {
  const pool = new UidPool({ first: 200_000, count: 3 });
  expect([pool.allocate(), pool.allocate(), pool.allocate()]).toEqual([200_000, 200_001, 200_002]);
  expect(() => pool.allocate()).toThrow(expect.objectContaining({ code: 'overloaded' }));
});

it('gives a released uid again, after all others', () => {
  const pool = new UidPool({ first: 200_000, count: 3 });
  pool.release(pool.allocate());
  expect([pool.allocate(), pool.allocate(), pool.allocate()]).toEqual([200_001, 200_002, 200_000]);
});

it('leaves out uids of sandboxes that run already', () => {
  const pool = new UidPool({ first: 200_000, count: 3 }, [200_000]);
  pool.claim(200_001);
  expect(pool.allocate()).toBe(200_002);
  expect(() => pool.allocate()).toThrow();
});

it.each([
  { first: 0, count: 10 },
  { first: 999, count: 10 },
  { first: 1000, count: 0 },
  { first: 2 ** 31, count: 10 },
])('refuses the range $first + $count', (range) => {
  expect(() => new UidPool(range)).toThrow('range');
});
