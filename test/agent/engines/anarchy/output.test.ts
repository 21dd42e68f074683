import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '#protocol';
import { Output } from '../../../../src/agent/engines/anarchy/output.ts';
import type { EngineEvent } from '../../../../src/agent/engines/engine.ts';

type OutputEvent = Extract<EngineEvent, { type: 'output' }>;

function written(bytesMax: number, ...writes: ['stdout' | 'stderr' | 'display', string][]) {
  const output = new Output({ bytesMax, capture: true });
  const events: EngineEvent[] = [];
  for (const [channel, text] of writes) output.write(channel, text, events);
  output.take(events);
  return { output, events: events as OutputEvent[] };
}

describe('output', () => {
  it('is gathered as long as the channel stays the same', () => {
    const { events } = written(
      100,
      ['stdout', 'a'],
      ['stdout', 'b'],
      ['stderr', 'c'],
      ['stdout', 'd'],
    );
    expect(events.map(({ channel, content }) => `${channel} ${content}`)).toEqual([
      'stdout ab',
      'stderr c',
      'stdout d',
    ]);
  });

  it('is cut at its limit in whole characters, and says so', () => {
    const { output, events } = written(5, ['stdout', 'ab'], ['stdout', '€€'], ['stdout', 'c']);
    expect(events.map(({ content }) => content)).toEqual(['ab€']);
    expect(output.truncated).toBe(true);
    expect(output.bytes).toBe(9);
  });

  it('is not truncated when it just fits', () => {
    const { output, events } = written(3, ['stdout', 'abc']);
    expect(events).toHaveLength(1);
    expect(output.truncated).toBe(false);
  });

  it('keeps a beginning of what was written, never more than its limit', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.nat(60), (texts, bytesMax) => {
        const { events } = written(
          bytesMax,
          ...texts
            .map((text) => ['stdout', text] as const)
            .map(([c, t]) => [c, t] as ['stdout', string]),
        );
        const kept = events.map(({ content }) => content).join('');
        expect(texts.join('').startsWith(kept)).toBe(true);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(bytesMax);
      }),
    );
  });

  it('is cut into pieces that fit an event and never within a character', () => {
    const text = `a${'😀'.repeat(limits.outputChunkLengthMax)}`;
    const { events } = written(Number.MAX_SAFE_INTEGER, ['stdout', text]);
    expect(events.map(({ content }) => content).join('')).toBe(text);
    for (const { content } of events) {
      expect(content.length).toBeLessThanOrEqual(limits.outputChunkLengthMax);
      expect(content.isWellFormed()).toBe(true);
    }
  });

  it('is counted and dropped where nobody wants it', () => {
    const output = new Output({ bytesMax: 10, capture: false });
    const events: EngineEvent[] = [];
    for (let i = 0; i < 1000; i++) output.write('stdout', 'text', events);
    output.take(events);
    expect(events).toEqual([]);
    expect(output.bytes).toBe(4000);
    expect(output.truncated).toBe(false);
    expect(output.excessive).toBe(false);
  });

  it('is excessive far beyond its limit only', () => {
    expect(written(10, ['stdout', 'x'.repeat(160)]).output.excessive).toBe(false);
    expect(written(10, ['stdout', 'x'.repeat(161)]).output.excessive).toBe(true);
  });
});
