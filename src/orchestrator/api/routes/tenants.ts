// Tenants: for those who run the service.
import type { TenantChange } from '../../access/tenants.ts';
import { AppError } from '../../foundation/errors.ts';
import type { TenantRecord } from '../../registry/access-records.ts';
import type { IdempotentReply } from '../../registry/session-registry.ts';
import { tenantJson } from '../access-views.ts';
import type { ApiServer } from '../api-server.ts';
import type { Idempotency } from '../idempotency.ts';
import { sendJson } from '../json-reply.ts';
import { checkAllowList } from '../network-settings.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import {
  ChangeTenantBody,
  CreateTenantBody,
  DeletedTenant,
  DeleteTenantQuery,
  Tenant,
  TenantList,
  TenantParams,
} from '../schemas/access.ts';
import { IdempotencyHeaders, PageQuery, pageLimitDefault } from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { persistenceOf } from '../session-settings.ts';
import type { Waits } from '../waits.ts';

const tags = ['Access'];

function changeOf({ defaults, ...others }: ChangeTenantBody): TenantChange {
  checkAllowList(others.egressAllow ?? [], '/egressAllow');
  if (defaults === undefined) return others;
  const { persistence, ...settings } = defaults;
  if (persistence === undefined) return { ...others, defaults: settings };
  return { ...others, defaults: { ...settings, persistence: persistenceOf(persistence) } };
}

function createdReply(record: TenantRecord): IdempotentReply {
  const headers = { location: `/api/tenants/${record.tenantId}` };
  return { status: 201, headers, body: JSON.stringify(tenantJson(record)) };
}

export function tenantRoutes(
  server: ApiServer,
  { tenants, tenantRemoval, settings }: ApiParts,
  waits: Waits,
  idempotency: Idempotency,
): void {
  server.get(
    '/api/tenants',
    {
      schema: {
        tags,
        operationId: 'listTenants',
        summary: 'List tenants: all of them for admins, their own for others',
        querystring: PageQuery,
        response: { 200: shared(TenantList, 'A page of tenants'), ...problem },
      },
    },
    async (request) => {
      const { limit = pageLimitDefault, offset = 0 } = request.query;
      const page = { limit, offset };
      const caller = callerOf(request);
      const own = () => ({ items: [tenants.find(caller.tenant)].slice(offset), total: 1 });
      const { items, total } = caller.role === 'admin' ? tenants.list(page) : own();
      return { items: items.map(tenantJson), total, ...page };
    },
  );

  server.post(
    '/api/tenants',
    {
      schema: {
        tags,
        operationId: 'createTenant',
        summary: 'Create a tenant',
        headers: IdempotencyHeaders,
        body: CreateTenantBody,
        response: { 201: shared(Tenant, 'Created; its address is in `Location`'), ...problem },
      },
    },
    async (request, reply) => {
      const { id, ...settings } = request.body;
      const { reply: sent, replayed } = await idempotency.run(
        {
          tenant: callerOf(request).tenant,
          route: 'POST /api/tenants',
          key: request.headers['idempotency-key'],
          content: request.body,
        },
        {
          act: async (key) => createdReply(await tenants.create(id, changeOf(settings), key)),
          recall: async (made) => createdReply(tenants.find(made)),
        },
      );
      return sendJson(reply, sent, replayed);
    },
  );

  server.get(
    '/api/tenants/:id',
    {
      schema: {
        tags,
        operationId: 'getTenant',
        summary: 'Get a tenant',
        params: TenantParams,
        response: { 200: shared(Tenant, 'The tenant'), ...problem },
      },
    },
    async (request) => {
      const { tenant, role } = callerOf(request);
      const { id } = request.params;
      // Another tenant does not exist for those who are in one.
      if (role !== 'admin' && id !== tenant) throw new AppError('tenant_not_found');
      return tenantJson(tenants.find(id));
    },
  );

  server.put(
    '/api/tenants/:id',
    {
      schema: {
        tags,
        operationId: 'changeTenant',
        summary: 'Change a tenant',
        params: TenantParams,
        body: ChangeTenantBody,
        response: { 200: shared(Tenant, 'The tenant as it is now'), ...problem },
      },
    },
    async (request) => tenantJson(await tenants.update(request.params.id, changeOf(request.body))),
  );

  server.delete(
    '/api/tenants/:id',
    {
      schema: {
        tags,
        operationId: 'deleteTenant',
        summary: 'Delete a tenant with its keys, and with `force` its sessions and snapshots',
        params: TenantParams,
        querystring: DeleteTenantQuery,
        response: { 200: shared(DeletedTenant, 'Deleted; what went with it'), ...problem },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { force = false } = request.query;
      const gone = await waits.within(settings.bounds.transferMsMax, (signal) =>
        tenantRemoval.remove(id, force, signal),
      );
      return { id, ...gone };
    },
  );
}
