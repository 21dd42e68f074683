// The files of a session: list, read, write, delete. Paths are decided in the sandbox, bytes only pass through.
import { Readable } from 'node:stream';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import type { FileStatus } from '#protocol';
import { AppError } from '../../foundation/errors.ts';
import type { ApiServer } from '../api-server.ts';
import { byteRange } from '../byte-range.ts';
import { transferSignal } from '../long-transfer.ts';
import type { ApiParts } from '../options.ts';
import {
  entityTag,
  hasPreconditions,
  httpDate,
  mayContinue,
  type PreconditionHeaders,
  precondition,
} from '../preconditions.ts';
import { callerOf } from '../principal.ts';
import {
  DeleteFileQuery,
  FileParams,
  ListFilesQuery,
  PreconditionHeaders as PreconditionSchema,
  ReadFileHeaders,
  WriteFileHeaders,
} from '../schemas/file-request.ts';
import { FileItem, FileList } from '../schemas/reply.ts';
import { pageLimitDefault, SessionParams } from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { fileJson } from '../views.ts';
import type { Waits } from '../waits.ts';

const tags = ['Files'];
const contentType = 'application/octet-stream';
const bytes = {
  content: { [contentType]: { schema: { type: 'string', format: 'binary' } } },
} as const;

export function fileRoutes(server: ApiServer, api: ApiParts, waits: Waits): void {
  const { files, sessions, settings } = api;
  const { changeMsMax, transferMsMax } = settings.bounds;

  server.get(
    '/api/sessions/:id/files',
    {
      schema: {
        tags,
        operationId: 'listFiles',
        summary: 'List the files of a session',
        params: SessionParams,
        querystring: ListFilesQuery,
        response: { 200: shared(FileList, 'A page of files'), ...problem },
      },
    },
    async (request) => {
      const { path = '', recursive = false, limit = pageLimitDefault, offset = 0 } = request.query;
      const { tenant } = callerOf(request);
      const { items, total } = await waits.within(changeMsMax, (signal) =>
        files.list(tenant, request.params.id, { path, recursive, limit, offset }, signal),
      );
      return { items: items.map(fileJson), total, limit, offset };
    },
  );

  server.head(
    '/api/sessions/:id/files/*',
    {
      config: { swagger: { exposeHeadRoute: true } },
      schema: {
        tags,
        operationId: 'headFile',
        summary: 'Size, time and entity tag of a file',
        params: FileParams,
        headers: ReadFileHeaders,
        response: { 200: { description: 'The headers of a GET' }, ...problem },
      },
    },
    async (request, reply) => {
      const { id, '*': path } = request.params;
      const { tenant } = callerOf(request);
      const status = await waits.within(changeMsMax, (signal) =>
        files.status(tenant, id, { path, follow: true }, signal),
      );
      if (status.type !== 'file') throw new AppError('is_directory');
      const isNew = describeFile(reply, path, status, request.headers);
      if (isNew) reply.header('content-length', status.sizeBytes);
      return reply.code(isNew ? 200 : 304).send();
    },
  );

  server.get(
    '/api/sessions/:id/files/*',
    {
      exposeHeadRoute: false,
      schema: {
        tags,
        operationId: 'readFile',
        summary: 'Read a file, or one range of it',
        params: FileParams,
        headers: ReadFileHeaders,
        response: {
          200: { description: 'The file', ...bytes },
          206: { description: 'The range', ...bytes },
          304: { description: 'The client has it already' },
          ...problem,
        },
      },
    },
    async (request, reply) => {
      const { id, '*': path } = request.params;
      const { headers } = request;
      const signal = transferSignal(reply, waits, transferMsMax);
      const { status, content, close } = await files.read(
        callerOf(request).tenant,
        id,
        path,
        signal,
      );
      try {
        if (!describeFile(reply, path, status, headers)) {
          await close();
          return reply.code(304).send();
        }
        const { sizeBytes } = status;
        const range = mayContinue(headers['if-range'], status)
          ? byteRange(headers.range, sizeBytes)
          : null;
        if (range === 'unsatisfiable') {
          reply.header('content-range', `bytes */${sizeBytes}`);
          throw new AppError('range_not_satisfiable');
        }
        const part = range ?? { offset: 0, length: sizeBytes };
        reply.header('content-length', part.length);
        if (range !== null) {
          const last = part.offset + part.length - 1;
          reply.code(206).header('content-range', `bytes ${part.offset}-${last}/${sizeBytes}`);
        }
        // A failure shows as a broken transfer: fewer bytes than were announced.
        return await reply.send(Readable.from(content(part), { objectMode: false }) as never);
      } catch (error) {
        await close();
        throw error;
      }
    },
  );

  server.delete(
    '/api/sessions/:id/files/*',
    {
      schema: {
        tags,
        operationId: 'deleteFile',
        summary: 'Delete a file, a link, or a directory',
        params: FileParams,
        querystring: DeleteFileQuery,
        headers: PreconditionSchema,
        response: { 204: { type: 'null', description: 'Deleted' }, ...problem },
      },
    },
    async (request, reply) => {
      const { id, '*': path } = request.params;
      const { tenant } = callerOf(request);
      const { recursive = false } = request.query;
      const signal = transferSignal(reply, waits, transferMsMax);
      const asked = { tenant, id, path, follow: false };
      const expected = await expectation(api, asked, request.headers, signal);
      await files.remove(tenant, id, { path, recursive, ...expected }, signal);
      return reply.code(204).send(null);
    },
  );

  server.register(async (plain) => {
    const scope: ApiServer = plain.withTypeProvider<TypeBoxTypeProvider>();
    // Whatever a body says it is, here it is bytes, and they are not read before somebody takes them.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.put(
      '/api/sessions/:id/files/*',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        schema: {
          tags,
          operationId: 'writeFile',
          summary: 'Make a file, or replace one',
          consumes: [contentType],
          params: FileParams,
          headers: WriteFileHeaders,
          response: {
            200: shared(FileItem, 'Replaced'),
            201: shared(FileItem, 'Made, with the directories on its way'),
            ...problem,
          },
        },
      },
      async (request, reply) => {
        const { id, '*': path } = request.params;
        const { tenant } = callerOf(request);
        const { headers } = request;
        const signal = transferSignal(reply, waits, transferMsMax);
        const body = (request.body as Readable | undefined) ?? Readable.from([]);
        const replace = async () => {
          const { record } = await sessions.find(tenant, id);
          if (Number(headers['content-length'] ?? 0) > record.config.limits.workspaceBytes)
            throw new AppError('payload_too_large');
          const asked = { tenant, id, path, follow: true };
          const expected = await expectation(api, asked, headers, signal);
          // Left as it is when nobody wants more of it: its connection has yet to carry the reply.
          const content = body.iterator({ destroyOnReturn: false });
          return files.write(tenant, id, { path, ...expected }, content, signal);
        };
        // A client that is still sending when it is refused reads the refusal only if somebody takes the rest. Whoever was given the
        // content may be waiting for more of it at that moment: a paused stream would stay so, a listener makes it flow.
        const { created, status } = await replace().finally(() => body.on('data', () => {}));
        validatorsOf(reply, status);
        return reply.code(created ? 201 : 200).send(fileJson({ path, ...status }));
      },
    );
  });
}

/** Sets the headers that say which file this is; false when the client has it already. Throws `precondition_failed`. */
function describeFile(
  reply: FastifyReply,
  path: string,
  status: FileStatus,
  headers: PreconditionHeaders,
): boolean {
  const outcome = precondition(headers, status, { reading: true });
  if (outcome === 'failed') throw new AppError('precondition_failed');
  validatorsOf(reply, status);
  // Kept only by who asked, and asked for again each time.
  reply.header('cache-control', 'private, no-cache');
  if (outcome === 'notModified') return false;
  reply.header('accept-ranges', 'bytes');
  reply.header('content-type', contentType);
  // SECURITY: a file is somebody's data; no browser shall show it as a page of ours.
  reply.header('content-security-policy', "default-src 'none'; sandbox");
  reply.header('content-disposition', attachment(path.slice(path.lastIndexOf('/') + 1)));
  return true;
}

function validatorsOf(reply: FastifyReply, { tag, modifiedMs }: FileStatus): void {
  reply.header('etag', entityTag(tag));
  reply.header('last-modified', httpDate(modifiedMs));
}

/** RFC 6266: a name in ASCII for those who know no other, and the real one. */
function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

type AskedFile = {
  readonly tenant: string;
  readonly id: string;
  readonly path: string;
  readonly follow: boolean;
};

/**
 * What must be there for a change to take effect: what the preconditions were found to hold for. The sandbox looks again when it makes
 * the change. Throws `precondition_failed`.
 */
async function expectation(
  { files }: ApiParts,
  { tenant, id, path, follow }: AskedFile,
  headers: PreconditionHeaders,
  signal: AbortSignal,
): Promise<{ expected?: string | null }> {
  if (!hasPreconditions(headers)) return {};
  const present = await files
    .status(tenant, id, { path, follow }, signal)
    .catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'file_not_found') return null;
      throw error;
    });
  if (precondition(headers, present, { reading: false }) === 'failed')
    throw new AppError('precondition_failed');
  return { expected: present?.tag ?? null };
}
