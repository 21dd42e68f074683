// Who the service takes the caller for.
import type { ApiServer } from '../api-server.ts';
import { callerOf } from '../principal.ts';
import { Caller } from '../schemas/reply.ts';
import { problem, shared } from '../schemas/route-schema.ts';

export function whoamiRoutes(server: ApiServer): void {
  server.get(
    '/api/whoami',
    {
      schema: {
        tags: ['Access'],
        operationId: 'whoAmI',
        summary: 'Tell who is asking',
        response: { 200: shared(Caller, 'Tenant, role and key'), ...problem },
      },
    },
    async (request) => {
      const { tenant, role, keyId } = callerOf(request);
      return { tenant, role, keyId };
    },
  );
}
