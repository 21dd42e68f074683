// The type of our Fastify instance, with handlers typed by their schemas.
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** What can be asked for: by the address with its parameters, the methods that it has. */
    readonly knownAddresses: ReadonlyMap<string, { readonly methods: ReadonlySet<string> }>;
  }
}

export type ApiServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
