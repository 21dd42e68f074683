// What leaves over one live connection: at once, in order, and never more in memory than the bound. A client that does
// not read is closed; what was sent before goes out first, so it can resume after it.
import type { Duplex } from 'node:stream';
import type { WebSocket } from '@fastify/websocket';
import { type CloseReason, closeCodes } from './close-codes.ts';

export class Outgoing {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #bytesMax: number;
  #corked = false;

  /** `stream` is the connection under the socket. */
  constructor(socket: WebSocket, stream: Duplex, bytesMax: number) {
    this.#socket = socket;
    this.#stream = stream;
    this.#bytesMax = bytesMax;
  }

  /** Sends text in the caller's turn; all texts of one turn leave in one write. After a close it does nothing. */
  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#cork();
    this.#socket.send(text);
    if (this.#socket.bufferedAmount > this.#bytesMax) this.close('tooSlow');
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#stream.cork();
    queueMicrotask(() => {
      this.#corked = false;
      this.#stream.uncork();
    });
  }

  /** The socket is dropped when the client does not answer the close in time. */
  close(reason: CloseReason): void {
    this.#socket.close(closeCodes[reason].code, reason);
  }
}
