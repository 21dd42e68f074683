// Dials the orchestrator and serves on what it dialled, for as long as the agent lives. When the link is gone it dials again,
// less and less eagerly; the session goes on meanwhile.
import type { Http2Server } from 'node:http2';
import { connect, type Socket } from 'node:net';

const retryMsMin = 20;
const retryMsMax = 500;
/** From the connection to the orchestrator's hello; then this one is given up and dialled anew. */
const helloMsMax = 10_000;

export class Link {
  readonly #path: string;
  readonly #server: Http2Server;
  #socket: Socket | null = null;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = retryMsMin;
  #closed = false;

  /** `path`: the orchestrator's Unix socket. */
  constructor(path: string, server: Http2Server) {
    this.#path = path;
    this.#server = server;
  }

  dial(): void {
    if (this.#closed) return;
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.on('error', () => {});
    socket.once('connect', () => {
      this.#timer = setTimeout(() => socket.destroy(), helloMsMax);
      this.#server.emit('connection', socket);
    });
    socket.once('close', () => this.#retry());
  }

  /** The orchestrator has said hello: this connection is good. */
  established(): void {
    clearTimeout(this.#timer);
    this.#retryMs = retryMsMin;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #retry(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    // Jitter, so that a host full of agents does not dial a restarted orchestrator in step.
    const waitMs = this.#retryMs * (0.5 + Math.random() / 2);
    this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax);
    this.#timer = setTimeout(() => this.dial(), waitMs);
  }
}
