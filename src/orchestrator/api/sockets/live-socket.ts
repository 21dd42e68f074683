// The door of `WebSocket /api/sessions/{id}/live`: who may come in, decided before the upgrade wherever the client can
// see the answer. A browser cannot see an HTTP status, so a client with a ticket is let in and closed with a code.
import type { WebSocket } from '@fastify/websocket';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Principal } from '../../auth/authenticator.ts';
import { routeNeeds } from '../../auth/permissions.ts';
import { AppError } from '../../foundation/errors.ts';
import type { ApiServer } from '../api-server.ts';
import { liveAudit } from '../audit-hook.ts';
import { toAppError } from '../error-reply.ts';
import { originCheck } from '../host-check.ts';
import type { ApiParts } from '../options.ts';
import type { OutgoingTotal } from '../outgoing-total.ts';
import { Places } from '../places.ts';
import { callerOf, refuseUnless } from '../principal.ts';
import type { Rates } from '../rates.ts';
import { SessionParams } from '../schemas/request.ts';
import type { Strangers } from '../strangers.ts';
import { traceparentOf } from '../trace-hook.ts';
import type { Waits } from '../waits.ts';
import { type CloseReason, closeCodes } from './close-codes.ts';
import { watchHeartbeat } from './heartbeat.ts';
import { LiveConnection } from './live-connection.ts';
import { MetricsSampler } from './metrics-sampler.ts';

export const liveProtocol = 'cellar.v1';
export const ticketPrefix = 'cellar.ticket.';

const LiveQuery = Type.Object(
  { since: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })) },
  { additionalProperties: false },
);

type Admission =
  | { readonly principal: Principal; readonly sessionId: string }
  | { readonly refused: CloseReason };

type Admit = () => Promise<Extract<Admission, { principal: Principal }>>;

export function liveSocket(
  server: ApiServer,
  api: ApiParts,
  waits: Waits,
  strangers: Strangers,
  outgoingTotal: OutgoingTotal,
  rates: Rates,
): void {
  const admissions = new WeakMap<FastifyRequest, Admission>();
  const mayCome = originCheck(api.settings.allowedOrigins);
  const { bounds } = api.settings;
  const places = new Places('live connections', {
    session: bounds.liveConnectionsPerSessionMax,
    tenant: bounds.tenantLiveConnectionsMax,
    all: bounds.liveConnectionsMax,
  });
  /** The connection is one of the session's from here on, before anything is sent over it. */
  const admit = async (request: FastifyRequest, id: string) => {
    const { raw } = request;
    const principal = callerOf(request);
    strangers.know(raw.socket);
    refuseUnless(principal, routeNeeds['GET /api/sessions/:id/live']);
    const { record } = await api.sessions.find(principal.tenant, id);
    const { sessionId } = record;
    places.take({ tenant: principal.tenant, sessionId }, raw.socket);
    return { principal, sessionId };
  };
  const sampler = new MetricsSampler({
    sessions: api.sessions,
    clock: api.clock,
    waits,
    intervalMs: bounds.metricsIntervalMs,
  });
  server.route({
    method: 'GET',
    url: '/api/sessions/:id/live',
    schema: { params: SessionParams, querystring: LiveQuery, hide: true },
    config: { ownDoor: true, newWork: true },
    onRequest: async (request) => {
      // SECURITY: a page of another origin cannot use what a browser here is allowed to reach.
      if (!mayCome(request.headers.origin, request.headers.host)) {
        throw new AppError('origin_forbidden');
      }
    },
    preHandler: async (request, reply) => {
      if (!request.ws) throw new AppError('upgrade_required');
      const { id } = request.params as { id: string };
      const ticket = ticketOf(request);
      admissions.set(
        request,
        request.headers.authorization === undefined && ticket !== undefined
          ? await admitTicket(api, ticket, rates, request, () => admit(request, id))
          : await rates.admit(request, reply).then(() => admit(request, id)),
      );
    },
    handler: (_request: FastifyRequest, _reply: FastifyReply) => {
      throw new AppError('upgrade_required');
    },
    wsHandler: (socket: WebSocket, request: FastifyRequest) => {
      const admission = admissions.get(request) ?? { refused: 'unauthenticated' };
      if ('refused' in admission) {
        socket.close(closeCodes[admission.refused].code, admission.refused);
        api.observe?.({ type: 'socketEnded', reason: admission.refused });
        return;
      }
      watchHeartbeat(socket, api.clock, bounds.heartbeatMs);
      const connection = new LiveConnection({
        api,
        waits,
        sampler,
        outgoingTotal,
        socket,
        stream: request.raw.socket,
        traceparent: traceparentOf(request),
        countExecution: () => rates.countExecution(request),
        audit: liveAudit(api, request, admission.principal),
        ...admission,
      });
      // Also where the key ended between the ticket and now.
      const unwatch = api.authenticator.watch(admission.principal, () => connection.end());
      socket.once('close', unwatch);
      const { since } = request.query as { since?: number };
      return connection.open(since);
    },
  });
}

/** With a ticket every refusal is a close code. */
async function admitTicket(
  { tickets }: ApiParts,
  ticket: string,
  rates: Rates,
  request: FastifyRequest,
  admit: Admit,
): Promise<Admission> {
  try {
    const redeemed = tickets.redeem(ticket);
    if (!redeemed) {
      await rates.countFailure(request, 'ticket');
      return { refused: 'unauthenticated' };
    }
    request.principal = redeemed.principal;
    await rates.countRequest(request);
    const admission = await admit();
    return admission.sessionId === redeemed.sessionId ? admission : { refused: 'forbidden' };
  } catch (error) {
    return { refused: refusals[toAppError(error).code] ?? 'internal' };
  }
}

const refusals: Readonly<Record<string, CloseReason>> = {
  session_not_found: 'sessionNotFound',
  forbidden: 'forbidden',
  rate_limited: 'rateLimited',
  tenant_limit: 'rateLimited',
  overloaded: 'overloaded',
};

function ticketOf(request: FastifyRequest): string | undefined {
  const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
  return offered?.find((name) => name.startsWith(ticketPrefix))?.slice(ticketPrefix.length);
}
