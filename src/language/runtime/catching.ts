// What a catch block makes of what it catches (SPEC 5.4), and what it must let pass.
import { display } from './display.ts';
import { Raised } from './raised.ts';
import { framesOf, type TracedUnit } from './stack-trace.ts';
import { ErrorValue, type Value } from './value.ts';

type Units = { unit(id: string): TracedUnit | undefined };

/** Thrown to leave a block expression; never seen by a program. */
export const exit: object = Object.freeze({});

/** The value that a program caught. Throws what no program may catch: stops, and failures of ours. */
export function caughtValue(units: Units, failure: unknown): Value {
  const raised = asRaised(failure);
  if (raised === null) throw failure;
  trace(units, raised, failure as Error);
  return raised.value;
}

/** A failure that a program can catch; V8 running out of stack is the same to it as reaching our own limit. */
export function asRaised(failure: unknown): Raised | null {
  if (failure instanceof Raised) return failure;
  return isStackOverflow(failure) ? depthExceeded() : null;
}

/** `skippedFrames` 1: noticed on entering the function that is one too many. */
export function depthExceeded(skippedFrames = 0): Raised {
  const error = new ErrorValue('RangeError', 'Maximum call depth exceeded');
  return new Raised(error, null, skippedFrames);
}

/** Tells an error that has no place yet where it was thrown. */
function trace(units: Units, raised: Raised, recorded: Error): void {
  const { value } = raised;
  if (!(value instanceof ErrorValue)) return;
  value.thrownAt(() => framesOf(recorded, (id) => units.unit(id)));
}

/** `⚠`: the error itself, or one that carries the thrown value. */
export function errorOf(thrown: Value): ErrorValue {
  return thrown instanceof ErrorValue ? thrown : new ErrorValue('Error', display(thrown), thrown);
}

/** What `throw value` throws. */
export function raisedFrom(value: Value): Raised {
  return new Raised(typeof value === 'string' ? new ErrorValue('Error', value) : value);
}

export function isStackOverflow(failure: unknown): boolean {
  return failure instanceof RangeError && failure.message === 'Maximum call stack size exceeded';
}
