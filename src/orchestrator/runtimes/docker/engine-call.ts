// One call to the engine, bounded in time. dockerode alone would wait for ever.
import { AppError } from '../../foundation/errors.ts';
import { EngineTimeout } from './docker-errors.ts';

/**
 * Runs a call that gets a signal to hang up with, and gives up on it when the caller's signal fires or after `msMax`,
 * even if the client library ignores the signal. Throws EngineTimeout after `msMax`; for the caller's signal its reason
 * if that is an AppError, else AppError `deadline_exceeded`.
 */
export async function engineCall<Result>(
  msMax: number,
  signal: AbortSignal,
  call: (abortSignal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (signal.aborted) throw givenUp(signal);
  const hangUp = new AbortController();
  let rejectWait: (error: Error) => void = () => {};
  const givenUpOn = new Promise<never>((_resolve, reject) => {
    rejectWait = reject;
  });
  const stop = (error: Error) => {
    rejectWait(error);
    hangUp.abort(error);
  };
  const onAbort = () => stop(givenUp(signal));
  const timer = setTimeout(
    () => stop(new EngineTimeout(`the engine did not answer within ${msMax} ms`)),
    msMax,
  );
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([givenUpOn, call(hangUp.signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Why a call ends when the caller's signal fires. */
export function givenUp(signal: AbortSignal): AppError {
  return signal.reason instanceof AppError
    ? signal.reason
    : new AppError('deadline_exceeded', { cause: signal.reason });
}
