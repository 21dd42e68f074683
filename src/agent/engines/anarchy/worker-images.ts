// Heap images in the worker: writes the session's to the port, with back pressure, and takes one in, chunk by chunk.
import type { MessagePort } from 'node:worker_threads';
import type { ImageFailure, ImageLoad, Interpreter } from '#language';
import type { WorkerHost } from './worker-host.ts';
import type { FromWorker, ImageRequest } from './worker-messages.ts';

export class WorkerImages {
  readonly #port: MessagePort;
  readonly #host: WorkerHost;
  readonly #interpreter: Interpreter;
  #load: ImageLoad | null = null;

  constructor(port: MessagePort, host: WorkerHost, interpreter: Interpreter) {
    this.#port = port;
    this.#host = host;
    this.#interpreter = interpreter;
  }

  obey(request: ImageRequest): void {
    switch (request.type) {
      case 'save':
        this.#host.beginSave();
        this.#answer(
          this.#interpreter.save((chunk) => this.#host.sendImage(chunk), request.bytesMax),
        );
        return;
      case 'load':
        this.#host.beginLoad();
        this.#load = this.#interpreter.load(request.bytesMax);
        return;
      case 'loadChunk':
        this.#answer(this.#load!.write(request.chunk));
        return;
      case 'loadEnd':
        this.#answer(this.#end(request.fork));
        this.#load = null;
        return;
      case 'loadAbort':
        this.#load = null;
        return;
    }
  }

  #end(fork: boolean): ImageFailure | null {
    const failure = this.#load!.end();
    if (failure === null && fork) this.#interpreter.reseed();
    return failure;
  }

  #answer(failure: ImageFailure | null): void {
    this.#port.postMessage({ type: 'imageAnswer', failure } satisfies FromWorker);
  }
}
