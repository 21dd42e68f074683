// How long a request may go on that moves as many bytes as it likes: a deadline, its client, and the end of the service.
import type { FastifyReply } from 'fastify';
import { AppError } from '../foundation/errors.ts';
import { allowSilence } from './silent-wait.ts';
import type { Waits } from './waits.ts';

/** Fires after `ms`, when the client has gone, or when the service stops. */
export function transferSignal(reply: FastifyReply, waits: Waits, ms: number): AbortSignal {
  const { raw } = reply;
  const gone = new AbortController();
  const leave = () =>
    gone.abort(new AppError('invalid_request', { detail: 'The client has gone.' }));
  allowSilence(reply);
  raw.once('close', leave);
  if (raw.destroyed) leave();
  return AbortSignal.any([waits.closing, gone.signal, AbortSignal.timeout(ms)]);
}
