// A share of the fuzzer's rounds with a fixed seed, and whether the fuzzer would notice anything. `make fuzz` goes on from here.
import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/language/parser.ts';
import { ObjectValue } from '../../../src/language/runtime/value.ts';
import { checkRound, describeFinding, minimised, sourceOf } from './campaign.ts';
import { foreignValue } from './foreign-value.ts';
import { GlobalWatch } from './global-watch.ts';
import { minimise } from './minimise.ts';

const seed = 20260101;
const roundsPerTest = 40;

describe('random programs', () => {
  // In portions, so that a slow machine shows where it is.
  it.each(Array.from({ length: 10 }, (_, portion) => portion * roundsPerTest))(
    'break no promise, from round %i on',
    (first) => {
      for (let round = first; round < first + roundsPerTest; round++) {
        const finding = checkRound(seed, round);
        expect(finding && describeFinding(minimised(finding))).toBeNull();
      }
    },
    120_000,
  );

  it('are mostly valid where they come from the grammar, and always run where they are hostile', () => {
    const errorsIn = (kind: number) =>
      Array.from({ length: 100 }, (_, i) => parse(sourceOf(seed, i * 4 + kind)).diagnostics).filter(
        (diagnostics) => diagnostics.some(({ severity }) => severity === 'error'),
      ).length;
    expect(errorsIn(0)).toBeLessThan(70);
    expect(errorsIn(2)).toBeLessThan(10);
  });
});

describe('the fuzzer', () => {
  it('gives the same program for the same seed and round', () => {
    for (let round = 0; round < 8; round++) {
      expect(sourceOf(seed, round)).toBe(sourceOf(seed, round));
      expect(sourceOf(seed, round)).not.toBe(sourceOf(seed + 1, round));
    }
  });

  it('makes what fails small', () => {
    const text = `f(a) { x = [1, 2, "b"]; if (a) { y = "needle" } }\n`.repeat(20);
    expect(minimise(text, (candidate) => candidate.includes('needle'))).toBe('needle');
    const nested = `{ ${text} [needle, (thread)] }`;
    const fails = (candidate: string) => /\[[\s\S]*needle[\s\S]*thread[\s\S]*\]/.test(candidate);
    expect(minimise(nested, fails)).toBe('[needlethread]');
  });

  it('sees what belongs to the host', () => {
    const withAccessor = new ObjectValue();
    Object.defineProperty(withAccessor, 'a', { get: () => 1, enumerable: true });
    const sparse: unknown[] = [1];
    sparse[3] = 2;
    const rest: unknown[] = Object.assign([1], { extra: 1 });
    const foreign = [() => 1, Symbol('s'), undefined, new Map(), {}, 1n, Array, Object.prototype];
    for (const value of [...foreign, withAccessor, sparse, rest, new Error('at host')]) {
      const holder = new ObjectValue();
      holder.list = [[value as never]];
      expect(foreignValue([['x', holder]])).toMatch(/^x\.list\[0\]/);
    }
    expect(foreignValue([['x', [null, 1, 'a', true, new ObjectValue()]]])).toBeNull();
  });

  it('sees what was done to the host', () => {
    const watch = new GlobalWatch();
    expect(watch.changed()).toBeNull();
    const shared = Object.prototype as { polluted?: number };
    shared.polluted = 1;
    expect(watch.changed()).toBe('Object.prototype has another polluted');
    delete shared.polluted;
    expect(watch.changed()).toBe('Object.prototype has another polluted');
    const { link } = String.prototype;
    Object.assign(String.prototype, { link: () => '' });
    expect(watch.changed()).toBe('String.prototype has another link');
    Object.assign(String.prototype, { link });
  });
});
