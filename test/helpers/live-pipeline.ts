// A client that keeps a number of executions under way over one live connection, for as long as it is told to.
import { WebSocket } from 'ws';

const silentMsMax = 60_000;

export type PipelineResult = { readonly status?: string; readonly result?: { value?: unknown } };

/** What to execute, over and over, and whether an answer is right. */
export type PipelineWork = {
  readonly code: (index: number) => string;
  readonly isRight: (result: PipelineResult) => boolean;
};

const sum: PipelineWork = {
  code: () => '1+1',
  isRight: ({ status, result }) => status === 'success' && result?.value === 2,
};

export class LivePipeline implements Disposable {
  readonly #socket: WebSocket;
  readonly #work: PipelineWork;
  readonly #failed = Promise.withResolvers<never>();
  #results = 0;
  #sent = 0;
  #underWay = 0;
  #wanted = 0;
  #sentMax = 0;
  #onRest: (() => void) | null = null;

  private constructor(socket: WebSocket, work: PipelineWork) {
    this.#socket = socket;
    this.#work = work;
    this.#failed.promise.catch(() => {});
    socket.on('message', (data: Buffer) => this.#take(data.toString()));
    socket.on('error', () => {});
    socket.on('close', (code) => this.#fail(new Error(`a live socket was closed (${code})`)));
  }

  /** `address` is that of the session’s live connection. */
  static async open(address: URL, key: string, work: PipelineWork = sum): Promise<LivePipeline> {
    const socket = new WebSocket(address, ['cellar.v1'], {
      headers: { authorization: `Bearer ${key}` },
      perMessageDeflate: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new LivePipeline(socket, work);
  }

  /** Right answers so far. */
  get results(): number {
    return this.#results;
  }

  /** From now on `atOnce` executions are under way, `most` in all. */
  begin(atOnce: number, most = Number.POSITIVE_INFINITY): void {
    this.#wanted = atOnce;
    this.#sentMax = this.#sent + most;
    this.#fill();
  }

  /** So many executions, `atOnce` of them under way. */
  async run(count: number, atOnce: number): Promise<void> {
    this.begin(atOnce, count);
    await this.#rest();
  }

  /** No new ones; resolves when the last answer is here. Throws what went wrong at any time since the beginning. */
  async end(): Promise<void> {
    this.#wanted = 0;
    await this.#rest();
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  async #rest(): Promise<void> {
    const rest = Promise.withResolvers<void>();
    this.#onRest = rest.resolve;
    if (this.#underWay === 0) rest.resolve();
    let seen = this.#results;
    const timer = setInterval(() => {
      if (this.#results === seen) this.#fail(new Error('no answer in time'));
      seen = this.#results;
    }, silentMsMax);
    await Promise.race([rest.promise, this.#failed.promise]).finally(() => clearInterval(timer));
    this.#onRest = null;
  }

  #fill(): void {
    while (this.#underWay < this.#wanted && this.#sent < this.#sentMax) {
      this.#underWay++;
      const code = this.#work.code(this.#sent++);
      this.#socket.send(JSON.stringify({ type: 'execute', code, options: {} }));
    }
  }

  #take(text: string): void {
    const message = JSON.parse(text) as PipelineResult & { type: string; code?: string };
    const isResult = message.type === 'executionResult';
    // The error of a program has no code; that of a request does.
    if (!isResult && message.code === undefined) return;
    if (!isResult || !this.#work.isRight(message)) {
      this.#fail(new Error(`answered with ${text}`));
      return;
    }
    this.#results++;
    this.#underWay--;
    this.#fill();
    if (this.#underWay === 0) this.#onRest?.();
  }

  #fail(error: Error): void {
    this.#failed.reject(error);
  }
}
