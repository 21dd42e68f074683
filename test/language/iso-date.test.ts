import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIsoDate, timeOf, wholeTime } from '../../src/language/runtime/iso-date.ts';

const time = fc.integer({ min: -8.64e15, max: 8.64e15 });

describe('a date in ISO 8601', () => {
  it('is the time that wrote it, in every year', () => {
    fc.assert(
      fc.property(time, (at) => {
        expect(parseIsoDate(new Date(at).toISOString())).toBe(at);
      }),
    );
  });

  it('has the days that the calendar has, and no others', () => {
    for (const year of [1900, 1999, 2000, 2023, 2024, 2100]) {
      for (let month = 1; month <= 12; month++) {
        const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
        const text = `${year}-${String(month).padStart(2, '0')}`;
        expect(parseIsoDate(`${text}-${days}`), text).toBe(Date.UTC(year, month - 1, days));
        expect(parseIsoDate(`${text}-${days + 1}`), text).toBeNaN();
      }
    }
  });

  it('counts from UTC by its offset', () => {
    const offset = fc.tuple(
      fc.constantFrom('+', '-'),
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 59 }),
    );
    fc.assert(
      fc.property(offset, ([sign, hours, minutes]) => {
        const two = (number: number) => String(number).padStart(2, '0');
        const text = `2024-06-15T12:00:00${sign}${two(hours)}:${two(minutes)}`;
        expect(parseIsoDate(text)).toBe(Date.parse(text));
      }),
    );
  });

  it('outside the range of dates is none', () => {
    expect(parseIsoDate('+275760-09-13T00:00:00.000Z')).toBe(8.64e15);
    expect(parseIsoDate('+275760-09-13T00:00:00.001Z')).toBeNaN();
    expect(parseIsoDate('+999999-01-01')).toBeNaN();
  });
});

describe('a time', () => {
  it('is whole, toward zero, and never minus zero', () => {
    expect([1.9, -1.9, -0.5].map(wholeTime)).toEqual([1, -1, 0]);
    expect(wholeTime(8.64e15 + 1)).toBeNaN();
    expect(wholeTime(Number.NaN)).toBeNaN();
  });

  it('of parts is that of the calendar, also where they carry over', () => {
    const part = fc.integer({ min: -5000, max: 5000 });
    fc.assert(
      fc.property(part, part, part, part, part, (month, day, hour, minute, second) => {
        const parts = [2024, month, day, hour, minute, second, 0] as const;
        expect(timeOf(parts)).toBe(Date.UTC(...parts));
      }),
    );
    expect(timeOf([2024, Number.NaN])).toBeNaN();
  });
});
