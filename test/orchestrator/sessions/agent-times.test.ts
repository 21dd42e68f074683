import fc from 'fast-check';
import { expect, it } from 'vitest';
import { placeAgentTimes } from '../../../src/orchestrator/sessions/agent-times.ts';

it('places what an agent took in the middle of what the host saw pass', () => {
  expect(placeAgentTimes({ begunMs: 1, endedMs: 6 }, { from: 100, to: 110 })).toEqual({
    received: 102,
    begun: 103,
    ended: 108,
  });
});

it('keeps whatever an agent says within what the host saw pass, and in order', () => {
  const said = fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true });
  const seen = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 });
  fc.assert(
    fc.property(
      said,
      said,
      seen,
      fc.integer({ min: -5, max: 100_000 }),
      (begunMs, endedMs, from, ms) => {
        const to = from + ms;
        const { received, begun, ended } = placeAgentTimes({ begunMs, endedMs }, { from, to });
        expect(received).toBeGreaterThanOrEqual(from);
        expect(begun).toBeGreaterThanOrEqual(received);
        expect(ended).toBeGreaterThanOrEqual(begun);
        expect(ended).toBeLessThanOrEqual(Math.max(from, to));
      },
    ),
  );
});
