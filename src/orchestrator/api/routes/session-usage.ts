// What one session uses: its last hour while it is awake, and all together.
import type { ApiServer } from '../api-server.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { SessionParams } from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { SessionUsage } from '../schemas/usage.ts';
import { sessionUsageJson } from '../usage-views.ts';

export function sessionUsageRoute(server: ApiServer, { sessions, usage }: ApiParts): void {
  server.get(
    '/api/sessions/:id/usage',
    {
      schema: {
        tags: ['Sessions'],
        operationId: 'getSessionUsage',
        summary: 'Tell what a session has used, and how its last hour was',
        params: SessionParams,
        response: { 200: shared(SessionUsage, 'What it has used'), ...problem },
      },
    },
    async (request) => {
      const { tenant } = callerOf(request);
      const { sessionId } = (await sessions.find(tenant, request.params.id)).record;
      return sessionUsageJson(sessionId, await usage.session({ tenant, sessionId }));
    },
  );
}
