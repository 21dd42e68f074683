import { expect, it } from 'vitest';
import { UidPool } from '../../../src/orchestrator/sandbox/uid-pool.ts';

const range = { first: 200_000, count: 3 };

it('gives every sandbox a uid of its own', () => {
  const pool = new UidPool(range);
  expect(['a', 'b', 'c'].map((id) => pool.allocate(id))).toEqual([200_000, 200_001, 200_002]);
  expect(() => pool.allocate('d')).toThrow(expect.objectContaining({ code: 'overloaded' }));
});

it('begins wherever it is told to', () => {
  const pool = new UidPool(range, 7);
  expect(['a', 'b', 'c'].map((id) => pool.allocate(id))).toEqual([200_001, 200_002, 200_000]);
});

it('gives a released uid again, after all others', () => {
  const pool = new UidPool(range);
  pool.release(pool.allocate('a'), 'a');
  expect(['b', 'c', 'd'].map((id) => pool.allocate(id))).toEqual([200_001, 200_002, 200_000]);
});

it('leaves out uids of sandboxes that run already', () => {
  const pool = new UidPool(range);
  pool.claim(200_000, 'a');
  pool.claim(200_001, 'b');
  expect(pool.allocate('c')).toBe(200_002);
  expect(() => pool.allocate('d')).toThrow();
});

it('gives a uid again only when every sandbox that had it is gone', () => {
  const pool = new UidPool({ first: 200_000, count: 1 });
  pool.allocate('a');
  pool.claim(200_000, 'orphan');
  pool.release(200_000, 'a');
  pool.release(200_000, 'a');
  expect(() => pool.allocate('b')).toThrow();
  pool.release(200_000, 'orphan');
  expect(pool.allocate('b')).toBe(200_000);
});

it.each([
  { first: 0, count: 10 },
  { first: 999, count: 10 },
  { first: 1000, count: 0 },
  { first: 2 ** 31, count: 10 },
])('refuses the range $first + $count', (range) => {
  expect(() => new UidPool(range)).toThrow('range');
});
