// A client of the service as users write one: requests over one kept-alive connection, and the live socket. It does as
// little as possible itself, because its own time is measured as well.
import { Agent, request } from 'node:http';
import { zstdDecompressSync } from 'node:zlib';
import { WebSocket } from 'ws';

const replyMsMax = 60_000;

export type Session = {
  readonly id: string;
  readonly sandbox: { readonly id: string; readonly runtime: string } | null;
};

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

  /** A page of the list. */
  async sessions(query: string): Promise<readonly Session[]> {
    const page = (await this.#ask('GET', `/api/sessions?${query}`, 200)) as { items: Session[] };
    return page.items;
  }

  async deleteSession(id: string): Promise<void> {
    await this.#ask('DELETE', `/api/sessions/${id}?force=true`, 204);
  }

  /** Executes anything to its successful end. */
  async run(sessionId: string, code: string): Promise<void> {
    const path = `/api/sessions/${sessionId}/execute`;
    const { status } = (await this.#ask('POST', path, 200, { code })) as { status: string };
    if (status !== 'success') throw new Error(`${code} ended with ${status}`);
  }

  /** Stores the state; gives its version. */
  async snapshot(sessionId: string): Promise<number> {
    const path = `/api/sessions/${sessionId}/snapshots`;
    return ((await this.#ask('POST', path, 201, {})) as { version: number }).version;
  }

  /** The archive of a version, as an agent takes it. */
  async archive(sessionId: string, version: number): Promise<Buffer> {
    const path = `/api/sessions/${sessionId}/snapshots/${version}/archive`;
    const reply = await fetch(new URL(path, this.#url), {
      headers: { authorization: `Bearer ${this.#key}` },
    });
    if (!reply.ok) throw new Error(`${path} was answered with ${reply.status}`);
    return withoutOurs(zstdDecompressSync(await reply.arrayBuffer()));
  }

  async rollback(sessionId: string, version: number): Promise<void> {
    await this.#ask('POST', `/api/sessions/${sessionId}/rollback`, 200, { version });
  }

  async hibernate(sessionId: string): Promise<void> {
    await this.#ask('POST', `/api/sessions/${sessionId}/hibernate`, 200);
  }

  /** The least that the service can be asked for. */
  async health(): Promise<void> {
    await this.#ask('GET', '/healthz', 200);
  }

  /** Executes `1+1` and checks the answer. */
  async execute(sessionId: string): Promise<void> {
    const path = `/api/sessions/${sessionId}/execute`;
    const error = notTwo(await this.#ask('POST', path, 200, { code: '1+1' }));
    if (error) throw error;
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

/** What the agent wrote: the entries from its first one on. Those before it are the service's. */
function withoutOurs(tar: Buffer): Buffer {
  const blockBytes = 512;
  let at = 0;
  while (!tar.toString('latin1', at, at + 100).startsWith('manifest.json\0')) {
    const sizeBytes = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    at += blockBytes + Math.ceil(sizeBytes / blockBytes) * blockBytes;
    if (!(at < tar.byteLength)) throw new Error('the archive has no manifest');
  }
  return tar.subarray(at);
}

/** One live connection to a session. */
export class LiveSocket implements Disposable {
  readonly #socket: WebSocket;
  #sent = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Executes `1+1` and checks the answer. */
  async execute(): Promise<void> {
    const error = notTwo(await this.#result('1+1'));
    if (error) throw error;
  }

  /** Executes anything to its successful end. */
  async run(code: string): Promise<void> {
    const { status } = await this.#result(code);
    if (status !== 'success') throw new Error(`${code} ended with ${status}`);
  }

  #result(code: string): Promise<{ readonly status?: string }> {
    return new Promise((resolve, reject) => {
      const finish = (error: Error | null, message: { readonly status?: string } = {}) => {
        clearTimeout(timer);
        this.#socket.off('message', onMessage);
        this.#socket.off('close', onClose);
        if (error === null) resolve(message);
        else reject(error);
      };
      const onMessage = (data: Buffer) => {
        const message = JSON.parse(data.toString()) as { type: string; status?: string };
        if (message.type === 'executionResult') finish(null, message);
        else if (message.type === 'error') finish(new Error(`refused: ${data}`));
      };
      const onClose = (code: number) => finish(new Error(`the live socket was closed (${code})`));
      const silent = () => finish(new Error('the live socket does not answer'));
      const timer = setTimeout(silent, replyMsMax);
      this.#socket.on('message', onMessage);
      this.#socket.on('close', onClose);
      const id = `request-${++this.#sent}`;
      this.#socket.send(JSON.stringify({ type: 'execute', id, code, options: {} }));
    });
  }

  [Symbol.dispose](): void {
    this.#socket.on('error', () => {});
    this.#socket.terminate();
  }
}

/** A benchmark of wrong answers would be worth nothing. Null when the answer is right. */
function notTwo(message: unknown): Error | null {
  const { status, result } = message as { status?: string; result?: { value?: unknown } };
  if (status === 'success' && result?.value === 2) return null;
  return new Error(`1+1 was answered with ${JSON.stringify(message)}`);
}
