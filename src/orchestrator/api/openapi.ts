// The OpenAPI document, made from the schemas of the routes, and the page that shows it.
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifySchema } from 'fastify';
import type { ApiServer } from './api-server.ts';
import { accessSchemas } from './schemas/access.ts';
import { AuditList } from './schemas/audit.ts';
import { SignedOn } from './schemas/login.ts';
import { Profile } from './schemas/profile.ts';
import { sharedSchemas } from './schemas/reply.ts';
import { SessionUsage, UsageList } from './schemas/usage.ts';

/** Call it before the routes are added. */
export async function installOpenapi(server: ApiServer, version: string): Promise<void> {
  const schemas = [
    ...sharedSchemas,
    ...accessSchemas,
    SignedOn,
    AuditList,
    Profile,
    UsageList,
    SessionUsage,
  ];
  for (const schema of schemas) server.addSchema(schema);
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Cellar',
        version,
        description:
          'Named REPL sessions in locked-down containers. Live connections are described in the reference of the live protocol.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'Sessions', description: 'Make, look at, change and end sessions' },
        { name: 'Executing', description: 'Run code and see what it left' },
        { name: 'Files', description: 'Read and write the files of a session' },
        { name: 'Access', description: 'Who may do what' },
        { name: 'Operations', description: 'For those who run the service' },
      ],
      components: {
        securitySchemes: {
          cookie: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Host-cellar',
            description:
              'A log-in with a browser, from `/auth/login`; `cellar` where the service is reached without TLS. What changes something must come from a page of the service: `Sec-Fetch-Site: same-origin`, or its `Origin`.',
          },
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API key, or a token of the OpenID provider that the service is configured with. With the role admin the header `X-Cellar-Tenant` names the tenant that the request acts in.',
          },
        },
      },
      security: [{ bearer: [] }, { cookie: [] }],
    },
    transform: ({ schema, url }) => describedRoute(named(schema), url),
    refResolver: {
      buildLocalReference: (schema, _baseUri, _fragment, index) =>
        typeof schema.$id === 'string' ? schema.$id : `schema-${index}`,
    },
  });
  await server.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  server.get('/openapi.json', { schema: { hide: true } }, async () => server.swagger());
}

/** The package names HEAD after a GET that it may stand beside; ours has a name of its own. */
function named(schema: FastifySchema): FastifySchema {
  if (!schema?.operationId?.endsWith('-head')) return schema;
  return { ...schema, operationId: schema.operationId.slice(0, -'-head'.length) };
}

type PathParameters = {
  readonly properties: Readonly<Record<string, object>>;
  readonly required: readonly string[];
};

/**
 * OpenAPI has no word for the rest of an address: a route that ends with `*` is described as one that ends with `{path}`, which says
 * that its value may have slashes.
 */
function describedRoute(
  schema: FastifySchema,
  url: string,
): { schema: FastifySchema; url: string } {
  const params = schema?.params as PathParameters | undefined;
  if (params === undefined || !url.endsWith('/*')) return { schema, url };
  const { '*': rest = {}, ...properties } = params.properties;
  const required = params.required.map((name) => (name === '*' ? 'path' : name));
  return {
    schema: {
      ...schema,
      params: { ...params, properties: { ...properties, path: rest }, required },
    },
    url: `${url.slice(0, -1)}:path`,
  };
}
