// Requests of the API as spans, from when they came to the end of their reply. SECURITY: of callers who are known only, so that strangers
// make none; and by the templates of routes, since addresses hold names that users chose.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Span, Traced } from '../foundation/trace.ts';
import type { ApiServer } from './api-server.ts';

export function installTraceHook(server: ApiServer, { tracer }: Traced): void {
  if (tracer === undefined) return;
  server.decorateRequest('span', null);
  server.addHook('preParsing', async (request, reply) => {
    const { method, principal } = request;
    const { url } = request.routeOptions;
    // A live connection is no request: its messages are.
    if (principal === null || request.ws || !url?.startsWith('/api/')) return;
    const span = tracer.request(`${method} ${url}`, {
      traceparent: traceparentOf(request),
      attributes: {
        'http.request.method': method,
        'http.route': url,
        'cellar.request.id': request.id,
        'cellar.tenant.id': principal.tenant,
      },
      agoMs: reply.elapsedTime,
    });
    request.span = span;
    if (span !== null) reply.raw.once('close', () => end(span, request, reply));
  });
  // After the body: what reads it does not know on whose behalf.
  server.addHook('preHandler', (request, _reply, done) => {
    tracer.within(request.span ?? null, done);
  });
}

/** Of several there is none that counts. */
export function traceparentOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? traceparent : undefined;
}

function end(
  span: Span,
  { problem }: FastifyRequest,
  { raw: { statusCode, writableFinished } }: FastifyReply,
): void {
  span.set({ 'http.response.status_code': statusCode });
  if (!writableFinished) span.fail('client_gone');
  else if (statusCode >= 500) span.fail(problem ?? 'internal');
  span.end();
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Where it is traced. */
    span?: Span | null;
  }
}
