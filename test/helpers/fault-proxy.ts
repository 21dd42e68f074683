// Stands before an HTTP server and does to chosen requests what networks and overloaded servers do.
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';

export type Fault =
  | 'pass'
  /** Takes the request and never answers. */
  | 'hang'
  /** Passes it on, and breaks the connection in the middle of the answer. */
  | 'cut'
  /** Passes it on, sends half of the answer and then nothing more. */
  | 'stall'
  /** Passes it on, and breaks the connection when the answer has come. */
  | 'lose'
  /** Answers itself, with this status and an error of that name. */
  | { readonly status: number; readonly code: string };

/** What a client has asked for: `PUT /bucket/key?uploadId=…`. */
export type Ask = { readonly method: string; readonly path: string };

export class FaultProxy implements AsyncDisposable {
  /** What becomes of a request. */
  fault: (ask: Ask) => Fault = () => 'pass';
  /** Everything that was asked for. */
  readonly asked: Ask[] = [];
  readonly #target: URL;
  readonly #server: Server;

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((asked, answer) => this.#serve(asked, answer));
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(asked: IncomingMessage, answer: ServerResponse): void {
    const ask = { method: asked.method!, path: asked.url! };
    this.asked.push(ask);
    const fault = this.fault(ask);
    if (fault === 'hang') {
      asked.resume();
      return;
    }
    if (typeof fault === 'object') {
      asked.resume().on('end', () => {
        const body = `<?xml version="1.0"?><Error><Code>${fault.code}</Code><Message>no</Message></Error>`;
        answer.writeHead(fault.status, { 'content-type': 'application/xml' }).end(body);
      });
      return;
    }
    // The host that was signed stays: the target does not look at it otherwise.
    const { hostname, port } = this.#target;
    const { method, headers } = asked;
    const passed = request({ hostname, port, method: method!, path: ask.path, headers });
    passed.on('error', () => answer.destroy());
    passed.on('response', (response) => void this.#reply(response, answer, fault));
    asked.pipe(passed);
  }

  async #reply(response: IncomingMessage, answer: ServerResponse, fault: Fault): Promise<void> {
    if (fault === 'pass') {
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer);
      return;
    }
    const body = Buffer.concat(await response.toArray());
    if (fault === 'lose') {
      answer.destroy();
      return;
    }
    answer.writeHead(response.statusCode!, response.headers);
    answer.write(body.subarray(0, body.length >> 1), () => {
      if (fault === 'cut') answer.destroy();
    });
  }
}
