// A listener for the metrics alone, so that they can be on another address than the API.
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import { newId } from '../foundation/id.ts';
import { StartError } from '../foundation/start-error.ts';
import { addressOf } from './address-of.ts';
import type { ApiServer } from './api-server.ts';
import { replyBeforeRouting } from './error-reply.ts';
import { isLoopback } from './host-check.ts';
import { installNotFound } from './not-found.ts';
import type { ApiParts } from './options.ts';
import { installRequestHooks } from './request-hooks.ts';
import { metricsRoute } from './routes/metrics.ts';
import { Problem } from './schemas/reply.ts';

/** More at a time are not let in: one collects, and somebody may look. */
const connectionsMax = 32;

export type MetricsServerParts = Pick<
  ApiParts,
  'authenticator' | 'metrics' | 'log' | 'clock' | 'overload' | 'observe' | 'settings'
>;

export class MetricsListener implements AsyncDisposable {
  readonly #server: ApiServer;
  readonly #host: string;
  readonly #port: number;

  private constructor(server: ApiServer, host: string, port: number) {
    this.#server = server;
    this.#host = host;
    this.#port = port;
  }

  /**
   * One that is ready to listen; null without a port. On a loopback address and without a token whoever reaches it may look. Throws
   * StartError where others would.
   */
  static async make(
    parts: MetricsServerParts,
    host: string,
    port: number | undefined,
  ): Promise<MetricsListener | null> {
    if (port === undefined) return null;
    const open = parts.metrics?.token === null;
    if (open && !isLoopback(host))
      throw new StartError(
        'Serving metrics on an address that others can reach needs CELLAR_METRICS_TOKEN, or CELLAR_METRICS_HOST=127.0.0.1.',
      );
    const server = newServer();
    // Names under which the API is addressed say nothing of this listener.
    const settings = { ...parts.settings, listenHost: host, allowedHosts: [] };
    installRequestHooks(server, { ...parts, settings });
    installNotFound(server);
    metricsRoute(server, parts, { open });
    await server.ready();
    return new MetricsListener(server, host, port);
  }

  async listen(): Promise<void> {
    await this.#server.listen({ host: this.#host, port: this.#port });
  }

  /** Null while it does not listen. */
  get address(): string | null {
    return this.#server.server.listening ? addressOf(this.#host, this.#server) : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
  }
}

function newServer(): ApiServer {
  const server = fastify({
    logger: false,
    bodyLimit: 1024,
    connectionTimeout: 30_000,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    genReqId: () => newId('req'),
    frameworkErrors: replyBeforeRouting,
  }).withTypeProvider<TypeBoxTypeProvider>();
  server.server.maxConnections = connectionsMax;
  // What hooks and routes of the API look for.
  server.decorateRequest('principal', null);
  server.addSchema(Problem);
  return server;
}
