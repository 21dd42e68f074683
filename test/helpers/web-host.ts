// A host that programs ask: a real server on a loopback address, which remembers who came.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { text } from 'node:stream/consumers';
import type { Issued } from './certificates.ts';

export type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

/** Takes everything, and says nothing. */
export function silent(socket: Socket): void {
  socket.resume().once('end', () => socket.end());
}

export class WebHost implements AsyncDisposable {
  readonly address: string;
  readonly seen: Seen[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;

  private constructor(address: string, server: Server) {
    this.address = address;
    this.#server = server;
    server.on('connection', (socket) => {
      this.#connections++;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Answers every request with `answer`, or with 200 and the path. */
  static async start(
    options: {
      readonly address?: string;
      readonly port?: number;
      /** HTTPS, with this certificate. */
      readonly identity?: Issued;
      readonly answer?: (seen: Seen, response: ServerResponse) => void;
    } = {},
  ): Promise<WebHost> {
    const { answer = (seen, response) => void response.end(`at ${seen.url}`) } = options;
    const serve = async (request: IncomingMessage, response: ServerResponse) => {
      response.on('error', () => {});
      const body = await text(request).catch(() => 'cut');
      const { method = '', url = '', headers } = request;
      const seen = { method, url, headers, body };
      host.seen.push(seen);
      answer(seen, response);
    };
    const { identity } = options;
    const server = identity ? createTlsServer(identity, serve) : createServer(serve);
    server.on('tlsClientError', () => {});
    const host = new WebHost(options.address ?? '127.0.0.1', server);
    await host.#listen(options.port);
    return host;
  }

  /** Speaks no HTTP: what comes is `talk`'s. */
  static async startRaw(
    talk: (socket: Socket) => void,
    address = '127.0.0.1',
    port?: number,
  ): Promise<WebHost> {
    const host = new WebHost(address, createTcpServer({ allowHalfOpen: true }, talk));
    await host.#listen(port);
    return host;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `127.0.0.1:1234` */
  get authority(): string {
    return `${this.address.includes(':') ? `[${this.address}]` : this.address}:${this.port}`;
  }

  get url(): string {
    return `http://${this.authority}`;
  }

  /** Made by anybody since it started. */
  get connections(): number {
    return this.#connections;
  }

  /** Open now. */
  get open(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  async #listen(port = 0): Promise<void> {
    this.#server.listen(port, this.address);
    await once(this.#server, 'listening');
  }
}
