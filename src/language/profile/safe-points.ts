// Where the program was at its safe points: V8's profiler says which functions called one another, and these say from which lines.
import type { Activation } from '../runtime/stack-trace.ts';
import type { PathStep } from './sample-paths.ts';

type SafePoint = { readonly time: number; readonly stack: readonly Activation[] };

/** Between two safe points that are looked at, in microseconds, and how much of the time looking may take. */
const spanMin = 2_000;
const shareMax = 0.05;
/** Held until `forget`. */
const activationsMax = 500_000;

export class SafePoints {
  #points: SafePoint[] = [];
  #held = 0;
  #due = 0;
  readonly #known = new Map<string, Activation>();
  /** The line from which a function was last seen to call another. */
  readonly #calls = new Map<string, number>();

  /** Looks where the program is, if that is due; `now` in microseconds. */
  look(now: () => number, stackOf: () => readonly Activation[]): void {
    const time = now();
    if (time < this.#due || this.#held > activationsMax) return;
    const stack = stackOf()
      .map((one) => this.#shared(one))
      .reverse();
    this.#points.push({ time, stack });
    this.#held += stack.length;
    const after = now();
    this.#due = after + Math.max(spanMin, (after - time) / shareMax);
  }

  /** All but the lines of calls. */
  forget(): void {
    this.#points = [];
    this.#held = 0;
    this.#known.clear();
  }

  /** The lines of a path's steps, where they were seen about that time; null where not. */
  lines(steps: readonly PathStep[], time: number): (number | null)[] {
    const next = this.#indexAfter(time);
    let best: readonly Activation[] = [];
    let common = 0;
    for (const point of [this.#points[next], this.#points[next - 1]]) {
      const length = point === undefined ? 0 : commonLength(steps, point.stack);
      if (length <= common) continue;
      best = point!.stack;
      common = length;
    }
    return steps.map((step, i) => {
      const seen = best[i];
      if (i >= common || seen === undefined) return this.#calls.get(callOf(step)) ?? null;
      const isSameCall = i + 1 < common || seen.called === step.called;
      return isSameCall ? seen.line : (this.#calls.get(callOf(step)) ?? null);
    });
  }

  /** One object for all that are alike: programs are seen at the same places again and again. */
  #shared(one: Activation): Activation {
    const key = `${callOf(one)} ${one.line}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, one);
    if (one.called !== null) this.#calls.set(callOf(one), one.line);
    return one;
  }

  #indexAfter(time: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle]!.time < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function commonLength(steps: readonly PathStep[], stack: readonly Activation[]): number {
  const length = Math.min(steps.length, stack.length);
  for (let i = 0; i < length; i++) {
    const [step, seen] = [steps[i]!, stack[i]!];
    if (step.unit !== seen.unit || step.index !== seen.index) return i;
  }
  return length;
}

function callOf({ unit, index, called }: Omit<PathStep, 'line'>): string {
  return `${unit.id} ${index} ${called}`;
}
