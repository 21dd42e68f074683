// One worker thread of the engine and the memory shared with it. Started and ended by `anarchy-engine.ts`, which gets another one
// when this one dies.
import { Worker } from 'node:worker_threads';
import { SharedState } from './shared-state.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

export type EngineThreadOptions = {
  readonly entry: URL;
  readonly heapHardBytes: number;
  readonly youngBytes: number;
  readonly workspace: string;
  readonly onMessage: (message: FromWorker) => void;
  /** Told once, after the last message. `outOfMemory`: V8's hard limit ended it. */
  readonly onExit: (thread: EngineThread, cause: { readonly outOfMemory: boolean }) => void;
};

const mebibyte = 1024 * 1024;
/** Calls may nest as deep as the language allows; its own limit comes first. */
const stackMebibytes = 64;

export class EngineThread {
  readonly heapHardBytes: number;
  readonly shared = new SharedState();
  readonly #worker: Worker;
  #hasSpoken = false;

  constructor(options: EngineThreadOptions) {
    const { entry, heapHardBytes, youngBytes, workspace, onMessage, onExit } = options;
    this.heapHardBytes = heapHardBytes;
    this.#worker = new Worker(entry, {
      name: 'engine',
      // SECURITY: nothing of the process's environment, arguments or streams goes where programs run.
      env: {},
      argv: [],
      execArgv: [],
      workerData: { shared: this.shared.buffer, heapHardBytes, workspace } satisfies WorkerStart,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.floor(heapHardBytes / mebibyte),
        maxYoungGenerationSizeMb: Math.floor(youngBytes / mebibyte),
        stackSizeMb: stackMebibytes,
      },
    });
    let outOfMemory = false;
    this.#worker.on('message', (message: FromWorker) => {
      this.#hasSpoken = true;
      onMessage(message);
    });
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      if (!outOfMemory) process.stderr.write(`agent: engine: ${error.message}\n`);
    });
    this.#worker.on('exit', () => onExit(this, { outOfMemory }));
  }

  /** It has answered at least once. */
  get hasSpoken(): boolean {
    return this.#hasSpoken;
  }

  post(message: ToWorker, transferred: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transferred);
  }

  /** For a worker that may be in a program: it takes the message at its next safe point. */
  postUrgently(message: ToWorker): void {
    this.#worker.postMessage(message);
    this.shared.callAttention();
  }

  /** Ends it wherever it is. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
