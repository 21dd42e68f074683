// Settles who asks before anything else looks at a request. What is not marked as open is closed.
import type { FastifyRequest } from 'fastify';
import { AppError } from '../foundation/errors.ts';
import type { ApiServer } from './api-server.ts';
import type { ApiParts } from './options.ts';
import { mayAct, principalOf } from './principal.ts';

export function installAuthHook(
  server: ApiServer,
  parts: Pick<ApiParts, 'authenticator' | 'tenants'>,
): void {
  server.decorateRequest('principal', null);
  server.addHook('onRequest', async (request) => {
    const access = accessOf(request);
    if (access === 'everyone' || access === 'socket') return;
    request.principal = principalOf(parts, request);
    // An address that does not exist is told to every caller who is known.
    if (request.is404) return;
    if (!mayAct(request.principal, access)) throw new AppError('forbidden');
  });
}

/** SECURITY: under /api a route without a mark is for admins only, so that forgetting the mark shuts a door. */
function accessOf(request: FastifyRequest) {
  const { access } = request.routeOptions.config;
  if (access !== undefined) return access;
  return request.url.startsWith('/api') ? 'admin' : 'everyone';
}
