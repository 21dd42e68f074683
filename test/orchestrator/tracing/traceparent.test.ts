import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatTraceparent,
  parseTraceparent,
} from '../../../src/orchestrator/tracing/traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('a traceparent', () => {
  it('is read and written as W3C Trace Context has it', () => {
    const text = `00-${traceId}-${spanId}-01`;
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, sampled: true });
    expect(formatTraceparent({ traceId, spanId, sampled: true })).toBe(text);
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.sampled).toBe(false);
  });

  it('of a later version is read as far as it is known', () => {
    expect(parseTraceparent(`cc-${traceId}-${spanId}-03-what-comes`)?.traceId).toBe(traceId);
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    ` 00-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\n`,
    `cc-${traceId}-${spanId}-01-${'x'.repeat(100_000)}`,
  ])('is none: %s', (text) => {
    expect(parseTraceparent(text)).toBeNull();
  });

  it('of any text is none or ids', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseTraceparent(text);
        expect(parsed === null || /^[0-9a-f]{32}$/.test(parsed.traceId)).toBe(true);
      }),
    );
  });
});
