// How errors travel through JavaScript frames. Two kinds: what a program can catch, and what it cannot.
import type { StopReason } from '../host.ts';
import { ErrorValue, type Value } from './value.ts';

/**
 * A thrown value of the program on its way to a `catch`. It is a JavaScript Error because V8 then records where in the
 * emitted code it happened, at no cost to code that does not fail; the runtime maps that to lines of the program.
 */
export class Raised extends Error {
  readonly value: Value;
  readonly meant: Meant | null;
  /** Frames of the program to leave out: 1 where the function entered last is not to blame, but its caller. */
  readonly skippedFrames: number;
  constructor(value: Value, meant: Meant | null = null, skippedFrames = 0) {
    super();
    this.value = value;
    this.meant = meant;
    this.skippedFrames = skippedFrames;
  }
}

/** A name that means nothing, and where to look for the one that was meant. Asked only when nobody catches the error. */
export type Meant = {
  readonly name: string;
  readonly among: 'variables' | (() => Iterable<string>);
};

/** The program must stop now: cancelled, out of time, over a limit. No emitted `catch` or `finally` handles it. */
export class Stopped extends Error {
  readonly reason: StopReason;
  constructor(reason: StopReason) {
    super(reason.message);
    this.reason = reason;
  }
}

/** Makes the error that built-ins and operators throw: `throw raise('TypeError', '...')`. */
export function raise(type: string, message: string, meant: Meant | null = null): Raised {
  return new Raised(new ErrorValue(type, message), meant);
}
