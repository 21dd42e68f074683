// What went wrong at the engine, as our errors. The engine's own words are the cause, for the log only: they may name
// paths of the host.
import { AppError } from '../../foundation/errors.ts';

/** The engine did not answer a call within that call's own deadline. */
export class EngineTimeout extends Error {
  override readonly name = 'EngineTimeout';
}

/** HTTP status of an engine's refusal; null when it was no refusal but a failure to talk to it. */
export function refusalStatus(error: unknown): number | null {
  if (!(error instanceof Error) || !('statusCode' in error)) return null;
  return typeof error.statusCode === 'number' ? error.statusCode : null;
}

/** For `start`: a refusal means that this sandbox cannot be; anything else that the engine is out of reach. */
export function startError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return refusalStatus(cause) === null
    ? unavailable(cause)
    : new AppError('sandbox_failed', { cause });
}

/** For calls about a container that exists. */
export function callError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  switch (refusalStatus(cause)) {
    case 404:
      return new AppError('sandbox_lost', { cause });
    case 400:
    case 409:
      return new AppError('not_changeable', {
        detail: 'The sandbox is in no state for this change.',
        cause,
      });
    default:
      return unavailable(cause);
  }
}

export function unavailable(cause: unknown): AppError {
  return cause instanceof AppError ? cause : new AppError('runtime_unavailable', { cause });
}
