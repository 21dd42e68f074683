// Searches that would take for ever stop, long texts and deep patterns do not overflow anything.
import { describe, expect, it } from 'vitest';
import { compileRegex } from '../../../src/language/regex/compile-regex.ts';
import { groupNestingMax, patternLengthMax } from '../../../src/language/regex/pattern-parser.ts';
import { RecordingHost } from '../../doubles/recording-host.ts';
import { newSession, resultOf } from '../../helpers/run-program.ts';

const bad = `"${'a'.repeat(40)}!"`;

describe('a search without end', () => {
  it.each([
    `/(a+)+$/.test(${bad})`,
    `/(?:aa?|ab?)*$/.test(${bad})`,
    `/(a|aa)+$/.test(${bad})`,
    `/(?:a?){40}a{40}b/.test("${'a'.repeat(60)}")`,
    `/(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x/.test(${bad}.repeat(30))`,
    `/^(?=(a+)+$)/.test(${bad})`,
    `/(?<=^x(a+)+)b$/.test("${'a'.repeat(40)}b")`,
    `/(?!(a+)+$)ab/.test(${bad} + "ab")`,
    `/(?:){2147483647}$x/.test("yy")`,
    `/(x+x+)+y/.test("${'x'.repeat(60)}")`,
    `${bad}.replace(/(a+)+$/, "")`,
    `${bad}.split(/(a+)+$/)`,
    `${bad}.match(/(a*)*$/g)`,
    `find_all(${bad}, "(a+)+$")`,
    `/(a+)+\\1$/i.test(${bad})`,
    `r = /(a+)+$/y; r.exec(${bad})`,
  ])('stops when the host says so: %s', (code) => {
    const host = new RecordingHost();
    host.stopAtPoll = 20;
    const session = newSession(host);
    expect(session.run(code)).toMatchObject({
      status: 'cancelled',
      error: { type: 'CancelledError' },
    });
    expect(host.polls).toBe(20);
    host.stopAtPoll = Number.POSITIVE_INFINITY;
    expect(session.value('/(a+)+$/.test("aaa")'), 'afterwards').toBe(true);
  });

  it('is found by its steps, however few characters each takes', () => {
    let steps = 0;
    const meter = {
      step: (count: number) => {
        steps += count;
      },
      allocate: () => {},
    };
    compileRegex('a*?b', '').matcher!.search('a'.repeat(3000), 0, 3000, meter);
    expect(steps).toBeGreaterThan(100_000);
  });
});

describe('a long text', () => {
  const long = '"ab".repeat(500000)';

  it.each([
    [`/(?:a|b)*$/.test(${long})`, true],
    [`/(a|b)*$/.exec(${long}).length`, 2],
    [`/^(?:ab)+$/.test(${long})`, true],
    [`/^(?:ab)+?$/.test(${long})`, true],
    [`/.*c/.test(${long})`, false],
    [`/(?:a(?=b)b)*c/.test("ab".repeat(1000))`, false],
    [`/^[^]*b$/.test(${long})`, true],
    [`r = /(?<=^[^]*)$/y; r.lastIndex = 1000000; r.exec(${long})`, ['']],
    [`${long}.match(/[ab]/g).length`, 1_000_000],
    [`${long}.replace(/a/g, "").length`, 500_000],
    [`${long}.split(/a/).length`, 500_001],
    [`/x{1000000}/.test("x".repeat(1000000))`, true],
    [`/(?:xy?){300000}$/.test("x".repeat(300000))`, true],
    [`/(\\w+)\\1/.exec(${long})[1].length`, 500_000],
  ])('is searched: %s', (code, result) => {
    expect(resultOf(code)).toEqual(result);
  });

  it('takes no more steps for a run that cannot match than it has characters', () => {
    let steps = 0;
    const meter = {
      step: (count: number) => {
        steps += count;
      },
      allocate: () => {},
    };
    const text = 'a'.repeat(200_000);
    for (const pattern of ['a+b', '\\w+@', '.*x', '(\\w+)\\s', '\\s*$x', 'a*?b']) {
      steps = 0;
      if (pattern !== 'a*?b')
        compileRegex(pattern, '').matcher!.search(text, 0, text.length, meter);
      expect(steps, pattern).toBeLessThan(8 * text.length);
    }
  });

  it('may not make a search remember more than one value may take', () => {
    const host = new RecordingHost();
    host.valueBytesMax = 1_000_000;
    expect(newSession(host).run('/(?:(a)|b)*c/.test("ab".repeat(100000))')).toMatchObject({
      status: 'error',
      error: { type: 'ResourceLimitError' },
    });
  });
});

describe('a pattern', () => {
  const groups = (count: number) => `${'('.repeat(count)}a${')'.repeat(count)}`;

  it('may have groups inside one another up to a limit', () => {
    expect(compileRegex(groups(groupNestingMax - 1), '').problem).toBeNull();
    for (const deep of [groups(groupNestingMax), '(?:'.repeat(90_000), '(?='.repeat(90_000)]) {
      expect(compileRegex(deep, '').problem?.message).toBe('Regular expression too large');
    }
  });

  it('may be long, up to a limit', () => {
    const text = 'x'.repeat(patternLengthMax);
    const { matcher } = compileRegex(text, '');
    expect(matcher?.search(`y${text}`, 0, 1, { step: () => {}, allocate: () => {} })).toBe(true);
    expect(compileRegex(`${text}x`, '').problem?.message).toBe('Regular expression too large');
    expect(compileRegex('a?'.repeat(20_001), '').problem?.message).toBe(
      'Regular expression too large',
    );
  });

  it.each([
    'a?'.repeat(5000),
    Array.from({ length: 5000 }, (_, i) => `word${i}`).join('|'),
    '(a)'.repeat(2000),
    '(?:a|b)*'.repeat(1000),
    Array.from(
      { length: 3000 },
      (_, i) => `[\\u{${(i + 256).toString(16)}}-\\u{${(i + 9000).toString(16)}}x]`,
    ).join(''),
    '(?<x>a)|'.repeat(400),
    Array.from({ length: 400 }, (_, i) => 'a'.repeat(i)).join('|'),
    '(?<'.repeat(30_000),
    '['.repeat(90_000),
    '(?<a(b)>'.repeat(2000),
  ])('of many parts is compiled or refused, and runs', (pattern) => {
    const { matcher, problem } = compileRegex(pattern, 'u');
    const meter = { step: () => {}, allocate: () => {} };
    if (matcher) expect(matcher.search('word4999', 0, 8, meter)).toBeTypeOf('boolean');
    else expect(problem?.message).not.toBe('');
  });
});
