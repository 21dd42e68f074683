// A reply that is under way may be silent for longer than a connection may otherwise be idle, until there is something to send.
import { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';

/** Lifts the idle limit of the reply's connection; the next request on it sets it again. */
export function allowSilence({ raw: { socket } }: FastifyReply): void {
  // A request that was injected has no connection.
  if (socket instanceof Socket) socket.setTimeout(0);
}

/** The limit is `ms` again: a client that does not read its reply is idle like any other. */
export function endSilence({ raw: { socket } }: FastifyReply, ms: number): void {
  if (socket instanceof Socket) socket.setTimeout(ms);
}
