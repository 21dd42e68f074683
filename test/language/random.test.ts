import { describe, expect, it } from 'vitest';
import { Random } from '../../src/language/runtime/random.ts';

const take = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => random.next());

describe('the session’s random numbers', () => {
  it('repeat with their seed and differ between seeds', () => {
    expect(take(new Random(7), 20)).toEqual(take(new Random(7), 20));
    const first = [0, 1, 2, -1, 0.5, 2 ** 32, 2 ** 40].map((seed) => new Random(seed).next());
    expect(new Set(first).size).toBe(first.length);
  });

  it('start over when they are seeded again', () => {
    const random = new Random(1);
    const before = take(random, 5);
    random.seed(1);
    expect(take(random, 5)).toEqual(before);
  });

  it('lie in [0,1), evenly', () => {
    const counts = new Array<number>(10).fill(0);
    for (const value of take(new Random(3), 100_000)) {
      expect(value >= 0 && value < 1).toBe(true);
      counts[Math.floor(value * 10)]! += 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
