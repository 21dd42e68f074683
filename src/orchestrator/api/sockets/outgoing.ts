// What leaves over one live connection: at once, in order, and never more in memory than the bound. A client that does
// not read is closed; what was sent before goes out first, so it can resume after it.
import type { WebSocket } from '@fastify/websocket';
import { type CloseReason, closeCodes } from './close-codes.ts';

export class Outgoing {
  readonly #socket: WebSocket;
  readonly #bytesMax: number;

  constructor(socket: WebSocket, bytesMax: number) {
    this.#socket = socket;
    this.#bytesMax = bytesMax;
  }

  /** Sends text now, in the caller's turn. After a close it does nothing. */
  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(text);
    if (this.#socket.bufferedAmount > this.#bytesMax) this.close('tooSlow');
  }

  /** The socket is dropped when the client does not answer the close in time. */
  close(reason: CloseReason): void {
    this.#socket.close(closeCodes[reason].code, reason);
  }
}
