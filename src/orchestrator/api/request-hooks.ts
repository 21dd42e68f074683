// What every request passes on its way in, before anyone asks who sends it, and on its way out.
import { Server as SecureServer } from 'node:https';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../foundation/errors.ts';
import type { ApiServer } from './api-server.ts';
import { replyError } from './error-reply.ts';
import { hostCheck } from './host-check.ts';
import type { ApiParts } from './options.ts';
import { logRequest } from './request-log.ts';
import { endSilence } from './silent-wait.ts';

/** For a body that is read before its request is served; the others have the time of their transfer. */
const bodyMsMax = 60_000;

/** SECURITY: a browser that has been here once does not ask over plain HTTP again; its user could be led astray there. */
const transportPolicy = 'max-age=31536000';

export function installRequestHooks(
  server: ApiServer,
  api: Pick<ApiParts, 'log' | 'settings' | 'clock' | 'overload' | 'observe'>,
): void {
  const { log, settings, clock, overload, observe } = api;
  const secure = server.server instanceof SecureServer;
  const isOurs = hostCheck(settings.listenHost, settings.allowedHosts);
  server.setErrorHandler((error, request, reply) => replyError(error, request, reply, log));
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    if (secure) reply.header('strict-transport-security', transportPolicy);
    if (/^\/(api|auth)\b/.test(request.url)) reply.header('cache-control', 'no-store');
    if (!isOurs(request.headers.host)) throw new AppError('host_forbidden');
    if (request.routeOptions.config.newWork) overload.assertCalm();
  });
  // SECURITY: a client that is slow on purpose does not keep a connection, whether anybody wants its body or not.
  const waiting = new WeakMap<FastifyRequest, () => void>();
  server.addHook('onRequest', async (request) => {
    const { raw } = request;
    const cancel = clock.after(bodyMsMax, () => raw.destroy());
    waiting.set(request, cancel);
    raw.once('end', cancel);
    raw.once('close', cancel);
  });
  server.addHook('preValidation', async (request) => waiting.get(request)?.());
  server.addHook('onSend', async (_request, reply, payload) => {
    // Streams have deadlines of their own.
    if (typeof payload === 'string') endSilence(reply, settings.bounds.idleMsMax);
  });
  server.addHook('onResponse', async (request, reply) => {
    observe?.({
      type: 'requestAnswered',
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      refusal: request.problem ?? null,
      ms: reply.elapsedTime,
      traceId: request.span?.traceId,
    });
    logRequest(request, reply, log);
  });
}
