import { describe, expect, it } from 'vitest';
import { fitsPattern } from '../../../src/agent/engines/name-pattern.ts';

describe('a name pattern', () => {
  it.each([
    ['total', 'total', true],
    ['total', 'tot', false],
    ['total', 'tot*', true],
    ['total', '*tal', true],
    ['total', '*', true],
    ['', '*', true],
    ['total', 't*t*l', true],
    ['total', 't*x*l', false],
    ['total', 'total*', true],
    ['aba', 'ab*ba', false],
    ['abba', 'ab*ba', true],
    ['a.c', 'a?c', false],
    ['a.c', 'a.*', true],
  ])('%s fits %s: %s', (name, pattern, fits) => {
    expect(fitsPattern(name, pattern)).toBe(fits);
  });

  it('takes little time for what it cannot fit', () => {
    expect(fitsPattern('a'.repeat(256), `${'*a'.repeat(127)}*b`)).toBe(false);
  });
});
