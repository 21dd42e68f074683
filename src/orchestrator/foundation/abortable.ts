// Waiting that can be given up.
import { AppError } from './errors.ts';

/**
 * `promise`, or AppError `deadline_exceeded` / the signal's own AppError once `signal` fires. Only the wait ends; what was
 * waited for goes on.
 */
export function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () =>
      reject(
        signal.reason instanceof AppError
          ? signal.reason
          : new AppError('deadline_exceeded', { cause: signal.reason }),
      );
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
