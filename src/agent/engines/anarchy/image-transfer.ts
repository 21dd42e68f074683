// A heap image on its way between the worker and whoever asked, seen from the main thread: chunks with back pressure both ways,
// and an end in any case, the worker's own included.
import type { ImageFailure } from '#language';
import { type FailureCode, limits } from '#protocol';
import { AgentFailure } from '../../agent-failure.ts';
import type { EngineThread } from './engine-thread.ts';
import type { ImageMessage } from './worker-messages.ts';

export class ImageTransfer {
  readonly #thread: EngineThread;
  readonly #graceMs: number;
  /** Not many: the worker waits until they are taken. */
  readonly #chunks: Uint8Array[] = [];
  #answer: { readonly failure: ImageFailure | null } | null = null;
  #isLost = false;
  #changed = Promise.withResolvers<void>();

  /** `graceMs`: from a stop to the end of a worker that does not obey it. */
  constructor(thread: EngineThread, graceMs: number) {
    this.#thread = thread;
    this.#graceMs = graceMs;
    thread.shared.setStop(null);
  }

  /** The worker has something to say about it. */
  receive(message: ImageMessage): void {
    if (message.type === 'imageChunk') this.#chunks.push(message.chunk);
    else this.#answer = message;
    this.#note();
  }

  /** The worker is gone. */
  lose(): void {
    this.#isLost = true;
    this.#note();
  }

  /** The session's image. Ending the iteration early stops the worker. Throws AgentFailure. */
  async *save(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    using _stop = this.#stopOn(signal);
    this.#thread.post({ type: 'save', bytesMax: limits.imageBytesMax });
    try {
      for (;;) {
        for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
          yield chunk;
          this.#thread.shared.addImageTaken(chunk.byteLength);
        }
        if (this.#answer !== null || this.#isLost) break;
        await this.#changed.promise;
      }
    } finally {
      if (this.#answer === null) await this.#stop();
    }
    this.#check();
  }

  /** Puts an image into the session, which stays as it was if that fails. Throws AgentFailure, or what the source throws. */
  async load(
    image: AsyncIterable<Uint8Array>,
    { fork, signal }: { readonly fork: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    using _stop = this.#stopOn(signal);
    this.#thread.post({ type: 'load', bytesMax: limits.imageBytesMax });
    try {
      for await (const part of image) {
        // A copy of its own: what comes from a socket is a piece of something larger.
        const chunk = new Uint8Array(part);
        this.#thread.post({ type: 'loadChunk', chunk }, [chunk.buffer]);
        await this.#answered();
      }
      this.#thread.post({ type: 'loadEnd', fork });
      await this.#answered();
    } catch (error) {
      this.#thread.post({ type: 'loadAbort' });
      throw error;
    }
  }

  async #answered(): Promise<void> {
    while (this.#answer === null && !this.#isLost) await this.#changed.promise;
    this.#check();
    this.#answer = null;
  }

  #check(): void {
    if (this.#isLost) throw new AgentFailure('engine_unavailable', 'The engine was restarted');
    const failure = this.#answer?.failure ?? null;
    if (failure !== null) throw new AgentFailure(codes[failure.type], failure.message);
  }

  async #stop(): Promise<void> {
    using _timer = this.#askToStop();
    while (this.#answer === null && !this.#isLost) await this.#changed.promise;
  }

  #stopOn(signal: AbortSignal): Disposable {
    let timer: Disposable | null = null;
    const stop = () => {
      timer = this.#askToStop();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    return {
      [Symbol.dispose]: () => {
        signal.removeEventListener('abort', stop);
        timer?.[Symbol.dispose]();
      },
    };
  }

  /** The worker stops at its next safe point, or is ended. */
  #askToStop(): Disposable {
    this.#thread.shared.setStop('cancelled');
    const timer = setTimeout(() => void this.#thread.terminate(), this.#graceMs);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  }

  #note(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

const codes: Record<ImageFailure['type'], FailureCode> = {
  ImageError: 'image_refused',
  ResourceLimitError: 'image_too_large',
  CancelledError: 'engine_unavailable',
  TimeoutError: 'engine_unavailable',
  InternalError: 'internal',
};
