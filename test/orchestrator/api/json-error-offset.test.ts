import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonErrorOffset } from '../../../src/orchestrator/api/json-error-offset.ts';

describe('the place where a text stops being JSON', () => {
  it('is nowhere exactly when the platform’s parser accepts the text', () => {
    const text = fc.oneof(
      fc.json(),
      fc.json().map((json) => `${json},`),
      fc
        .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '{', ']', ',', '0', '\\', ' '))
        .map(([json, at, put]) => {
          const place = at % (json.length + 1);
          return json.slice(0, place) + put + json.slice(place + 1);
        }),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        expect(jsonErrorOffset(candidate) === null).toBe(isJson(candidate));
      }),
      { numRuns: 3000 },
    );
  });

  it('is never after the point where the beginning cannot be completed', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, at) => {
        const cut = json.slice(0, at % json.length);
        const offset = jsonErrorOffset(cut);
        // A cut number or word may be whole by itself; otherwise the text ends too early, or its last token is broken.
        if (offset !== null) expect(offset).toBeLessThanOrEqual(cut.length);
      }),
    );
  });

  it('is found in a text nested beyond any stack', () => {
    expect(jsonErrorOffset('['.repeat(1_000_000))).toBe(1_000_000);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
