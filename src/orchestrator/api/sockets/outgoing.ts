// What leaves over one live connection: at once, in order, and never more in memory than the bound. A client that does
// not read is closed; what was sent before goes out first, so it can resume after it.
import type { Duplex } from 'node:stream';
import type { WebSocket } from '@fastify/websocket';
import type { Clock } from '../../foundation/clock.ts';
import type { Observe, Observed } from '../../foundation/observe.ts';
import type { Holder, OutgoingTotal } from '../outgoing-total.ts';
import { roomFor } from '../reader-pace.ts';
import { type CloseReason, closeCodes } from './close-codes.ts';

export class Outgoing implements Holder {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #bytesMax: number;
  readonly #total: OutgoingTotal;
  readonly #observe: Observe | undefined;
  #corked = false;

  /** `stream` is the connection under the socket. */
  constructor(
    socket: WebSocket,
    stream: Duplex,
    options: Observed & { readonly bytesMax: number; readonly total: OutgoingTotal },
  ) {
    this.#socket = socket;
    this.#stream = stream;
    this.#bytesMax = options.bytesMax;
    this.#total = options.total;
    this.#observe = options.observe;
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends text in the caller's turn; all texts of one turn leave in one write. After a close it does nothing. */
  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#cork();
    this.#socket.send(text);
    this.#observe?.(messageSent);
    if (this.#socket.bufferedAmount > this.#bytesMax) this.close('tooSlow');
    this.#total.wrote(this, this.#stream);
  }

  /** See LiveFollower.room. A client that takes too long is closed. */
  async room(clock: Clock): Promise<boolean> {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    const has = await roomFor(this.#stream, () => this.unsentBytes, clock);
    if (!has) this.close('tooSlow');
    return has;
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
    if (this.#socket.readyState === this.#socket.OPEN)
      this.#observe?.({ type: 'socketEnded', reason });
    this.#socket.close(closeCodes[reason].code, reason);
  }

  /** Nothing of what waits is sent any more; the client sees no close. */
  drop(): void {
    this.#observe?.({ type: 'socketEnded', reason: 'tooSlow' });
    this.#socket.terminate();
  }
}

const messageSent = { type: 'socketMessageSent' } as const;
