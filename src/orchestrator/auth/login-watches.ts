// Who keeps something open with a token or a log-in, and is told when that has ended.
import type { Clock } from '../foundation/clock.ts';
import type { Login } from './authenticator.ts';

type Watch = { readonly login: Login; readonly end: () => void };

export class LoginWatches {
  readonly #clock: Clock;
  readonly #stands: (login: Login) => boolean;
  readonly #watches = new Set<Watch>();

  /** `stands`: it has not been ended before its time. */
  constructor(clock: Clock, stands: (login: Login) => boolean) {
    this.#clock = clock;
    this.#stands = stands;
  }

  /** Calls `ended` once when the login expires or is ended, at once where that has happened. The result ends the watch. */
  watch(login: Login, ended: () => void): () => void {
    const leftMs = login.expiresAt - this.#clock.now();
    if (leftMs <= 0 || !this.#stands(login)) {
      ended();
      return () => {};
    }
    const remove = () => {
      cancel();
      this.#watches.delete(watch);
    };
    const watch: Watch = {
      login,
      end: () => {
        remove();
        ended();
      },
    };
    const cancel = this.#clock.after(leftMs, watch.end);
    this.#watches.add(watch);
    return remove;
  }

  /** Tells those who watch a login that has ended before its time. */
  end(isEnded: (login: Login) => boolean): void {
    for (const { login, end } of [...this.#watches]) if (isEnded(login)) end();
  }

  /** Those that something is open with. */
  *watched(): Generator<Login> {
    for (const { login } of this.#watches) yield login;
  }
}
