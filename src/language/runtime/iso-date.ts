// Dates as text (SPEC 3.10, 9.11). Our own reader, so that no text means another time on another machine: UTC where no offset
// is given, no local zone, no names of months, no day that a month does not have.

/** The greatest distance from 1970 that a date may have, in milliseconds. */
const timeMax = 8.64e15;

/** YYYY[-MM[-DD]], then maybe `T` or a blank and HH:MM[:SS[.fraction]] with Z or an offset. Years beyond four digits have six and a sign. */
const isoDate =
  /^([+-]\d{6}|\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$/;

/** Milliseconds since 1970 as a whole number; NaN for a time that no date has. */
export function wholeTime(time: number): number {
  return Math.abs(time) <= timeMax ? Math.trunc(time) + 0 : Number.NaN;
}

/** Milliseconds since 1970 of a date in ISO 8601, NaN for any other text. Digits behind the milliseconds are dropped. */
export function parseIsoDate(text: string): number {
  const found = isoDate.exec(text.trim());
  if (found === null || found[1] === '-000000') return Number.NaN;
  const [year, month, day, hour, minute, second] = found
    .slice(1, 7)
    .map((digits, at) => Number(digits ?? (at === 1 || at === 2 ? 1 : 0)));
  const millisecond = Number((found[7] ?? '').padEnd(3, '0').slice(0, 3));
  const isDay = month! >= 1 && month! <= 12 && day! >= 1 && day! <= daysOf(year!, month!);
  const isTime = hour! <= 23 && minute! <= 59 && second! <= 59;
  const isMidnight = hour === 24 && minute === 0 && second === 0 && millisecond === 0;
  const offset = offsetMinutes(found[8] ?? 'Z');
  if (!isDay || !(isTime || isMidnight) || offset === null) return Number.NaN;
  return timeOf([year!, month! - 1, day!, hour!, minute! - offset, second!, millisecond]);
}

/** The time of a year, month (0 to 11), day, hour, minute, second and millisecond in UTC; what is too much carries over. NaN where there is none. */
export function timeOf(parts: readonly number[]): number {
  const [year = Number.NaN, month = 0, day = 1, ...time] = parts.map(Math.trunc);
  const [hour = 0, minute = 0, second = 0, millisecond = 0] = time;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second, millisecond);
  return date.getTime();
}

function daysOf(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Null where an offset has hours or minutes that no clock shows. */
function offsetMinutes(zone: string): number | null {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
