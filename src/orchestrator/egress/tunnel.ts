// CONNECT: bytes either way, unseen.
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { EgressRefusal } from './egress-refusal.ts';
import type { MeteredSocket } from './metered-socket.ts';

export class Tunnel {
  readonly #client: Duplex;
  readonly #head: Buffer;
  #established = false;

  /** `head`: what the client has sent already. */
  constructor(client: Duplex, head: Buffer) {
    this.#client = client;
    this.#head = head;
    client.on('error', () => {});
  }

  /** Resolves when both directions have ended. Throws what broke either, or the signal's reason. */
  async run(upstream: MeteredSocket, signal: AbortSignal): Promise<void> {
    this.#established = true;
    this.#client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (this.#head.length > 0) this.#client.unshift(this.#head);
    await Promise.all([
      pipeline(this.#client, upstream, { signal }),
      pipeline(upstream, this.#client, { signal }),
    ]);
  }

  /** Says why; whoever was told that it is connected is cut off. */
  refuse(refusal: EgressRefusal): void {
    if (this.#established) {
      this.#client.destroy();
      return;
    }
    // SECURITY: who does not hang up is hung up on.
    this.#client.once('finish', () => this.#client.destroy());
    this.#client.end(
      [
        `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
        `Proxy-Status: ${refusal.proxyStatus}`,
        'Content-Length: 0',
        'Connection: close',
        '\r\n',
      ].join('\r\n'),
    );
  }
}
