// What an execution that failed says: type, message, place, the line of the source, and what was perhaps meant.
import type { Diagnostic } from './diagnostic.ts';
import type { ErrorReport, Outcome } from './interpreter.ts';
import { didYouMean, nearest } from './nearest.ts';
import { asRaised, errorOf } from './runtime/catching.ts';
import { type Meant, type Raised, Stopped } from './runtime/raised.ts';
import type { Runtime } from './runtime/runtime.ts';
import { framesOf } from './runtime/stack-trace.ts';
import type { StackFrame } from './runtime/value.ts';
import { sourcePreview } from './source-preview.ts';
import { lineStarts, locate } from './span.ts';
import { visibleNames } from './visible-names.ts';

type Failed = Pick<Outcome, 'status' | 'error'>;

/** What ended a program. Throws what is neither an error of the program nor a reason to stop it. */
export function reportFailure(runtime: Runtime, failure: unknown): Failed {
  const framesIn = (error: Error) => framesOf(error, (id) => runtime.unit(id));
  if (failure instanceof Stopped) {
    const { type, message } = failure.reason;
    const error = withFrames(runtime, { type, message }, framesIn(failure));
    if (type === 'CancelledError') return { status: 'cancelled', error };
    return { status: type === 'TimeoutError' ? 'timeout' : 'error', error };
  }
  const raised = asRaised(failure);
  if (raised === null) throw failure;
  const value = errorOf(raised.value);
  const { type, message } = value;
  const stack = value.stack.length > 0 ? value.stack : framesIn(failure as Error);
  const hint = hintFor(runtime, raised, stack[0]);
  const error = { type, message, ...(hint === null ? {} : { hint }) };
  return { status: 'error', error: withFrames(runtime, error, stack) };
}

/** A source that cannot run. */
export function reportRefusal(code: string, [first]: readonly Diagnostic[]): Failed {
  const { message, hint, span, incomplete } = first!;
  const location = locate(lineStarts(code), span.start);
  const error: ErrorReport = {
    type: 'SyntaxError',
    message,
    ...(hint === undefined ? {} : { hint }),
    location,
    preview: sourcePreview(code, location),
    ...(incomplete ? { incomplete } : {}),
  };
  return { status: 'error', error };
}

function withFrames(
  runtime: Runtime,
  error: { type: string; message: string; hint?: string },
  frames: readonly StackFrame[],
): ErrorReport {
  const [first] = frames;
  if (first === undefined) return error;
  const location = placeOf(first);
  const source = first.origin && runtime.unit(first.origin.unit)?.source;
  const stack = frames.map((frame) => ({ function: frame.function, ...placeOf(frame) }));
  const preview = source === undefined ? {} : { preview: sourcePreview(source, location) };
  return { ...error, location, ...preview, stack };
}

function placeOf({ line, column, file }: StackFrame): NonNullable<ErrorReport['location']> {
  return { line, column, ...(file === undefined ? {} : { file }) };
}

function hintFor(
  runtime: Runtime,
  { meant }: Raised,
  place: StackFrame | undefined,
): string | null {
  if (meant === null) return null;
  if (meant.among === 'variables' && runtime.store.macros.has(meant.name)) {
    return `'${meant.name}' is a macro: it can only be called.`;
  }
  return didYouMean(nearest(meant.name, candidates(runtime, meant, place)));
}

function candidates(runtime: Runtime, { among }: Meant, place: StackFrame | undefined): string[] {
  if (among !== 'variables') return [...among()];
  const unit = place?.origin && runtime.unit(place.origin.unit);
  const local = unit && place?.origin ? visibleNames(unit, place.origin.index) : [];
  return [...local, ...runtime.variables.names(), ...runtime.store.macros.keys(), ...words];
}

/** Keywords that may stand where a name may. */
const words = ['true', 'false', 'null', 'undefined', 'this', 'return', 'break', 'continue'];
