// API keys of the tenant that the caller acts in.
import type { FastifyReply } from 'fastify';
import type { MadeKey } from '../../access/keys.ts';
import type { Principal } from '../../auth/authenticator.ts';
import { AppError } from '../../foundation/errors.ts';
import type { ApiKeyRecord } from '../../registry/access-records.ts';
import type { IdempotencyKey } from '../../registry/records.ts';
import type { IdempotentReply } from '../../registry/session-registry.ts';
import { keyJson } from '../access-views.ts';
import type { ApiServer } from '../api-server.ts';
import type { Idempotency, IdempotentRequest } from '../idempotency.ts';
import { sendJson } from '../json-reply.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import {
  ApiKeyList,
  CreateKeyBody,
  KeyParams,
  MadeApiKey,
  overlapMsDefault,
  RotateKeyBody,
} from '../schemas/access.ts';
import { IdempotencyHeaders, PageQuery, pageLimitDefault } from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';

const tags = ['Access'];

export function keyRoutes(
  server: ApiServer,
  { keys, tenants }: ApiParts,
  idempotency: Idempotency,
): void {
  server.get(
    '/api/keys',
    {
      schema: {
        tags,
        operationId: 'listKeys',
        summary: 'List the API keys of the tenant, newest first',
        description:
          'Those with a role above the caller’s own are not shown. Keys that have ended are shown for 30 days.',
        querystring: PageQuery,
        response: { 200: shared(ApiKeyList, 'A page of keys'), ...problem },
      },
    },
    async (request) => {
      const { limit = pageLimitDefault, offset = 0 } = request.query;
      const page = { limit, offset };
      const { items, total } = await keys.list(callerOf(request), page);
      return { items: items.map(keyJson), total, ...page };
    },
  );

  server.post(
    '/api/keys',
    {
      schema: {
        tags,
        operationId: 'createKey',
        summary: 'Create an API key; it is shown in this reply only',
        headers: IdempotencyHeaders,
        body: CreateKeyBody,
        response: { 201: shared(MadeApiKey, 'Created'), ...problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { tenant = caller.tenant, role, name = null, expiresAt } = request.body;
      // Whether there is another tenant of that name is nobody's business.
      if (tenant !== caller.tenant && caller.role !== 'admin')
        throw new AppError('tenant_not_found');
      tenants.find(tenant);
      return replyMade(
        caller,
        reply,
        {
          tenant: caller.tenant,
          route: 'POST /api/keys',
          key: request.headers['idempotency-key'],
          content: request.body,
        },
        (idempotencyKey) =>
          keys.create(caller, { tenant, role, name, expiresAt: timeOf(expiresAt) }, idempotencyKey),
      );
    },
  );

  server.post(
    '/api/keys/:id/rotate',
    {
      schema: {
        tags,
        operationId: 'rotateKey',
        summary: 'Create a key that takes the place of another one',
        description:
          'The new key is shown in this reply only. The old one opens the service for `overlapMs` more.',
        params: KeyParams,
        headers: IdempotencyHeaders,
        body: RotateKeyBody,
        response: { 201: shared(MadeApiKey, 'Created'), ...problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id } = request.params;
      const { overlapMs = overlapMsDefault } = request.body ?? {};
      await keys.find(caller, id);
      return replyMade(
        caller,
        reply,
        {
          tenant: caller.tenant,
          route: `POST rotate ${id}`,
          key: request.headers['idempotency-key'],
          content: request.body ?? {},
        },
        (idempotencyKey) => keys.rotate(caller, id, overlapMs, idempotencyKey),
      );
    },
  );

  server.delete(
    '/api/keys/:id',
    {
      schema: {
        tags,
        operationId: 'revokeKey',
        summary: 'Revoke a key: it opens nothing more, and what it has opened is closed',
        params: KeyParams,
        response: { 204: { type: 'null', description: 'Revoked' }, ...problem },
      },
    },
    async (request, reply) => {
      await keys.revoke(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );

  /** SECURITY: what is stored for repeated requests has no secret in it; who has lost the reply rotates the key. */
  async function replyMade(
    caller: Principal,
    reply: FastifyReply,
    request: IdempotentRequest,
    make: (idempotencyKey: IdempotencyKey | undefined) => Promise<MadeKey>,
  ): Promise<FastifyReply> {
    let key: string | undefined;
    const { reply: sent, replayed } = await idempotency.run(request, {
      act: async (idempotencyKey) => {
        const { record, text } = await make(idempotencyKey);
        key = text;
        return createdReply(record);
      },
      recall: async (made) => createdReply(await keys.find(caller, made)),
    });
    const body = key === undefined ? sent.body : JSON.stringify({ ...JSON.parse(sent.body), key });
    return sendJson(reply, { ...sent, body }, replayed);
  }
}

function createdReply(record: ApiKeyRecord): IdempotentReply {
  return { status: 201, headers: {}, body: JSON.stringify(keyJson(record)) };
}

/** Milliseconds since 1970; null without a time. */
function timeOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = Date.parse(text);
  if (Number.isFinite(time)) return time;
  throw new AppError('invalid_request', {
    fields: [{ field: '/expiresAt', message: 'must be a date and time' }],
  });
}
