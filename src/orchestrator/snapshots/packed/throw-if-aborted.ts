// A look at a signal between two steps.
import { AppError } from '../../foundation/errors.ts';

/** Throws the signal's own AppError, or `deadline_exceeded`, once it has fired. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal);
}

/** What the layers above shall hear of a signal that has fired. */
export function abortError(signal: AbortSignal): AppError {
  return signal.reason instanceof AppError
    ? signal.reason
    : new AppError('deadline_exceeded', { cause: signal.reason });
}
