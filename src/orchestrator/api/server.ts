// Puts the HTTP server together: what every request passes on its way in and out, and the routes. Knows no engine and
// no database; all it may ask comes in as parts.
import type { IncomingMessage } from 'node:http';
import { Server as SecureServer } from 'node:https';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyHttpOptions, type RawServerDefault } from 'fastify';
import { newId } from '../foundation/id.ts';
import type { ApiServer } from './api-server.ts';
import { installAuditHook } from './audit-hook.ts';
import { installAuthHook } from './auth-hook.ts';
import { replyBeforeRouting } from './error-reply.ts';
import { Idempotency } from './idempotency.ts';
import { installJsonBody } from './json-body.ts';
import { installCookies } from './login-cookies.ts';
import { installNotFound } from './not-found.ts';
import { installOpenapi } from './openapi.ts';
import type { ApiBounds, ApiParts } from './options.ts';
import { OutgoingTotal } from './outgoing-total.ts';
import { Places } from './places.ts';
import { Rates } from './rates.ts';
import { installRequestHooks } from './request-hooks.ts';
import { installRequestPlaces } from './request-places.ts';
import { installValidation } from './request-validation.ts';
import { auditRoutes } from './routes/audit.ts';
import { executeRoutes } from './routes/execute.ts';
import { executionRoutes } from './routes/executions.ts';
import { fileRoutes } from './routes/files.ts';
import { healthRoutes } from './routes/health.ts';
import { historyRoutes } from './routes/history.ts';
import { keptSnapshotRoutes } from './routes/kept-snapshots.ts';
import { keyRoutes } from './routes/keys.ts';
import { loginRoutes } from './routes/login.ts';
import { metricsRoute } from './routes/metrics.ts';
import { profileRoutes } from './routes/profile.ts';
import { sessionUsageRoute } from './routes/session-usage.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { snapshotRoutes } from './routes/snapshots.ts';
import { tenantRoutes } from './routes/tenants.ts';
import { ticketRoutes } from './routes/tickets.ts';
import { usageRoutes } from './routes/usage.ts';
import { variableRoutes } from './routes/variables.ts';
import { versionRoutes } from './routes/version.ts';
import { whoamiRoutes } from './routes/whoami.ts';
import { installSockets } from './sockets/install-sockets.ts';
import { liveSocket } from './sockets/live-socket.ts';
import { Strangers } from './strangers.ts';
import { installTraceHook } from './trace-hook.ts';
import { Waits } from './waits.ts';

/** A server that is ready to listen, or to be asked with `inject`. Closing it ends every wait, stream and connection. */
export async function createServer(api: ApiParts): Promise<ApiServer> {
  const waits = new Waits(api.clock);
  const idempotency = new Idempotency(api.registry, api.clock);
  const server = newServer(api);
  installRequestHooks(server, api);
  installAuditHook(server, api);
  installTraceHook(server, api);
  installNotFound(server);
  installJsonBody(server);
  installValidation(server);
  server.decorateRequest('principal', null);
  await installCookies(server);
  const rates = await Rates.install(server, api);
  installAuthHook(server, rates);
  const { bounds } = api.settings;
  const strangers = new Strangers(server.server, bounds.anonymousConnectionsMax);
  installRequestPlaces(server, bounds, strangers);
  const outgoingTotal = new OutgoingTotal(bounds.outgoingBytesTotalMax);
  const streams = { places: eventStreamPlaces(bounds), outgoingTotal };
  await installSockets(server, api);
  await installOpenapi(server, api.settings.version);
  sessionRoutes(server, api, waits, idempotency);
  snapshotRoutes(server, api, waits, idempotency);
  keptSnapshotRoutes(server, api, waits, idempotency);
  fileRoutes(server, api, waits);
  executeRoutes(server, api, waits, idempotency, streams, rates);
  executionRoutes(server, api, waits, streams);
  profileRoutes(server, api);
  variableRoutes(server, api, waits);
  historyRoutes(server, api);
  ticketRoutes(server, api);
  auditRoutes(server, api);
  usageRoutes(server, api, waits);
  sessionUsageRoute(server, api);
  whoamiRoutes(server);
  loginRoutes(server, api, rates);
  tenantRoutes(server, api, waits, idempotency);
  keyRoutes(server, api, idempotency);
  versionRoutes(server, api);
  healthRoutes(server, api, waits);
  metricsRoute(server, api, { open: false });
  liveSocket(server, api, waits, strangers, outgoingTotal, rates);
  server.addHook('preClose', async () => waits.close());
  await server.ready();
  return server;
}

function eventStreamPlaces(bounds: ApiBounds): Places {
  return new Places('event streams', {
    session: bounds.eventStreamsPerSessionMax,
    tenant: bounds.tenantEventStreamsMax,
    all: bounds.eventStreamsMax,
  });
}

function newServer({ settings: { bounds }, certificate }: ApiParts): ApiServer {
  const http = {
    headersTimeout: 10_000,
    connectionsCheckingInterval: 5_000,
    maxHeaderSize: 16_384,
  };
  const https = certificate && { ...http, ...certificate.serverOptions, handshakeTimeout: 10_000 };
  const options: FastifyHttpOptions<RawServerDefault> = {
    logger: false,
    bodyLimit: bounds.bodyBytesMax,
    // SECURITY: a client that is slow on purpose does not keep a connection: each step of a request has its time.
    connectionTimeout: bounds.idleMsMax,
    requestTimeout: bounds.transferMsMax,
    keepAliveTimeout: 72_000,
    http,
    forceCloseConnections: 'idle',
    genReqId: requestId,
    requestIdHeader: false,
    routerOptions: { maxParamLength: 1024 },
    frameworkErrors: replyBeforeRouting,
  };
  // To what comes after, a server that speaks TLS is like any other.
  const server = fastify({
    ...options,
    ...(https && { https }),
  } as typeof options).withTypeProvider<TypeBoxTypeProvider>();
  if (server.server instanceof SecureServer) certificate?.serve(server.server);
  server.server.maxConnections = bounds.tcpConnectionsMax;
  return server;
}

/** The caller's own id when it is a decent one, so that a request can be followed through both logs. */
function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,128}$/.test(given) ? given : newId('req');
}
