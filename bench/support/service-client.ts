// A client of the service as users write one: requests over one kept-alive connection, and the live socket. It does as
// little as possible itself, because its own time is measured as well.
import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';

const replyMsMax = 60_000;

export type Session = {
  readonly id: string;
  readonly sandbox: { readonly id: string; readonly runtime: string } | null;
};

/** When the parts of one execution's answer arrived, in milliseconds after it was sent. */
export type LiveTimes = { readonly startMs: number; readonly resultMs: number };

export class ServiceClient implements Disposable {
  readonly #url: URL;
  readonly #key: string;
  readonly #connections = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string, key: string) {
    this.#url = new URL(url);
    this.#key = key;
  }

  async createSession(body: object = {}): Promise<Session> {
    return (await this.#ask('POST', '/api/sessions', 201, body)) as Session;
  }

  async session(id: string): Promise<Session> {
    return (await this.#ask('GET', `/api/sessions/${id}`, 200)) as Session;
  }

  async deleteSession(id: string): Promise<void> {
    await this.#ask('DELETE', `/api/sessions/${id}?force=true`, 204);
  }

  /** The least that the service can be asked for. */
  async health(): Promise<void> {
    await this.#ask('GET', '/healthz', 200);
  }

  /** Executes `1+1` and checks the answer. */
  async execute(sessionId: string): Promise<void> {
    const path = `/api/sessions/${sessionId}/execute`;
    requireTwo(await this.#ask('POST', path, 200, { code: '1+1' }));
  }

  async live(sessionId: string): Promise<LiveSocket> {
    const url = new URL(`/api/sessions/${sessionId}/live`, this.#url);
    url.protocol = 'ws:';
    const socket = new WebSocket(url, ['cellar.v1'], {
      headers: { authorization: `Bearer ${this.#key}` },
      perMessageDeflate: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new LiveSocket(socket);
  }

  [Symbol.dispose](): void {
    this.#connections.destroy();
  }

  #ask(method: string, path: string, status: number, body?: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const content = body && JSON.stringify(body);
      const call = request(
        {
          agent: this.#connections,
          host: this.#url.hostname,
          port: this.#url.port,
          method,
          path,
          timeout: replyMsMax,
          headers: {
            authorization: `Bearer ${this.#key}`,
            ...(content && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(content),
            }),
          },
        },
        (reply) => {
          let text = '';
          reply.setEncoding('utf8');
          reply.on('data', (chunk: string) => {
            text += chunk;
          });
          reply.on('error', reject);
          reply.on('end', () => {
            if (reply.statusCode !== status)
              return reject(
                new Error(`${method} ${path} was answered with ${reply.statusCode}: ${text}`),
              );
            resolve(text === '' ? null : JSON.parse(text));
          });
        },
      );
      call.on('timeout', () => call.destroy(new Error(`${method} ${path} was not answered`)));
      call.on('error', reject);
      call.end(content);
    });
  }
}

/** One live connection to a session. */
export class LiveSocket implements Disposable {
  readonly #socket: WebSocket;
  #sent = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Executes `1+1` and checks the answer. */
  execute(): Promise<LiveTimes> {
    return new Promise((resolve, reject) => {
      const id = `request-${++this.#sent}`;
      let startMs = 0;
      const onMessage = (data: Buffer) => {
        const message = JSON.parse(data.toString()) as { type: string };
        if (message.type === 'executionStart') startMs = performance.now() - sentAt;
        if (message.type === 'executionResult' || message.type === 'error') {
          const resultMs = performance.now() - sentAt;
          finish(() => {
            requireTwo(message);
            resolve({ startMs, resultMs });
          });
        }
      };
      const onClose = (code: number) =>
        finish(() => reject(new Error(`the live socket was closed (${code})`)));
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#socket.off('message', onMessage);
        this.#socket.off('close', onClose);
        try {
          settle();
        } catch (error) {
          reject(error);
        }
      };
      const timer = setTimeout(
        () => finish(() => reject(new Error('the live socket does not answer'))),
        replyMsMax,
      );
      this.#socket.on('message', onMessage);
      this.#socket.on('close', onClose);
      const message = { type: 'execute', id, code: '1+1', options: {} };
      const sentAt = performance.now();
      this.#socket.send(JSON.stringify(message));
    });
  }

  [Symbol.dispose](): void {
    this.#socket.on('error', () => {});
    this.#socket.terminate();
  }
}

/** A benchmark of wrong answers would be worth nothing. */
function requireTwo(message: unknown): void {
  const { status, result } = message as { status?: string; result?: { value?: unknown } };
  if (status !== 'success' || result?.value !== 2)
    throw new Error(`1+1 was answered with ${JSON.stringify(message)}`);
}
