import { describe, expect, it } from 'vitest';
import { isMistyped, newKeyText, parseKey } from '../../../src/orchestrator/auth/key-text.ts';

describe('the text of an API key', () => {
  it('is read back as what it was made of', () => {
    for (let i = 0; i < 100; i++) {
      const { text, prefix, secret } = newKeyText();
      expect(text).toMatch(/^cellar_[0-9a-z]{12}_[0-9A-Za-z]{49}$/);
      expect(parseKey(text)).toEqual({ prefix, secret });
      expect(isMistyped(text)).toBe(false);
    }
  });

  it('is never made twice, and uses every digit about as often as any other', () => {
    const secrets = Array.from({ length: 2000 }, () => newKeyText().secret);
    expect(new Set(secrets).size).toBe(secrets.length);
    const counts = new Map<string, number>();
    for (const digit of secrets.join('')) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    expect(counts.size).toBe(62);
    // 86 000 digits: 1387 of each, with a deviation of 37; taking the rest of 256 would give eight of them a quarter more.
    expect(Math.max(...counts.values())).toBeLessThan(1387 + 8 * 37);
    expect(Math.min(...counts.values())).toBeGreaterThan(1387 - 8 * 37);
  });

  it('with a slip in it is told from a key', () => {
    const { text } = newKeyText();
    const other = (character: string) => (character === 'a' ? 'b' : 'a');
    for (let at = 7; at < text.length; at++) {
      if (text[at] === '_') continue;
      const slip = text.slice(0, at) + other(text[at]!) + text.slice(at + 1);
      expect(parseKey(slip), slip).toBeNull();
      expect(isMistyped(slip), slip).toBe(true);
    }
    for (const part of [text.slice(0, -1), `${text}x`, text.slice(0, 30)])
      expect(isMistyped(part), part).toBe(true);
  });

  it('is not looked for in what is none', () => {
    for (const text of ['', 'cellar_', 'sk-123', 'a'.repeat(69), 'ses-01234'])
      expect([parseKey(text), isMistyped(text)]).toEqual([null, false]);
  });
});
