// Dates (SPEC 9.11). A date never changes once it is made, and knows UTC only.
import { parseIsoDate, timeOf, wholeTime } from '../runtime/iso-date.ts';
import { raise } from '../runtime/raised.ts';
import { DateValue } from '../runtime/value.ts';
import { type Given, isMissing, numberArgument, wrongArgument } from './arguments.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';

export const date: readonly Builtin[] = [
  {
    name: 'Date',
    parameters: ['time', '...parts'],
    summary:
      'The date of milliseconds since 1970, of a text in ISO 8601, or of year, month (0 to 11), day, hour, minute, second and millisecond, in UTC; without arguments now.',
    example: 'new Date("2024-02-29T12:30:00+02:00") // 2024-02-29T10:30:00.000Z',
    errors: [
      {
        type: 'RangeError',
        when: 'there is no such date, or the text is not ISO 8601',
        example: 'Date("tomorrow")',
      },
    ],
    run: (context, ...given) => {
      const time = given.length > 1 ? partsTime(given) : givenTime(context, given[0]);
      if (Number.isNaN(time)) throw raise('RangeError', 'Date: invalid date');
      return new DateValue(time);
    },
  },
  {
    ...getter('getTime', 'Milliseconds since 1970.', 'new Date(5).getTime() // 5', (time) => time),
    aliases: ['valueOf'],
  },
  {
    name: 'toISOString',
    methodOf: ['date'],
    free: false,
    parameters: ['date'],
    summary: 'The date in ISO 8601, as it is displayed.',
    example: 'new Date(0).toISOString() // 1970-01-01T00:00:00.000Z',
    run: (_context, given) => dateOf('toISOString', given).toISOString(),
  },
  part('getFullYear', 'The year.', '1970', (of) => of.getUTCFullYear()),
  part('getMonth', 'The month, 0 to 11.', '0', (of) => of.getUTCMonth()),
  part('getDate', 'The day of the month, 1 to 31.', '2', (of) => of.getUTCDate()),
  part('getDay', 'The day of the week, 0 (Sunday) to 6.', '5', (of) => of.getUTCDay()),
  part('getHours', 'The hour, 0 to 23.', '3', (of) => of.getUTCHours()),
  part('getMinutes', 'The minute, 0 to 59.', '4', (of) => of.getUTCMinutes()),
  part('getSeconds', 'The second, 0 to 59.', '5', (of) => of.getUTCSeconds()),
  part('getMilliseconds', 'The millisecond, 0 to 999.', '6', (of) => of.getUTCMilliseconds()),
];

function givenTime(context: BuiltinContext, given: Given): number {
  if (isMissing(given)) return wholeTime(context.host.now());
  if (typeof given === 'number') return wholeTime(given);
  if (typeof given === 'string') return parseIsoDate(given);
  if (given instanceof DateValue) return given.time;
  throw wrongArgument('Date', 'number or string', 1, given);
}

function partsTime(given: readonly Given[]): number {
  return timeOf(given.slice(0, 7).map((part, at) => numberArgument('Date', at + 1, part)));
}

function part(name: string, summary: string, result: string, read: (of: Date) => number): Builtin {
  const example = `new Date("1970-01-02T03:04:05.006Z").${name}() // ${result}`;
  return getter(name, summary, example, (time) => read(new Date(time)));
}

function getter(
  name: string,
  summary: string,
  example: string,
  read: (time: number) => number,
): Builtin {
  return {
    name,
    methodOf: ['date'],
    free: false,
    parameters: ['date'],
    summary,
    example,
    run: (_context, given) => read(dateOf(name, given).getTime()),
  };
}

function dateOf(name: string, given: Given): Date {
  if (given instanceof DateValue) return new Date(given.time);
  throw wrongArgument(name, 'date', 1, given);
}
