// Requests that are under way, counted for each tenant once it is known who asks. What begins new work has its own places: a tenant
// whose executes all wait can still look at them and cancel them.
import type { ApiServer } from './api-server.ts';
import type { ApiBounds } from './options.ts';
import { Places } from './places.ts';
import type { Strangers } from './strangers.ts';

export function installRequestPlaces(
  server: ApiServer,
  { requestsMax, tenantRequestsMax }: ApiBounds,
  strangers: Strangers,
): void {
  const bounds = { tenant: tenantRequestsMax, all: requestsMax };
  const working = new Places('requests that create or execute under way', bounds);
  const others = new Places('requests under way', bounds);
  server.addHook('onRequest', async ({ principal, raw, routeOptions }, reply) => {
    if (principal === null) return;
    strangers.know(raw.socket);
    const places = routeOptions.config.newWork ? working : others;
    places.take({ tenant: principal.tenant }, reply.raw);
  });
}
