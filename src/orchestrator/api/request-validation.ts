// Holds every part of a request against its schema.
import { type TSchema, Type } from 'typebox';
import { AppError } from '../foundation/errors.ts';
import type { ApiServer } from './api-server.ts';
import { Checker, coerceQuery } from './schemas/checker.ts';

/** Nothing is dropped, and only values in the address are converted. */
export function installValidation(server: ApiServer): void {
  server.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    const checker = new Checker(schema);
    return (received: unknown) => {
      // Fastify says null where there is no body.
      if (received === null && Type.IsOptional(schema)) return { value: undefined };
      const isText = httpPart === 'querystring' || httpPart === 'params';
      const value = isText ? coerceQuery(schema, received) : received;
      if (checker.accepts(value)) return { value };
      const fields = checker.fields(value).map(({ field, message }) => ({
        field: fieldName(httpPart, field),
        message,
      }));
      return { error: new AppError('invalid_request', { fields }) };
    };
  });
  // Replies are made by views.ts from named parts only, and tested against their schemas.
  server.setSerializerCompiler(() => (value) => JSON.stringify(value));
}

/** `/limits/cpus` in the body, `?limit` in the query, `:id` in the path, a header by its name. */
function fieldName(httpPart: string | undefined, pointer: string): string {
  switch (httpPart) {
    case 'querystring':
      return `?${pointer.slice(1)}`;
    case 'params':
      return `:${pointer.slice(1)}`;
    case 'headers':
      return pointer.slice(1);
    default:
      return pointer;
  }
}
