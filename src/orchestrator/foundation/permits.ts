// So many at a time: whoever wants to do something dear takes a permit first, and gives it back.
import { abortable } from './abortable.ts';

export class Permits {
  #free: number;
  readonly #waiting = new Set<(permit: Disposable) => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Null when all are taken. */
  tryTake(): Disposable | null {
    if (this.#free === 0) return null;
    this.#free--;
    return this.#permit();
  }

  /** Waits in line for one. Throws as `abortable` does, and is out of the line then. */
  async take(signal: AbortSignal): Promise<Disposable> {
    const free = this.tryTake();
    if (free !== null) return free;
    const { promise, resolve } = Promise.withResolvers<Disposable>();
    this.#waiting.add(resolve);
    try {
      return await abortable(promise, signal);
    } catch (error) {
      // It may have been given one at the same moment.
      if (!this.#waiting.delete(resolve)) void promise.then((permit) => permit[Symbol.dispose]());
      throw error;
    }
  }

  #permit(): Disposable {
    let isTaken = true;
    return {
      [Symbol.dispose]: () => {
        if (!isTaken) return;
        isTaken = false;
        this.#giveBack();
      },
    };
  }

  #giveBack(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(first);
    first(this.#permit());
  }
}
