// The one place that turns errors into what a client sees, over HTTP and over WebSockets. Nothing else names a status.
// SECURITY: only codes from the table, details that we wrote, and fields of the client's own request get out.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorCode, errorTable } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { Problem } from './schemas/reply.ts';

export const problemContentType = 'application/problem+json; charset=utf-8';

/** Sends the problem document for an error, and tells the log what a client may not know. */
export function replyError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  const known = toAppError(error);
  logFailure(known, { requestId: request.id, route: request.routeOptions.url }, log);
  request.problem = known.code;
  const { status } = errorTable[known.code];
  if (known.retryAfterSeconds !== undefined && (status === 429 || status === 503)) {
    reply.header('retry-after', String(Math.ceil(known.retryAfterSeconds)));
  }
  if (known.code === 'unauthenticated') reply.header('www-authenticate', challengeOf(known));
  return reply.code(status).type(problemContentType).send(problemOf(known, request.id));
}

/** RFC 6750: what was shown is told from nothing at all where it was a token. */
function challengeOf({ reason }: AppError): string {
  const realm = 'Bearer realm="cellar"';
  return !reason?.startsWith('token_') ? realm : `${realm}, error="invalid_token"`;
}

/** For requests that no hook sees, such as one whose address cannot be decoded. */
export function replyBeforeRouting(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const problem = problemOf(toAppError(error), request.id);
  reply.code(problem.status).type(problemContentType).send(problem);
}

/** RFC 9457, with the code as the last part of its type. */
export function problemOf(error: AppError, requestId: string): Problem {
  const { status, title } = errorTable[error.code];
  return {
    type: `urn:cellar:error:${error.code}`,
    title,
    status,
    detail: error.detail ?? title,
    code: error.code,
    requestId,
    ...(error.reason ? { reason: error.reason } : {}),
    ...(error.fields ? { fields: [...error.fields] } : {}),
  };
}

/** The parts of a live `error` message that tell of an error of the service or of the request. */
export function liveErrorOf(error: AppError): {
  code: ErrorCode;
  message: string;
  fields?: { field: string; message: string }[];
} {
  return {
    code: error.code,
    message: error.detail ?? errorTable[error.code].title,
    ...(error.fields ? { fields: [...error.fields] } : {}),
  };
}

/** Every error as one of ours. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return new AppError('internal', { cause: error });
  if (error.name === 'TimeoutError' || error.name === 'AbortError') {
    return new AppError('deadline_exceeded', { cause: error });
  }
  const { code, statusCode } = error as Partial<FastifyError>;
  const mapped = code === undefined ? undefined : frameworkErrors[code];
  if (mapped) return new AppError(mapped.code, { detail: mapped.detail, cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AppError('invalid_request', { cause: error });
  }
  return new AppError('internal', { cause: error });
}

const frameworkErrors: Readonly<Record<string, { code: ErrorCode; detail: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'payload_too_large',
    detail: 'The request body is larger than this address accepts.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    detail: 'The request body must be application/json.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'invalid_request',
    detail: 'The body does not have the announced length.',
  },
  FST_ERR_BAD_URL: { code: 'invalid_request', detail: 'The address is not a valid URL.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'not_found', detail: 'A part of the address is too long.' },
};

/** Failures of ours are errors in the log, with their causes; what a client did wrong, or another service, is not. */
export function logFailure(error: AppError, facts: Record<string, unknown>, log: Log): void {
  const { status } = errorTable[error.code];
  // Whoever has no key could fill the log with it; each look at the provider tells of itself.
  if (error.code === 'provider_unavailable') return;
  if (status >= 500 && status !== 501) {
    log.error({ ...facts, code: error.code, err: error.cause ?? error }, 'request failed');
  }
}
