// Connections on which nobody has said yet who he is. Only so many are borne: past that the oldest goes, so that those who open
// connections and send nothing, or send it slowly, do not keep the others out.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export class Strangers {
  /** By the other end, oldest first: under TLS a request's socket is another object than the connection's. */
  readonly #sockets = new Map<string, Socket>();

  constructor(server: Server, countMax: number) {
    server.on('connection', (socket: Socket) => {
      const end = endOf(socket);
      this.#sockets.set(end, socket);
      socket.once('close', () => {
        if (this.#sockets.get(end) === socket) this.#sockets.delete(end);
      });
      if (this.#sockets.size <= countMax) return;
      for (const [oldest, stranger] of this.#sockets) {
        this.#sockets.delete(oldest);
        stranger.destroy();
        break;
      }
    });
  }

  /** A request with a valid key has come over it. */
  know(socket: Socket): void {
    this.#sockets.delete(endOf(socket));
  }
}

function endOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
