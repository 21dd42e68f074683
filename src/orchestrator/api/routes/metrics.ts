// The figures of the service, for whoever collects them: on the main listener, or on one of its own.
import { createHash, timingSafeEqual } from 'node:crypto';
import { routeNeeds } from '../../auth/permissions.ts';
import { AppError } from '../../foundation/errors.ts';
import type { ApiServer } from '../api-server.ts';
import { metricsFormat } from '../metrics-format.ts';
import type { ApiParts } from '../options.ts';
import { refuseUnless } from '../principal.ts';
import { problem } from '../schemas/route-schema.ts';

/** `open`: whoever reaches the listener may look; else it takes the token, or the key of an administrator. */
export function metricsRoute(
  server: ApiServer,
  api: Pick<ApiParts, 'metrics' | 'authenticator'>,
  options: { readonly open: boolean },
): void {
  const { metrics, authenticator } = api;
  if (metrics === null) return;
  const isToken = tokenCheck(metrics.token);
  server.get(
    '/metrics',
    {
      config: { ownDoor: true },
      schema: {
        tags: ['Operations'],
        operationId: 'getMetrics',
        summary: 'Collect the metrics, with the token for it or an administrator’s key',
        response: {
          200: {
            description: 'Metrics in Prometheus’ text format',
            content: { 'text/plain': { schema: { type: 'string' } } },
          },
          ...problem,
        },
      },
      onRequest: async ({ headers: { authorization } }) => {
        if (options.open || isToken(authorization)) return;
        const principal = await authenticator.authenticate(authorization);
        if (!principal) throw new AppError('unauthenticated');
        refuseUnless(principal, routeNeeds['GET /metrics']);
      },
    },
    async ({ headers: { accept } }, reply) => {
      const { contentType, text } = await metrics.read(metricsFormat(accept));
      return reply.type(contentType).header('vary', 'accept').send(text);
    },
  );
}

/** Without a token nothing is one. */
function tokenCheck(token: string | null): (authorization: string | undefined) => boolean {
  if (token === null) return () => false;
  const expected = hashOf(`Bearer ${token}`);
  // SECURITY: in constant time, so that an answer's speed says nothing about the token.
  return (authorization) => timingSafeEqual(hashOf(authorization ?? ''), expected);
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
