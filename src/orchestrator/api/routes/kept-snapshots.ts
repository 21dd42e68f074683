// Snapshots whatever session they are of: imported ones, and those that outlived theirs.
import type { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { AppError } from '../../foundation/errors.ts';
import type { SnapshotRecord } from '../../registry/records.ts';
import type { IdempotentReply } from '../../registry/session-registry.ts';
import { refusal } from '../../sessions/archive-refusal.ts';
import type { ApiServer } from '../api-server.ts';
import type { Idempotency } from '../idempotency.ts';
import { sendJson } from '../json-reply.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { Snapshot, SnapshotList } from '../schemas/reply.ts';
import {
  ImportHeaders,
  ImportQuery,
  PageQuery,
  pageLimitDefault,
  SnapshotIdParams,
} from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { checkLanguage } from '../session-settings.ts';
import { snapshotJson } from '../views.ts';
import type { Waits } from '../waits.ts';
import { archiveType } from './snapshots.ts';

const tags = ['State'];
/** An archive grows at most so much when it is decompressed by one step. */
const inflatedChunkBytes = 64 * 1024;

export function keptSnapshotRoutes(
  server: ApiServer,
  api: ApiParts,
  waits: Waits,
  idempotency: Idempotency,
): void {
  const { states, settings } = api;
  const { transferMsMax } = settings.bounds;

  server.get(
    '/api/snapshots',
    {
      schema: {
        tags,
        operationId: 'listAllSnapshots',
        summary: 'List the snapshots of all sessions, newest first',
        querystring: PageQuery,
        response: { 200: shared(SnapshotList, 'A page of snapshots'), ...problem },
      },
    },
    async (request) => {
      const { limit = pageLimitDefault, offset = 0 } = request.query;
      const page = { limit, offset };
      const { items, total } = await states.listAll(callerOf(request).tenant, page);
      return { items: items.map(snapshotJson), total, ...page };
    },
  );

  server.get(
    '/api/snapshots/:snapshot',
    {
      schema: {
        tags,
        operationId: 'getSnapshotById',
        summary: 'Get a snapshot by its id',
        params: SnapshotIdParams,
        response: { 200: shared(Snapshot, 'The snapshot'), ...problem },
      },
    },
    async (request) =>
      snapshotJson(await states.findById(callerOf(request).tenant, request.params.snapshot)),
  );

  server.delete(
    '/api/snapshots/:snapshot',
    {
      schema: {
        tags,
        operationId: 'deleteSnapshotById',
        summary: 'Delete a snapshot that no session stands on',
        params: SnapshotIdParams,
        response: { 204: { type: 'null', description: 'Deleted' }, ...problem },
      },
    },
    async (request, reply) => {
      await states.removeById(callerOf(request).tenant, request.params.snapshot);
      return reply.code(204).send(null);
    },
  );

  server.addContentTypeParser(archiveType, (_request, payload, done) => done(null, payload));

  server.post(
    '/api/snapshots',
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      schema: {
        tags,
        operationId: 'importSnapshot',
        summary: 'Import an archive; sessions are made from it with `from`',
        consumes: [archiveType],
        querystring: ImportQuery,
        headers: ImportHeaders,
        response: { 201: shared(Snapshot, 'Imported'), ...problem },
      },
    },
    async (request, reply) => {
      const { language = 'anarchy', label = null } = request.query;
      checkLanguage(language);
      const body = request.body as Readable | undefined;
      if (typeof body?.pipe !== 'function') {
        throw new AppError('unsupported_media_type', {
          detail: `The body must be an archive (${archiveType}).`,
        });
      }
      const { tenant } = callerOf(request);
      const content = inflated(body);
      const key = request.headers['idempotency-key'];
      const sizeBytes = request.headers['content-length'];
      const { reply: sent, replayed } = await waits.within(transferMsMax, (signal) =>
        idempotency.run(
          {
            tenant,
            route: 'POST /api/snapshots',
            key,
            // What is in the archive is not known before it has been taken in, and it may be large.
            content: { language, label, sizeBytes },
          },
          {
            act: async (idempotencyKey) =>
              importedReply(
                await states.import(tenant, language, content, label, signal, idempotencyKey),
              ),
            recall: async (made) => importedReply(await states.findById(tenant, made)),
          },
        ),
      );
      // It is heard to its end, as one that is refused is.
      if (replayed) body.resume();
      return sendJson(reply, sent, replayed);
    },
  );
}

function importedReply(record: SnapshotRecord): IdempotentReply {
  const json = snapshotJson(record);
  return {
    status: 201,
    headers: { location: `/api/snapshots/${json.id}` },
    body: JSON.stringify(json),
  };
}

/** SECURITY: as it is taken: a small archive that grows without end costs no more memory than any other. */
async function* inflated(body: Readable): AsyncIterable<Buffer> {
  const content = createZstdDecompress({ chunkSize: inflatedChunkBytes });
  const cutOff = () => content.destroy(new Error('the body was cut off'));
  body.once('error', cutOff);
  body.once('close', () => {
    if (!body.readableEnded) cutOff();
  });
  body.pipe(content);
  try {
    for await (const chunk of content) yield chunk;
  } catch (cause) {
    throw cause instanceof AppError ? cause : refusal('compression_malformed', cause);
  } finally {
    // A client that still sends is heard to its end, unread: one whose connection is closed meanwhile never sees the answer.
    body.unpipe(content);
    content.destroy();
    body.resume();
  }
}
