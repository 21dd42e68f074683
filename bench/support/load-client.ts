// Requests of the load generator: as many at once as there are arrivals, since an open loop never waits for a connection.
import { Agent, request } from 'node:http';

const replyMsMax = 120_000;

/** The service refused or failed; `status` 0 is a broken connection. */
export class LoadFailure extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(`${status}: ${text.slice(0, 200)}`);
    this.status = status;
  }
}

export class LoadClient implements Disposable {
  readonly #url: URL;
  readonly #key: string;
  readonly #connections = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

  constructor(url: string, key: string) {
    this.#url = new URL(url);
    this.#key = key;
  }

  /** Gives the id of a new session. */
  async create(): Promise<string> {
    return ((await this.#ask('POST', '/api/sessions', {})) as { id: string }).id;
  }

  /** Executes to a right answer. */
  async execute(id: string): Promise<void> {
    const reply = await this.#ask('POST', `/api/sessions/${id}/execute`, { code: '20 + 22' });
    const { status, result } = reply as { status?: string; result?: { value?: unknown } };
    if (status !== 'success' || result?.value !== 42) throw new LoadFailure(200, String(status));
  }

  hibernate(id: string): Promise<unknown> {
    return this.#ask('POST', `/api/sessions/${id}/hibernate`, {});
  }

  async snapshot(id: string): Promise<number> {
    const path = `/api/sessions/${id}/snapshots`;
    return ((await this.#ask('POST', path, {})) as { version: number }).version;
  }

  rollback(id: string, version: number): Promise<unknown> {
    return this.#ask('POST', `/api/sessions/${id}/rollback`, { version });
  }

  delete(id: string): Promise<unknown> {
    return this.#ask('DELETE', `/api/sessions/${id}?force=true`);
  }

  [Symbol.dispose](): void {
    this.#connections.destroy();
  }

  #ask(method: string, path: string, body?: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const content = body && JSON.stringify(body);
      const call = request(
        new URL(path, this.#url),
        {
          agent: this.#connections,
          method,
          timeout: replyMsMax,
          headers: {
            authorization: `Bearer ${this.#key}`,
            ...(content && { 'content-type': 'application/json' }),
          },
        },
        (reply) => {
          let text = '';
          reply.setEncoding('utf8');
          reply.on('data', (chunk: string) => {
            text += chunk;
          });
          reply.on('error', (error) => reject(new LoadFailure(0, error.message)));
          reply.on('end', () => {
            const status = reply.statusCode ?? 0;
            if (status >= 300) reject(new LoadFailure(status, text));
            else resolve(text === '' ? null : JSON.parse(text));
          });
        },
      );
      call.on('timeout', () => call.destroy(new Error('not answered in time')));
      call.on('error', (error) => reject(new LoadFailure(0, error.message)));
      call.end(content);
    });
  }
}
