// Addresses that are agreed on but that this version does not serve. They answer 501 to whoever may come here, so that
// a client can tell "not yet" from "wrong address".
import type { HTTPMethods } from 'fastify';
import { AppError } from '../../foundation/errors.ts';
import type { ApiServer } from '../api-server.ts';

const absent: readonly { methods: HTTPMethods[]; url: string; what: string }[] = [
  { methods: ['GET'], url: '/api/sessions/:id/files', what: 'Access to files' },
  { methods: ['GET', 'PUT', 'DELETE'], url: '/api/sessions/:id/files/*', what: 'Access to files' },
];

export function notImplementedRoutes(server: ApiServer): void {
  for (const { methods, url, what } of absent) {
    server.route({
      method: methods,
      url,
      config: { access: 'viewer' },
      schema: { hide: true },
      // Before any body is read: whatever is sent, the answer is the same.
      preParsing: async () => {
        throw new AppError('not_implemented', {
          detail: `${what} is not available in this version.`,
        });
      },
      handler: () => {
        throw new AppError('not_implemented');
      },
    });
  }
}
