// V8's full garbage collection, which Node offers only to processes that were started with a flag for it.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collector: (() => void) | null = null;

/** Collects all garbage of the calling thread now. */
export function collectGarbage(): void {
  collector ??= takeCollector();
  collector();
}

/**
 * The function comes with contexts that are made while the flag is up. It must not stay up: V8 then refuses the code caches of Node's
 * own modules, which makes a third of a start. And no context in which programs run ever has the function.
 */
function takeCollector(): () => void {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc');
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
