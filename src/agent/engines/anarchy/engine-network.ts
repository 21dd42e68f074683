// The requests of programs, made on the agent's main thread while the worker waits for them.

import type { OutgoingRequest } from '../../network/request.ts';
import type { EngineSettings } from '../engine.ts';
import type { RequestAnswer } from './worker-messages.ts';

export class EngineNetwork {
  readonly #path: string;
  #certificates: string | null = null;
  #underWay: { readonly id: number; readonly controller: AbortController } | null = null;

  /** `path`: the Unix socket of the session's proxy, which is there while the session may reach anybody. */
  constructor(path: string) {
    this.#path = path;
  }

  configure({ network }: EngineSettings): void {
    this.#certificates = network?.certificates ?? null;
  }

  /** One at a time: a program waits for its request. `answer` is told how it ended, unless it was given up. */
  async begin(
    id: number,
    request: OutgoingRequest,
    answer: (answer: RequestAnswer) => void,
  ): Promise<void> {
    this.giveUp();
    const controller = new AbortController();
    const own = { id, controller };
    this.#underWay = own;
    const found = await this.#fetch(request, controller.signal);
    if (this.#underWay !== own) return;
    this.#underWay = null;
    answer(found);
  }

  /** The program does not wait any more; given an id, only if it was for that request. */
  giveUp(id?: number): void {
    const given = this.#underWay;
    if (given === null || (id !== undefined && given.id !== id)) return;
    this.#underWay = null;
    given.controller.abort(new Error('given up'));
  }

  async #fetch(request: OutgoingRequest, signal: AbortSignal): Promise<RequestAnswer> {
    // Only now: most sessions never ask anybody, and all of them would pay for it.
    const [{ fetchThrough }, { RequestFailure, ResponseTooLarge }] = await Promise.all([
      import('../../network/fetch.ts'),
      import('../../network/request.ts'),
    ]);
    try {
      const way = { path: this.#path, certificates: this.#certificates };
      return { response: await fetchThrough(way, request, signal) };
    } catch (error) {
      if (error instanceof ResponseTooLarge) return { tooLarge: true };
      const known = error instanceof RequestFailure;
      return { failure: known ? error.message : 'The request could not be made' };
    }
  }
}
