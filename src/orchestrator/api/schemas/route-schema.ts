// What every route says about its replies, in one form: the good ones by the name of a shared schema, and problems.
import { type Static, type TSchema, Type } from 'typebox';
import { Problem } from './reply.ts';

/** A reply by the name of a shared schema, typed as that schema. */
export function shared<Schema extends TSchema>(schema: Schema, description: string) {
  return Type.Unsafe<Static<Schema>>({ $ref: `${Reflect.get(schema, '$id')}#`, description });
}

/** Every route may answer with a problem document. */
export const problem = {
  default: {
    description: 'Problem (RFC 9457)',
    headers: {
      'Retry-After': {
        description: 'Seconds after which trying again makes sense, where the status is 429 or 503',
        schema: { type: 'integer', minimum: 1 },
      },
    },
    content: { 'application/problem+json': { schema: shared(Problem, 'Problem') } },
  },
} as const;

/** A reply that is JSON, or the stream of an execution's live events where the client asked for that. */
export function sharedOrEvents<Schema extends TSchema>(schema: Schema, description: string) {
  const events = Type.String({
    description: 'Server-sent events: `id` is the `seq`, `event` the type, `data` a live message.',
  });
  return {
    description,
    content: {
      'application/json': { schema: shared(schema, description) },
      'text/event-stream': { schema: events },
    },
  };
}
