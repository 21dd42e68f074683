// Finds out that a client is gone although nobody said so: pings it, and drops it after an interval without a sign of life.
import type { WebSocket } from '@fastify/websocket';
import type { Clock } from '../../foundation/clock.ts';

/** Watches a socket until it closes. */
export function watchHeartbeat(socket: WebSocket, clock: Clock, intervalMs: number): void {
  let alive = true;
  let cancel = () => {};
  const sign = () => {
    alive = true;
  };
  const beat = () => {
    // While we do not read, a pong cannot be seen.
    if (!alive && !socket.isPaused) return socket.terminate();
    alive = false;
    if (socket.readyState === socket.OPEN) socket.ping();
    cancel = clock.after(intervalMs, beat);
  };
  socket.on('pong', sign);
  socket.on('message', sign);
  socket.on('close', () => cancel());
  cancel = clock.after(intervalMs, beat);
}
