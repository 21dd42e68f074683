// What a stopped program is told, whether it came to a safe point itself or had to be ended.
import type { StopReason } from '#language';
import type { StopCause } from '../engine.ts';

/** `timeoutMs`: the limit that a `timeout` is about. */
export function stopReason(cause: StopCause, timeoutMs: number): StopReason {
  return cause === 'cancelled'
    ? { type: 'CancelledError', message: 'Execution was cancelled' }
    : { type: 'TimeoutError', message: `Time limit of ${timeoutMs} ms exceeded` };
}
