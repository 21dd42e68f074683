// The way out of one sandbox: a proxy's socket beside the link's, there only while its session may reach anybody.
import { join } from 'node:path';
import { EgressSocket } from '../egress/egress-socket.ts';
import type { EgressHost, EgressTerms } from '../egress/egress-terms.ts';

/** Name of the socket in the link directory; the agent is told its path inside the container. */
export const egressSocketName = 'egress.sock';

export class SandboxNetwork implements AsyncDisposable {
  readonly #host: EgressHost;
  readonly #place: { readonly path: string; readonly sandboxId: string };
  #socket: EgressSocket | null = null;
  #turn: Promise<void> = Promise.resolve();
  #ended = false;

  /** `directory`: the link directory, which is mounted into the container. */
  constructor(host: EgressHost, directory: string, sandboxId: string) {
    this.#host = host;
    this.#place = { path: join(directory, egressSocketName), sandboxId };
  }

  /** See Sandbox.permit. */
  permit(terms: EgressTerms | null): Promise<void> {
    // What is taken away is taken away at once.
    if (terms !== null) this.#socket?.change(terms);
    return this.#inTurn(async () => {
      if (terms === null) return this.#close();
      if (this.#ended) return;
      if (this.#socket === null)
        this.#socket = await EgressSocket.listen(this.#host, this.#place, terms);
      else this.#socket.change(terms);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    return this.#inTurn(() => this.#close());
  }

  async #close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    await socket?.[Symbol.asyncDispose]();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}
