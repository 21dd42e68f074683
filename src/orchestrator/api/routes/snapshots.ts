// The state of a session: versions, rollback, pausing, hibernation, and archives to take elsewhere.
import { AppError } from '../../foundation/errors.ts';
import type { SnapshotRecord } from '../../registry/records.ts';
import type { IdempotentReply } from '../../registry/session-registry.ts';
import type { VersionChoice } from '../../sessions/snapshots.ts';
import type { ApiServer } from '../api-server.ts';
import { ArchiveDownloads } from '../archive-downloads.ts';
import { clientGone } from '../client-gone.ts';
import type { Idempotency } from '../idempotency.ts';
import { sendJson } from '../json-reply.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { Session, Snapshot, SnapshotList } from '../schemas/reply.ts';
import {
  IdempotencyHeaders,
  LabelBody,
  PageQuery,
  pageLimitDefault,
  RollbackBody,
  SessionParams,
  SnapshotBody,
  SnapshotParams,
} from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { sessionJson, snapshotJson } from '../views.ts';
import type { Waits } from '../waits.ts';

const tags = ['State'];
/** Of an archive as it travels. */
export const archiveType = 'application/zstd';

export function snapshotRoutes(
  server: ApiServer,
  api: ApiParts,
  waits: Waits,
  idempotency: Idempotency,
): void {
  const { sessions, states, settings, clock } = api;
  const { transferMsMax } = settings.bounds;
  const downloads = new ArchiveDownloads(settings.bounds, clock);

  server.post(
    '/api/sessions/:id/snapshots',
    {
      schema: {
        tags,
        operationId: 'takeSnapshot',
        summary: 'Store the state of a session as a new version',
        headers: IdempotencyHeaders,
        params: SessionParams,
        body: SnapshotBody,
        response: { 201: shared(Snapshot, 'Stored; its address is in `Location`'), ...problem },
      },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request);
      const { record } = await sessions.find(tenant, request.params.id);
      const { label = null } = request.body ?? {};
      const { reply: sent, replayed } = await waits.within(transferMsMax, (signal) =>
        idempotency.run(
          {
            tenant,
            route: `POST /api/sessions/${record.sessionId}/snapshots`,
            key: request.headers['idempotency-key'],
            content: request.body ?? {},
          },
          {
            act: async (key) =>
              takenReply(await states.take(tenant, record.sessionId, label, signal, key)),
            recall: async (made) => takenReply(await states.findById(tenant, made)),
          },
        ),
      );
      return sendJson(reply, sent, replayed);
    },
  );

  server.get(
    '/api/sessions/:id/snapshots',
    {
      schema: {
        tags,
        operationId: 'listSnapshots',
        summary: 'List the versions of a session, newest first',
        params: SessionParams,
        querystring: PageQuery,
        response: { 200: shared(SnapshotList, 'A page of snapshots'), ...problem },
      },
    },
    async (request) => {
      const { limit = pageLimitDefault, offset = 0 } = request.query;
      const page = { limit, offset };
      const { items, total } = await states.list(callerOf(request).tenant, request.params.id, page);
      return { items: items.map(snapshotJson), total, ...page };
    },
  );

  server.get(
    '/api/sessions/:id/snapshots/:version',
    {
      schema: {
        tags,
        operationId: 'getSnapshot',
        summary: 'Get one version',
        params: SnapshotParams,
        response: { 200: shared(Snapshot, 'The snapshot'), ...problem },
      },
    },
    async (request) => {
      const { id, version } = request.params;
      return snapshotJson(await states.find(callerOf(request).tenant, id, version));
    },
  );

  server.patch(
    '/api/sessions/:id/snapshots/:version',
    {
      schema: {
        tags,
        operationId: 'labelSnapshot',
        summary: 'Change, move or remove the label of a version',
        params: SnapshotParams,
        body: LabelBody,
        response: { 200: shared(Snapshot, 'The snapshot as it is now'), ...problem },
      },
    },
    async (request) => {
      const { id, version } = request.params;
      const { tenant } = callerOf(request);
      return snapshotJson(await states.label(tenant, id, version, request.body.label));
    },
  );

  server.delete(
    '/api/sessions/:id/snapshots/:version',
    {
      schema: {
        tags,
        operationId: 'deleteSnapshot',
        summary: 'Delete a version that the session does not stand on',
        params: SnapshotParams,
        response: { 204: { type: 'null', description: 'Deleted' }, ...problem },
      },
    },
    async (request, reply) => {
      const { id, version } = request.params;
      await states.remove(callerOf(request).tenant, id, version);
      return reply.code(204).send(null);
    },
  );

  server.get(
    '/api/sessions/:id/snapshots/:version/archive',
    {
      config: { audited: true },
      schema: {
        tags,
        operationId: 'downloadSnapshot',
        summary: 'Download a version as an archive (tar, zstd)',
        params: SnapshotParams,
        response: {
          200: {
            description: 'The archive',
            content: { [archiveType]: { schema: { type: 'string', format: 'binary' } } },
          },
          ...problem,
        },
      },
    },
    async (request, reply) => {
      const { id, version } = request.params;
      const { tenant } = callerOf(request);
      const { record, stream } = await downloads.begin((signal) =>
        states.archive(tenant, id, version, signal),
      );
      reply.header('content-type', archiveType);
      reply.header(
        'content-disposition',
        `attachment; filename="${record.sessionId}-${version}.tar.zst"`,
      );
      return reply.send(stream as never);
    },
  );

  server.post(
    '/api/sessions/:id/rollback',
    {
      schema: {
        tags,
        operationId: 'rollbackSession',
        summary: 'Bring a session back to one of its versions',
        params: SessionParams,
        body: RollbackBody,
        response: { 200: shared(Session, 'The session as it is now'), ...problem },
      },
    },
    async (request) => {
      const { tenant } = callerOf(request);
      const { id } = request.params;
      const wanted = choiceOf(request.body);
      await waits.within(transferMsMax, (signal) => states.rollback(tenant, id, wanted, signal));
      return sessionJson(await sessions.find(tenant, id));
    },
  );

  for (const verb of ['pause', 'hibernate', 'resume'] as const) {
    server.post(
      `/api/sessions/:id/${verb}`,
      {
        schema: {
          tags,
          operationId: `${verb}Session`,
          summary: summaries[verb],
          params: SessionParams,
          response: { 200: shared(Session, 'The session as it is now'), ...problem },
        },
      },
      async (request, reply) => {
        const { tenant } = callerOf(request);
        const { id } = request.params;
        const work = (signal: AbortSignal) => states[verb](tenant, id, signal);
        await waits.within(transferMsMax, work, clientGone(reply));
        return sessionJson(await sessions.find(tenant, id));
      },
    );
  }
}

function takenReply(record: SnapshotRecord): IdempotentReply {
  return {
    status: 201,
    headers: { location: `/api/sessions/${record.sessionId}/snapshots/${record.version}` },
    body: JSON.stringify(snapshotJson(record)),
  };
}

/** Throws `invalid_request` unless exactly one of the two is given. */
function choiceOf({ version, label }: RollbackBody): VersionChoice {
  if (version !== undefined && label === undefined) return { version };
  if (label !== undefined && version === undefined) return { label };
  throw new AppError('invalid_request', {
    detail: 'A version is named by its number or by its label.',
    fields: [{ field: '/version', message: 'must be given if label is not, and only then' }],
  });
}

const summaries = {
  pause:
    'Freeze a session where it is: it keeps its memory and takes no processor time; the next request goes on with it',
  hibernate:
    'Store the state of a session and let its container go; the next request brings it back',
  resume: 'Wake a session that is paused or hibernated now',
} as const;
