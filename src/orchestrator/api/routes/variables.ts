// Looks into the live session: its variables, and the parts of one.
import { AppError } from '../../foundation/errors.ts';
import type { ApiServer } from '../api-server.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { Checker } from '../schemas/checker.ts';
import { Inspection, VariableList } from '../schemas/reply.ts';
import {
  InspectPath,
  InspectQuery,
  inspectDepthDefault,
  SessionParams,
  VariableParams,
  VariablesQuery,
} from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import type { Waits } from '../waits.ts';

const tags = ['Executing'];
const pathChecker = new Checker(InspectPath);

export function variableRoutes(server: ApiServer, api: ApiParts, waits: Waits): void {
  const { sessions, settings } = api;
  const { questionMsMax } = settings.bounds;

  server.get(
    '/api/sessions/:id/variables',
    {
      schema: {
        tags,
        operationId: 'listVariables',
        summary: 'List the variables of a session',
        params: SessionParams,
        querystring: VariablesQuery,
        response: { 200: shared(VariableList, 'Variables, functions and modules'), ...problem },
      },
    },
    async (request) => {
      const { tenant } = callerOf(request);
      const { filter, includeValues = false } = request.query;
      return await waits.within(questionMsMax, (signal) =>
        sessions.variables(
          tenant,
          request.params.id,
          { includeValues, ...(filter === undefined ? {} : { filter }) },
          signal,
        ),
      );
    },
  );

  server.get(
    '/api/sessions/:id/variables/:name',
    {
      schema: {
        tags,
        operationId: 'inspectVariable',
        summary: 'Inspect a variable, or a part of one',
        params: VariableParams,
        querystring: InspectQuery,
        response: { 200: shared(Inspection, 'The value as a tree'), ...problem },
      },
    },
    async (request) => {
      const { tenant } = callerOf(request);
      const { id, name: variable } = request.params;
      const { depth = inspectDepthDefault } = request.query;
      const path = parsePath(request.query.path);
      const value = await waits.within(questionMsMax, (signal) =>
        sessions.inspect(tenant, id, { variable, path, depth }, signal),
      );
      return { variable, value };
    },
  );
}

function parsePath(text: string | undefined): InspectPath {
  if (text === undefined) return [];
  let path: unknown;
  try {
    path = JSON.parse(text);
  } catch {
    path = undefined;
  }
  if (pathChecker.accepts(path)) return path;
  throw new AppError('invalid_request', {
    fields: [{ field: '?path', message: 'must be a JSON array of keys and indices' }],
  });
}
