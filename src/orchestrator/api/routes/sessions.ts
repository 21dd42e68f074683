// Sessions: create, list, look at, change, restart, delete.
import type { IdempotentReply } from '../../registry/session-registry.ts';
import type { ForkSource, SessionView } from '../../sessions/session-service.ts';
import type { ApiServer } from '../api-server.ts';
import { clientGone } from '../client-gone.ts';
import type { Idempotency } from '../idempotency.ts';
import { sendJson } from '../json-reply.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { Session, SessionDetails, SessionList } from '../schemas/reply.ts';
import {
  CreateSessionBody,
  DeleteSessionQuery,
  GetSessionQuery,
  IdempotencyHeaders,
  ListSessionsQuery,
  pageLimitDefault,
  SessionParams,
  SessionSettings,
} from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { parseSessionFilter } from '../session-filter.ts';
import { checkLanguage, configChange, newSessionConfig } from '../session-settings.ts';
import { boundsOf } from '../tenant-bounds.ts';
import { executionJson, sessionJson } from '../views.ts';
import type { Waits } from '../waits.ts';

const tags = ['Sessions'];

function forkSourceOf(from: NonNullable<CreateSessionBody['from']>): ForkSource {
  if ('snapshot' in from) return { snapshot: from.snapshot };
  const { session } = from;
  if ('label' in from) return { session, label: from.label };
  const { version } = from;
  return version === undefined ? { session } : { session, version };
}

function createdReply(view: SessionView): IdempotentReply {
  const json = sessionJson(view);
  return {
    status: 201,
    headers: { location: `/api/sessions/${json.id}` },
    body: JSON.stringify(json),
  };
}

export function sessionRoutes(
  server: ApiServer,
  api: ApiParts,
  waits: Waits,
  idempotency: Idempotency,
): void {
  const { sessions, tenants, settings } = api;
  const { changeMsMax, stateMsMax, transferMsMax } = settings.bounds;

  server.post(
    '/api/sessions',
    {
      config: { newWork: true },
      schema: {
        tags,
        operationId: 'createSession',
        summary: 'Create a session',
        headers: IdempotencyHeaders,
        body: CreateSessionBody,
        response: { 201: shared(Session, 'Created; its address is in `Location`'), ...problem },
      },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request);
      const { name, language = 'anarchy', from, ...asked } = request.body;
      checkLanguage(language);
      const config = newSessionConfig(asked, boundsOf(settings, tenants.find(tenant)));
      const work = (signal: AbortSignal) =>
        idempotency.run(
          {
            tenant,
            route: 'POST /api/sessions',
            key: request.headers['idempotency-key'],
            content: request.body,
          },
          {
            act: async (idempotencyKey) => {
              const session = {
                language,
                config,
                ...(name === undefined ? {} : { name }),
                ...(from === undefined ? {} : { from: forkSourceOf(from) }),
                idempotencyKey,
              };
              return createdReply(await sessions.create(tenant, session, signal));
            },
            undoes: true,
            recall: async (made) => createdReply(await sessions.find(tenant, made)),
          },
        );
      const gone = clientGone(reply);
      const { reply: sent, replayed } = await waits.within(changeMsMax, work, gone);
      return sendJson(reply, sent, replayed);
    },
  );

  server.get(
    '/api/sessions',
    {
      schema: {
        tags,
        operationId: 'listSessions',
        summary: 'List sessions',
        querystring: ListSessionsQuery,
        response: { 200: shared(SessionList, 'A page of sessions'), ...problem },
      },
    },
    async (request) => {
      const { filter = '', limit = pageLimitDefault, offset = 0 } = request.query;
      const page = { limit, offset };
      const { tenant } = callerOf(request);
      const { items, total } = await sessions.list(tenant, parseSessionFilter(filter), page);
      return { items: items.map(sessionJson), total, ...page };
    },
  );

  server.get(
    '/api/sessions/:id',
    {
      schema: {
        tags,
        operationId: 'getSession',
        summary: 'Get a session',
        params: SessionParams,
        querystring: GetSessionQuery,
        response: {
          200: shared(SessionDetails, 'The session, with its state and history when asked'),
          ...problem,
        },
      },
    },
    async (request) => {
      const { tenant } = callerOf(request);
      const { id } = request.params;
      const { includeState = false, includeHistory = false } = request.query;
      const details: SessionDetails = sessionJson(await sessions.find(tenant, id));
      if (includeState) {
        // A busy engine answers late or not at all; the rest of the session is not withheld for that.
        details.variables = await waits
          .within(stateMsMax, (signal) =>
            sessions.variables(tenant, id, { includeValues: true }, signal),
          )
          .then(({ items }) => items)
          .catch(() => null);
      }
      if (includeHistory) {
        const { items } = await sessions.history(
          tenant,
          id,
          { limit: pageLimitDefault, offset: 0 },
          false,
        );
        details.history = items.map((item) => executionJson(item, { results: false }));
      }
      return details;
    },
  );

  server.delete(
    '/api/sessions/:id',
    {
      schema: {
        tags,
        operationId: 'deleteSession',
        summary: 'Delete a session',
        params: SessionParams,
        querystring: DeleteSessionQuery,
        response: { 204: { type: 'null', description: 'Deleted' }, ...problem },
      },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request);
      const { force = false, keepSnapshots = false } = request.query;
      await waits.within(changeMsMax, (signal) =>
        sessions.delete(tenant, request.params.id, { force, keepSnapshots }, signal),
      );
      return reply.code(204).send(null);
    },
  );

  server.put(
    '/api/sessions/:id/config',
    {
      schema: {
        tags,
        operationId: 'configureSession',
        summary: 'Change the configuration of a live session',
        params: SessionParams,
        body: SessionSettings,
        response: { 200: shared(Session, 'The session as it is now'), ...problem },
      },
    },
    async (request) => {
      const { tenant } = callerOf(request);
      const { id } = request.params;
      const { record } = await sessions.find(tenant, id);
      const change = configChange(
        request.body,
        record.config,
        boundsOf(settings, tenants.find(tenant)),
      );
      return sessionJson(
        await waits.within(changeMsMax, (signal) => sessions.configure(tenant, id, change, signal)),
      );
    },
  );

  server.post(
    '/api/sessions/:id/restart',
    {
      schema: {
        tags,
        operationId: 'restartSession',
        summary: 'Restart a session: its variables are forgotten, its files and history are kept',
        params: SessionParams,
        response: { 200: shared(Session, 'The session as it is now'), ...problem },
      },
    },
    async (request) =>
      sessionJson(
        await waits.within(transferMsMax, (signal) =>
          sessions.restart(callerOf(request).tenant, request.params.id, signal),
        ),
      ),
  );
}
