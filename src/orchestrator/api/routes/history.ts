// What was executed in a session, newest first.
import type { ApiServer } from '../api-server.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { ExecutionList } from '../schemas/reply.ts';
import { HistoryQuery, pageLimitDefault, SessionParams } from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { executionJson } from '../views.ts';

const tags = ['Executing'];

export function historyRoutes(server: ApiServer, { sessions }: ApiParts): void {
  server.get(
    '/api/sessions/:id/history',
    {
      schema: {
        tags,
        operationId: 'listHistory',
        summary: 'List the executions of a session, newest first',
        params: SessionParams,
        querystring: HistoryQuery,
        response: { 200: shared(ExecutionList, 'A page of executions'), ...problem },
      },
    },
    async (request) => {
      const {
        limit = pageLimitDefault,
        offset = 0,
        includeResults: results = false,
      } = request.query;
      const page = { limit, offset };
      const { tenant } = callerOf(request);
      const { items, total } = await sessions.history(tenant, request.params.id, page, results);
      const end = offset + items.length;
      return {
        items: items.map((item) => executionJson(item, { results })),
        total,
        ...page,
        next: items.length > 0 && end < total ? end : null,
      };
    },
  );

  server.delete(
    '/api/sessions/:id/history',
    {
      schema: {
        tags,
        operationId: 'clearHistory',
        summary: 'Clear the history: executions that have ended are forgotten',
        params: SessionParams,
        response: { 204: { type: 'null', description: 'Cleared' }, ...problem },
      },
    },
    async (request, reply) => {
      await sessions.clearHistory(callerOf(request).tenant, request.params.id);
      return reply.code(204).send(null);
    },
  );
}
