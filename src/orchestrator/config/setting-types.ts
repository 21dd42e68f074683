// The kinds of settings: what a number counts, and within which bounds.
import { Type } from 'typebox';

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;

type Range = readonly [minimum: number, maximum: number];

export function text(value: string, description: string) {
  return Type.String({ default: value, minLength: 1, description });
}

/** In the environment: separated by commas. */
export function list(description: string) {
  return Type.Array(Type.String({ minLength: 1 }), { default: [], description });
}

export function count(value: number, [minimum, maximum]: Range, description: string) {
  return Type.Integer({ default: value, minimum, maximum, description });
}

export function milliseconds(value: number, [minimum, maximum]: Range, description: string) {
  return Type.Integer({ default: value, minimum, maximum, unit: 'ms', description });
}

/** A step down the idle ladder. */
export function idle(what: string) {
  return milliseconds(
    0,
    [0, 3650 * 24 * hourMs],
    `How long after its last use a session is ${what}; where it does not ask for another time. 0: never.`,
  );
}

export function bytes(value: number, [minimum, maximum]: Range, description: string) {
  return Type.Integer({ default: value, minimum, maximum, unit: 'bytes', description });
}

export function share(value: number, description: string) {
  return Type.Number({ default: value, minimum: 0.01, maximum: 1024, description });
}
