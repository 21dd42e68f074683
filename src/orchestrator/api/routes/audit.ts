// The audit log, newest first. It goes on growing while somebody pages through it, and counting it would mean reading it: so a page
// names the next one, and no total.
import { AppError } from '../../foundation/errors.ts';
import type { AuditRecord } from '../../registry/audit-records.ts';
import type { ApiServer } from '../api-server.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { type AuditItem, AuditList, AuditQuery } from '../schemas/audit.ts';
import { pageLimitDefault } from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { timeText } from '../views.ts';

function itemOf({ at, keyId, ...record }: AuditRecord): AuditItem {
  return { ...record, at: timeText(at), key: keyId };
}

export function auditRoutes(server: ApiServer, { auditRecords }: ApiParts): void {
  server.get(
    '/api/audit',
    {
      schema: {
        tags: ['Access'],
        operationId: 'listAudit',
        summary: 'List who asked for what, newest first',
        description:
          'Admins see all tenants and what nobody known has asked, operators the tenant that they act in.',
        querystring: AuditQuery,
        response: { 200: shared(AuditList, 'A page of the audit log'), ...problem },
      },
    },
    async (request) => {
      const { limit = pageLimitDefault, cursor, from, to, action, tenant } = request.query;
      const caller = callerOf(request);
      if (caller.role !== 'admin' && tenant !== undefined && tenant !== caller.tenant)
        throw new AppError('forbidden', { detail: 'This key sees its own tenant only.' });
      const filter = {
        tenant: caller.role === 'admin' ? (tenant ?? null) : caller.tenant,
        ...(action === undefined ? {} : { action }),
        ...(from === undefined ? {} : { from: Date.parse(from) }),
        ...(to === undefined ? {} : { to: Date.parse(to) }),
      };
      const [at, seq] = cursor?.split('-').map(Number) ?? [];
      const before = at === undefined || seq === undefined ? null : { at, seq };
      const records = await auditRecords.list(filter, before, limit);
      const last = records.length === limit ? records.at(-1) : undefined;
      const next = last === undefined ? null : `${last.at}-${last.seq}`;
      return { items: records.map(itemOf), limit, next };
    },
  );
}
