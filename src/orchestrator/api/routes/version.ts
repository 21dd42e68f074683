// Which version answers.
import type { ApiServer } from '../api-server.ts';
import type { ApiParts } from '../options.ts';
import { Version } from '../schemas/reply.ts';
import { problem, shared } from '../schemas/route-schema.ts';

/** Grows when a client written for the one before would break. */
const apiVersion = '1';

export function versionRoutes(server: ApiServer, { settings }: ApiParts): void {
  server.get(
    '/api/version',
    {
      schema: {
        tags: ['Operations'],
        operationId: 'getVersion',
        summary: 'Tell the version of the service',
        response: { 200: shared(Version, 'Versions'), ...problem },
      },
    },
    async () => ({
      name: 'cellar',
      version: settings.version,
      api: apiVersion,
      node: process.versions.node,
    }),
  );
}
