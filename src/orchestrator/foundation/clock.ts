// Time is a value that is passed in, so that tests move it instead of waiting.

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Monotonic milliseconds, for durations and deadlines. */
  monotonic(): number;
  /** Calls back once after that many milliseconds; the result cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** The longest time that a timer of Node can take; given more it would fire at once. */
const timerMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number) => {
      const next = leftMs > timerMsMax ? () => wait(leftMs - timerMsMax) : callback;
      timer = setTimeout(next, Math.min(leftMs, timerMsMax));
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};
