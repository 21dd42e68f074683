import { expect, it } from 'vitest';
import { TopNames } from '../../../src/orchestrator/metrics/top-names.ts';

const use = (amounts: Record<string, number>) => new Map(Object.entries(amounts));

it('the names that use most have places, others not', () => {
  const top = new TopNames(2, []);
  top.look(use({ a: 1, b: 3, c: 2 }));
  expect(top.names.toSorted()).toEqual(['b', 'c']);
});

it('a place is kept by one that uses nothing, while nobody needs it', () => {
  const top = new TopNames(2, []);
  top.look(use({ a: 1 }));
  for (let i = 0; i < 100; i++) expect(top.look(use({}))).toEqual([]);
  expect(top.has('a')).toBe(true);
});

it('a place goes to one that uses much more, not to one that uses a little more', () => {
  const top = new TopNames(1, []);
  top.look(use({ a: 10 }));
  expect(top.look(use({ a: 10, b: 18 }))).toEqual([]);
  expect(top.look(use({ a: 10, b: 100 }))).toEqual(['a']);
  expect(top.names).toEqual(['b']);
});

it('a reserved name never has a place', () => {
  const top = new TopNames(2, ['other']);
  top.look(use({ other: 1000 }));
  expect(top.names).toEqual([]);
});
