// Where the time of an execution went: as JSON, and as files for other tools.
import type { ApiServer } from '../api-server.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { pprofFile } from '../profiles/pprof-file.ts';
import { profileJson } from '../profiles/profile-json.ts';
import { speedscopeFile } from '../profiles/speedscope-file.ts';
import { Profile, ProfileQuery } from '../schemas/profile.ts';
import { ExecutionParams } from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';

const pprofType = 'application/octet-stream';

export function profileRoutes(server: ApiServer, { sessions }: ApiParts): void {
  server.get(
    '/api/sessions/:id/executions/:executionId/profile',
    {
      schema: {
        tags: ['Executing'],
        operationId: 'getProfile',
        summary: 'Get the profile of an execution: where its time went, and when what happened',
        description:
          'Of an execution that has ended and that was asked to be profiled. It is kept as long as the execution is in the history.',
        params: ExecutionParams,
        querystring: ProfileQuery,
        response: {
          200: {
            description: 'The profile, in the format that was asked for',
            content: {
              'application/json': { schema: shared(Profile, 'The profile') },
              [pprofType]: { schema: { type: 'string', format: 'binary' } },
            },
          },
          ...problem,
        },
      },
    },
    async (request, reply) => {
      const { id, executionId } = request.params;
      const view = await sessions.profile(callerOf(request).tenant, id, executionId);
      const named = (ending: string) =>
        reply.header(
          'content-disposition',
          `attachment; filename="${view.record.executionId}.${ending}"`,
        );
      switch (request.query.format) {
        case 'speedscope':
          named('speedscope.json').header('content-type', 'application/json; charset=utf-8');
          return reply.serializer(JSON.stringify).send(speedscopeFile(view) as never);
        case 'pprof':
          named('pb.gz').header('content-type', pprofType);
          return reply.send((await pprofFile(view)) as never);
        default:
          return profileJson(view);
      }
    },
  );
}
