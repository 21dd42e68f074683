// Which requests the audit log hears of: those that change something or take much out, and all that were refused for who asked.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../auth/authenticator.ts';
import { type ErrorCode, errorTable } from '../foundation/errors.ts';
import type { ApiServer } from './api-server.ts';
import type { ApiParts } from './options.ts';

const readingMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];
const targetLengthMax = 512;

export function installAuditHook(server: ApiServer, { audit }: Pick<ApiParts, 'audit'>): void {
  server.decorateRequest('problem', null);
  server.addHook('onResponse', async (request, reply) => {
    if (!isAudited(request, reply)) return;
    const { principal, routeOptions } = request;
    const { schema } = routeOptions;
    const made = reply.getHeader('location');
    audit.note({
      tenant: principal?.tenant ?? null,
      keyId: principal?.keyId ?? null,
      role: principal?.role ?? null,
      address: request.ip,
      requestId: request.id,
      action: schema && 'operationId' in schema ? String(schema.operationId) : request.method,
      target: pathOf(request),
      made: typeof made === 'string' && reply.statusCode < 300 ? made : null,
      status: reply.statusCode,
      code: request.problem,
    });
  });
}

/** Notes what comes over a live connection that this request has opened. Null: it was done. */
export function liveAudit(
  { audit }: Pick<ApiParts, 'audit'>,
  request: FastifyRequest,
  { tenant, keyId, role }: Principal,
): (action: string, refusal: ErrorCode | null) => void {
  const asked = { tenant, keyId, role, address: request.ip, requestId: request.id };
  const target = pathOf(request);
  return (action, code) => {
    const status = code === null ? 200 : errorTable[code].status;
    audit.note({ ...asked, action: `live.${action}`, target, made: null, status, code });
  };
}

function isAudited({ method, routeOptions, url }: FastifyRequest, { statusCode }: FastifyReply) {
  if (!/^\/(api|auth)\b/.test(url)) return false;
  if (statusCode === 401 || statusCode === 403) return true;
  return !readingMethods.includes(method) || routeOptions.config.audited === true;
}

/** Without the query, which may hold what is looked for. */
function pathOf({ url }: Pick<FastifyRequest, 'url'>): string {
  return url.split('?', 1)[0]!.slice(0, targetLengthMax);
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The code that it was refused with. */
    problem: ErrorCode | null;
  }
  interface FastifyContextConfig {
    /** Reads, and is noted all the same: it takes out much at once, or opens what goes on. */
    audited?: true;
  }
}
