// Connections on which nobody has said yet who he is. Only so many are borne: past that the oldest goes, so that those who open
// connections and send nothing, or send it slowly, do not keep the others out.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export class Strangers {
  /** Oldest first. */
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, countMax: number) {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      if (this.#sockets.size <= countMax) return;
      const [oldest] = this.#sockets;
      this.#sockets.delete(oldest!);
      oldest!.destroy();
    });
  }

  /** A request with a valid key has come over it. */
  know(socket: Socket): void {
    this.#sockets.delete(socket);
  }
}
