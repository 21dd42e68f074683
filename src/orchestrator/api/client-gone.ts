// Nobody waits for a reply any more: what only waits for its turn need not have it.
import type { FastifyReply } from 'fastify';
import { AppError } from '../foundation/errors.ts';

/** Fires when the client goes away before its reply is sent. */
export function clientGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const look = () => {
    if (!raw.writableFinished) gone.abort(new AppError('deadline_exceeded'));
  };
  raw.once('close', look);
  if (raw.destroyed) look();
  return gone.signal;
}
