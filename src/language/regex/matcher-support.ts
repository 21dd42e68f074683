// What the code of a matcher calls: the stack it backtracks on, counting, characters of two units, references.
import type { Meter } from '../runtime/text-builder.ts';
import { folded } from './case-folding.ts';

/** Entries: room for most patterns, and the most that is kept between searches. */
const stackLength = 1024;
const keptLengthMax = 64 * 1024;
/** Steps that a matcher counts by itself. */
const stepsPerReport = 1000;

/** Kept for the next search; taken while one runs, because another can run inside it when the host is asked. */
let spare: Int32Array | null = null;

export function take(): Int32Array {
  const stack = spare ?? new Int32Array(stackLength);
  spare = null;
  return stack;
}

export function give(stack: Int32Array): void {
  if (stack.length <= keptLengthMax) spare = stack;
}

/** A larger stack with the same entries. Over the limit for one value the program stops with ResourceLimitError. */
export function grow(stack: Int32Array, meter: Meter): Int32Array {
  const length = stack.length * 2;
  meter.allocate(length * stack.BYTES_PER_ELEMENT);
  meter.step(stack.length >> 4);
  const larger = new Int32Array(length);
  larger.set(stack);
  return larger;
}

/** Reports steps; `left` of a thousand are left, fewer than none as a rule. */
export function refuel(meter: Meter, left: number): number {
  meter.step(stepsPerReport - left);
  return stepsPerReport;
}

/** The code point at `at`. Not `codePointAt`: what V8 makes of that in hot loops has been seen to give the first half of a pair. */
export function ahead(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdbff || at + 1 >= text.length) return unit;
  const trail = text.charCodeAt(at + 1);
  if (trail < 0xdc00 || trail > 0xdfff) return unit;
  return (unit - 0xd800) * 0x400 + (trail - 0xdc00) + 0x10000;
}

/** The code point that ends at `at`. */
export function before(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  if (unit < 0xdc00 || unit > 0xdfff || at < 2) return unit;
  const pair = ahead(text, at - 2);
  return pair > 0xffff ? pair : unit;
}

/** The position after the code point at `at`. */
export function after(text: string, at: number): number {
  return at + (ahead(text, at) > 0xffff ? 2 : 1);
}

/**
 * Compares the text from `start` to `end` with that at `at`, or before it. Gives the position on its other side, or -1.
 * `comparison`: 0 exact, 1 without case, 2 without case by code points.
 */
export function same(
  text: string,
  start: number,
  end: number,
  at: number,
  backward: boolean,
  comparison: number,
): number {
  const length = end - start;
  const from = backward ? at - length : at;
  if (from < 0 || from + length > text.length) return -1;
  const shift = from - start;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    const other = text.charCodeAt(i + shift);
    if (unit === other) continue;
    if (comparison === 0) return -1;
    const character = comparison === 2 ? characterAround(text, i, start) : unit;
    const found = comparison === 2 ? characterAround(text, i + shift, from) : other;
    if (folded(character, comparison === 2) !== folded(found, comparison === 2)) return -1;
  }
  return backward ? from : from + length;
}

/** The code point that the unit at `at` is part of, in a text from `start` on. */
function characterAround(text: string, at: number, start: number): number {
  const unit = text.charCodeAt(at);
  if (unit >= 0xdc00 && unit <= 0xdfff && at > start) return before(text, at + 1);
  return ahead(text, at);
}
