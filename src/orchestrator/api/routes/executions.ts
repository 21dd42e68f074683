// One execution: as it stands, as the stream of its events, and its end before its time.
import type { ApiServer } from '../api-server.ts';
import { wantsEventStream } from '../execute-request.ts';
import { type StreamShares, streamExecution } from '../execution-stream.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { Execution } from '../schemas/reply.ts';
import { ExecutionParams, StreamHeaders } from '../schemas/request.ts';
import { problem, shared, sharedOrEvents } from '../schemas/route-schema.ts';
import { executionJson } from '../views.ts';
import type { Waits } from '../waits.ts';

const tags = ['Executing'];

export function executionRoutes(
  server: ApiServer,
  api: ApiParts,
  waits: Waits,
  streams: StreamShares,
): void {
  const { sessions } = api;

  server.get(
    '/api/sessions/:id/executions/:executionId',
    {
      schema: {
        tags,
        operationId: 'getExecution',
        summary: 'Get an execution',
        description:
          'With `Accept: text/event-stream` its live events until it ends, after `Last-Event-ID` where that is given.',
        params: ExecutionParams,
        headers: StreamHeaders,
        response: { 200: sharedOrEvents(Execution, 'The execution as it stands'), ...problem },
      },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request);
      const { id, executionId } = request.params;
      if (request.method === 'GET' && wantsEventStream(request.headers.accept)) {
        const seen = request.headers['last-event-id'];
        const { sessionId } = (await sessions.find(tenant, id)).record;
        streams.places.take({ tenant, sessionId }, reply.raw);
        await streamExecution(api, waits, streams, reply, {
          tenant,
          sessionId,
          executionId,
          since: Number(seen ?? 0),
          resumed: seen !== undefined,
        });
        return reply;
      }
      return executionJson(await sessions.execution(tenant, id, executionId));
    },
  );

  server.post(
    '/api/sessions/:id/executions/:executionId/cancel',
    {
      schema: {
        tags,
        operationId: 'cancelExecution',
        summary: 'Cancel an execution',
        params: ExecutionParams,
        response: { 202: shared(Execution, 'It will end as soon as it can'), ...problem },
      },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request);
      const { id, executionId } = request.params;
      await sessions.cancel(tenant, id, executionId);
      return reply.code(202).send(executionJson(await sessions.execution(tenant, id, executionId)));
    },
  );
}
