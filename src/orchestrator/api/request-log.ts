// The line that the log has of each request: what was asked for and how it was answered, with the ids by which other lines are found.
// SECURITY: an address holds what callers choose, names and queries: of it there are the template and what has the form of an id of ours.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../foundation/log.ts';

/** What a request turned out to be about, where its address does not say. */
export type RequestSubject = { readonly sessionId: string; readonly executionId: string };

export function logRequest(request: FastifyRequest, reply: FastifyReply, log: Log): void {
  log.debug(
    {
      requestId: request.id,
      traceId: request.span?.traceId,
      tenant: request.principal?.tenant,
      keyId: request.principal?.keyId,
      ...idsOf(request, reply),
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      code: request.problem ?? undefined,
      durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
    },
    'request answered',
  );
}

function idsOf({ params, subject }: FastifyRequest, reply: FastifyReply): Partial<RequestSubject> {
  if (subject) return subject;
  const { id, executionId } = (params ?? {}) as Readonly<Record<string, string>>;
  const made = String(reply.getHeader('location') ?? '');
  const places = [id, executionId, ...made.split('/')];
  const of = (form: RegExp) => places.find((place) => place !== undefined && form.test(place));
  const [session, execution] = [of(/^ses-[0-9a-z]{26}$/), of(/^exec-[0-9a-z]{26}$/)];
  return {
    ...(session === undefined ? {} : { sessionId: session }),
    ...(execution === undefined ? {} : { executionId: execution }),
  };
}

declare module 'fastify' {
  interface FastifyRequest {
    subject?: RequestSubject;
  }
}
