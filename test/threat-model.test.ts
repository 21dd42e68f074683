// The threat model names a test for each of its promises: they must be there.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('..', import.meta.url);
const text = readFileSync(new URL('docs/threat-model.md', root), 'utf8');
const promises = text
  .slice(text.indexOf('## Promises'), text.indexOf('## Conditions'))
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|(-|\s*Promise)/.test(line));

it('has tests for its promises, and they are there', () => {
  expect(promises.length).toBeGreaterThan(20);
  for (const promise of promises) {
    const named = promise.match(/`[\w/-]+(\.test\.ts|\/)`/g) ?? [];
    expect(named, promise).not.toEqual([]);
    for (const name of named) {
      const path = `test/${name.slice(1, -1)}`;
      expect([path, existsSync(new URL(path, root))]).toEqual([path, true]);
    }
  }
});
