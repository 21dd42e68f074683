// Many may pass at a time, unless somebody has shut it: then those who are inside come out first, and the others wait.
import { abortable } from '../foundation/abortable.ts';

export class Turnstile {
  #inside = 0;
  #shut = 0;
  #changed = Promise.withResolvers<void>();

  /** Resolves when it is open; dispose of the result to leave. The signal ends the wait. */
  async enter(signal: AbortSignal): Promise<Disposable> {
    while (this.#shut > 0) await abortable(this.#changed.promise, signal);
    this.#inside++;
    return this.#once(() => this.#inside--);
  }

  /** Nobody enters from now on; resolves when nobody is inside. Dispose of the result to open it again. */
  async shut(signal: AbortSignal): Promise<Disposable> {
    this.#shut++;
    const open = this.#once(() => this.#shut--);
    try {
      while (this.#inside > 0) await abortable(this.#changed.promise, signal);
      return open;
    } catch (error) {
      open[Symbol.dispose]();
      throw error;
    }
  }

  #once(leave: () => void): Disposable {
    let left = false;
    return {
      [Symbol.dispose]: () => {
        if (left) return;
        left = true;
        leave();
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      },
    };
  }
}
