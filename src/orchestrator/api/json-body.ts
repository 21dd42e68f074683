// Reads a JSON body: strict UTF-8, no keys that would reach a prototype, and a place in the text when it is malformed.
import type { FastifyRequest } from 'fastify';
import { AppError } from '../foundation/errors.ts';
import type { ApiServer } from './api-server.ts';
import { jsonErrorOffset } from './json-error-offset.ts';

/** Makes JSON the only body the server reads. An empty body is no body. */
export function installJsonBody(server: ApiServer): void {
  // SECURITY: Fastify's own parser refuses `__proto__` and `constructor.prototype` however they are escaped.
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request: FastifyRequest, body, done) => {
      if (body.length === 0) return done(null, undefined);
      const text = decodeUtf8(body);
      if (text === null) {
        return done(new AppError('invalid_request', { detail: 'The body is not valid UTF-8.' }));
      }
      parse(request, text, (error, value) => {
        if (error) done(malformed(text, error));
        else done(null, value);
      });
    },
  );
}

function decodeUtf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function malformed(text: string, cause: Error): AppError {
  const offset = jsonErrorOffset(text);
  if (offset === null) {
    return new AppError('invalid_request', {
      detail: 'The body has a key that is not allowed in any object.',
      cause,
    });
  }
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  return new AppError('invalid_request', {
    detail: `The body is not JSON: line ${line}, column ${column}.`,
    cause,
  });
}
