// Tells how long the calls take that write the registry, and which fail.
import type { Clock } from '../../foundation/clock.ts';
import { AppError } from '../../foundation/errors.ts';
import type { Observed, RegistryCall } from '../../foundation/observe.ts';
import { registryError } from './registry-error.ts';

export class ObservedCalls {
  readonly #options: Observed & { readonly clock: Clock };

  constructor(options: Observed & { readonly clock: Clock }) {
    this.#options = options;
  }

  /** A transaction. Gives what `work` gives; throws what it throws. What a caller did wrong is no failure. */
  commit<Result>(work: () => Result): Result {
    const begun = this.#options.clock.monotonic();
    try {
      const result = work();
      this.#tell('commit', begun, false);
      return result;
    } catch (error) {
      const known = registryError(error);
      const isOurs = !(known instanceof AppError) || known.code === 'registry_unavailable';
      this.#tell('commit', begun, isOurs);
      throw error;
    }
  }

  /** Waiting for the disk. Throws what `work` throws. */
  async sync(work: () => Promise<void>): Promise<void> {
    const begun = this.#options.clock.monotonic();
    try {
      await work();
      this.#tell('sync', begun, false);
    } catch (error) {
      this.#tell('sync', begun, true);
      throw error;
    }
  }

  #tell(call: RegistryCall, begun: number, failed: boolean): void {
    const { clock, observe } = this.#options;
    observe?.({ type: 'registryCall', call, ms: clock.monotonic() - begun, failed });
  }
}
