// Settles who asks, and whether that is enough, before anything else looks at a request.
import assert from 'node:assert';
import { entryFor, type Need, routeNeeds } from '../auth/permissions.ts';
import type { ApiServer } from './api-server.ts';
import { callerOf, refuseUnless } from './principal.ts';
import type { Rates } from './rates.ts';

/** Call it before the routes are added: one that the table of permissions does not know is refused. */
export function installAuthHook(server: ApiServer, rates: Rates): void {
  // SECURITY: so forgetting the entry shuts a door, at the start of the service.
  server.addHook('onRoute', ({ method, url }) => {
    for (const verb of [method].flat())
      assert(entryFor(verb, url), `no entry in auth/permissions.ts: ${verb} ${url}`);
  });
  server.addHook('onRequest', async (request, reply) => {
    const { config, url } = request.routeOptions;
    const need = needOf(request.method, url, request.url);
    if (need === 'everyone' || config.ownDoor) return;
    await rates.admit(request, reply);
    // An address that does not exist is told to every caller who is known.
    if (!request.is404) refuseUnless(callerOf(request), need);
  });
}

/** `url` is the route's, undefined where there is none; `address` what was asked for. */
function needOf(method: string, url: string | undefined, address: string): Need {
  const entry = url === undefined ? null : entryFor(method, url);
  if (entry !== null) return routeNeeds[entry];
  return address.startsWith('/api') ? 'admin' : 'everyone';
}
