// The step from a program to a part of the host that its session may lack, and back with what went wrong there.
import { HostFailure } from '../host-failure.ts';
import { raise } from '../runtime/raised.ts';

/** What `work` gives; what it could not do becomes an error of the program. */
export function attempt<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (failure) {
    if (failure instanceof HostFailure) throw raise(failure.type, failure.message);
    throw failure;
  }
}
