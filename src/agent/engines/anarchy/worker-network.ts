// The network as a program sees it, in the worker: a request is handed to the main thread, and the program waits for what comes back.
import {
  HostFailure,
  type Meter,
  type Network,
  type NetworkRequest,
  type NetworkResponse,
  type StopReason,
} from '#language';
import type { FromWorker, RequestAnswer } from './worker-messages.ts';

export type WorkerNetworkOptions = {
  readonly post: (message: FromWorker) => void;
  /** Sleeps until `done`; a stop reason ends the wait. */
  readonly wait: (done: () => boolean) => StopReason | null;
  /** That one value may take. */
  readonly valueBytesMax: () => number;
};

/** A unit of a text takes two bytes, a byte of a response is one unit at the most. */
const bytesPerUnit = 2;

export class WorkerNetwork implements Network {
  readonly #options: WorkerNetworkOptions;
  #requests = 0;
  #answer: RequestAnswer | null = null;

  constructor(options: WorkerNetworkOptions) {
    this.#options = options;
  }

  /** How a request has ended; one that nobody waits for is dropped. */
  receive(id: number, answer: RequestAnswer): void {
    if (id === this.#requests) this.#answer = answer;
  }

  request(request: NetworkRequest, meter: Meter): NetworkResponse | StopReason {
    const { post, wait, valueBytesMax } = this.#options;
    const id = ++this.#requests;
    const bodyBytesMax = Math.floor(valueBytesMax() / bytesPerUnit);
    this.#answer = null;
    post({ type: 'request', id, request: { ...request, bodyBytesMax } });
    const stop = wait(() => this.#answer !== null);
    if (stop !== null) {
      post({ type: 'requestAbort', id });
      return stop;
    }
    const answer: RequestAnswer = this.#answer!;
    this.#answer = null;
    if ('failure' in answer) throw new HostFailure('NetworkError', answer.failure);
    if ('tooLarge' in answer) {
      meter.allocate((bodyBytesMax + 1) * bytesPerUnit);
      throw new HostFailure('NetworkError', 'The response is too large');
    }
    const { status, headers, body } = answer.response;
    meter.step(Math.ceil(body.length / 64));
    return { status, headers, body: decoded(body, headers.get('content-type') ?? '') };
  }
}

function decoded(body: Uint8Array, contentType: string): string {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]{1,40})/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    // There is no such encoding, or none that is known here.
    return new TextDecoder().decode(body);
  }
}
