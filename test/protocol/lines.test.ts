import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeLine, LineDecoder, LineError, limits } from '../../src/protocol/index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('lines', () => {
  it('bring messages across however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.json({ noUnicodeString: false }), { maxLength: 8 }),
        fc.array(fc.nat(40), { minLength: 1, maxLength: 20 }),
        (texts, cuts) => {
          const messages: unknown[] = texts.map((text) => JSON.parse(text));
          const stream = Buffer.concat(messages.map((message) => encodeLine(message)));
          const decoder = new LineDecoder();
          const received: unknown[] = [];
          for (let start = 0, i = 0; start < stream.byteLength; i++) {
            const end = start + 1 + (cuts[i % cuts.length] ?? 0);
            received.push(...decoder.push(stream.subarray(start, end)));
            start = end;
          }
          expect(received).toEqual(messages);
        },
      ),
    );
  });

  it('keep a newline in a text inside its line', () => {
    const line = encodeLine({ content: 'a\nb\u2028c' });
    expect(line.indexOf(0x0a)).toBe(line.byteLength - 1);
    expect(new LineDecoder().push(line)).toEqual([{ content: 'a\nb\u2028c' }]);
  });

  it('are refused when they are too long, before they are held as a whole', () => {
    const decoder = new LineDecoder(10);
    expect(decoder.push(bytes('12345678'))).toEqual([]);
    expect(() => decoder.push(bytes('901'))).toThrow(LineError);
  });

  it('are refused when they are too long and come at once', () => {
    expect(() => new LineDecoder(10).push(bytes('12345678901\n'))).toThrow(LineError);
  });

  it('may be exactly as long as allowed, newline not counted', () => {
    expect(new LineDecoder(10).push(bytes('1234567890\n'))).toEqual([1_234_567_890]);
    const decoder = new LineDecoder(10);
    decoder.push(bytes('12345'));
    expect(decoder.push(bytes('67890\n'))).toEqual([1_234_567_890]);
  });

  it('count each for itself: many short ones are no long one', () => {
    const decoder = new LineDecoder(4);
    for (let i = 0; i < 100; i++) expect(decoder.push(bytes('1\n2\n3'))).toHaveLength(i ? 2 : 2);
  });

  it.each([
    ['text that is not JSON', bytes('nonsense\n')],
    ['an empty line', bytes('\n')],
    ['two values', bytes('1 2\n')],
    ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22, 0x0a)],
    ['a character cut in two', Uint8Array.of(0x22, 0xe2, 0x98, 0x22, 0x0a)],
  ])('are refused when they hold %s', (_, line) => {
    expect(() => new LineDecoder().push(line)).toThrow(LineError);
  });

  it('are not written when they would be too long', () => {
    expect(() => encodeLine('x'.repeat(limits.lineBytesMax))).toThrow(LineError);
    expect(encodeLine('x'.repeat(7), 10)).toHaveLength(10);
    expect(() => encodeLine('x'.repeat(8), 10)).toThrow(LineError);
  });

  it('do not let a message reach into prototypes', () => {
    const [message] = new LineDecoder().push(bytes('{"__proto__": {"polluted": true}}\n'));
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});
