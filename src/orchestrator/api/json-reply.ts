// Sends a reply whose body is JSON text already: fresh, or stored for a repeated request.
import type { FastifyReply } from 'fastify';
import type { IdempotentReply } from '../registry/session-registry.ts';

export function sendJson(
  reply: FastifyReply,
  { status, headers, body }: IdempotentReply,
  replayed: boolean,
): FastifyReply {
  if (replayed) reply.header('idempotency-replayed', 'true');
  return reply.code(status).headers(headers).type('application/json; charset=utf-8').send(body);
}
