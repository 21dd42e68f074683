// The forward proxy of one sandbox: HTTP on a Unix socket, requests in absolute form and CONNECT. SECURITY: whoever speaks here is hostile.
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { httpTarget, tunnelDestination } from './destination.ts';
import { EgressRefusal } from './egress-refusal.ts';
import type { EgressHost, EgressTerms } from './egress-terms.ts';
import { type Answer, Exchange } from './exchange.ts';
import { forwardRequest, refuseRequest } from './forward-request.ts';
import { Tunnel } from './tunnel.ts';

const headersBytesMax = 32 * 1024;
const headersCountMax = 200;
const headersMsMax = 10_000;
const checkMs = 5_000;

export type EgressSocketOptions = {
  readonly path: string;
  readonly sandboxId: string;
};

export class EgressSocket implements AsyncDisposable {
  readonly #host: EgressHost;
  readonly #sandboxId: string;
  readonly #server: Server;
  readonly #exchanges = new Set<Exchange>();
  #terms: EgressTerms;
  #windowStart: number;
  #inWindow = 0;

  private constructor(host: EgressHost, sandboxId: string, terms: EgressTerms) {
    this.#host = host;
    this.#sandboxId = sandboxId;
    this.#terms = terms;
    this.#windowStart = host.clock.monotonic();
    this.#server = createServer({
      maxHeaderSize: headersBytesMax,
      headersTimeout: headersMsMax,
      requestTimeout: host.limits.totalMsMax,
      connectionsCheckingInterval: checkMs,
    });
    this.#server.maxHeadersCount = headersCountMax;
    // Those over the limit of requests are to be told so.
    this.#server.maxConnections = host.limits.connectionsMax * 2;
    this.#server.on('request', (request, response) => this.#request(request, response, false));
    this.#server.on('checkContinue', (request, response) => this.#request(request, response, true));
    this.#server.on('connect', (request, client, head) => this.#tunnel(request, client, head));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    this.#server.on('error', (error) =>
      host.log.error({ sandboxId, err: error }, 'egress listener failed'),
    );
  }

  /** Listens at `path`; a socket that a former process left there is removed first. Throws what the file system says. */
  static async listen(
    host: EgressHost,
    { path, sandboxId }: EgressSocketOptions,
    terms: EgressTerms,
  ): Promise<EgressSocket> {
    const socket = new EgressSocket(host, sandboxId, terms);
    const server = socket.#server;
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    });
    // SECURITY: the sandbox has a uid of its own and must be able to connect. Other uids of the host cannot come here: the directory above
    // is closed to them.
    await chmod(path, 0o666);
    host.proxies.add(socket);
    return socket;
  }

  /** Other terms hold from now on, for open connections too: what is not allowed any more is cut. */
  change(terms: EgressTerms): void {
    this.#terms = terms;
    this.review();
  }

  /** The ceiling of its terms is another one: what is not allowed any more is cut. */
  review(): void {
    for (const exchange of this.#exchanges) exchange.review();
  }

  /** Stops listening and cuts everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#host.proxies.delete(this);
    const cut = new EgressRefusal('http_request_denied', 'The session has no network any more');
    for (const exchange of this.#exchanges) exchange.cut(cut);
    // SECURITY: not awaited: its callback waits for whoever in the sandbox does not hang up.
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #request(request: IncomingMessage, response: ServerResponse, waits: boolean): void {
    const target = httpTarget(request.url ?? '');
    this.#serve({
      destination: target?.destination ?? null,
      client: request.socket,
      run: (upstream) => forwardRequest({ request, response, upstream, target: target!, waits }),
      refuse: (refusal) => refuseRequest(response, refusal),
    });
  }

  #tunnel(request: IncomingMessage, client: Duplex, head: Buffer): void {
    const tunnel = new Tunnel(client, head);
    this.#serve({
      destination: tunnelDestination(request.url ?? ''),
      client,
      run: (upstream, signal) => tunnel.run(upstream, signal),
      refuse: (refusal) => tunnel.refuse(refusal),
    });
  }

  #serve(answer: Answer): void {
    const exchange = new Exchange(this.#host, this.#sandboxId, () => this.#terms, answer);
    const isOneTooMany =
      this.#isFlooded() || this.#exchanges.size >= this.#host.limits.connectionsMax;
    this.#exchanges.add(exchange);
    void exchange
      .serve(() => {
        if (isOneTooMany) throw tooMany();
      })
      .finally(() => this.#exchanges.delete(exchange));
  }

  #isFlooded(): boolean {
    const { clock, limits } = this.#host;
    const now = clock.monotonic();
    if (now - this.#windowStart > limits.windowMs) {
      this.#windowStart = now;
      this.#inWindow = 0;
    }
    return ++this.#inWindow > limits.requestsMax;
  }
}

function tooMany(): EgressRefusal {
  return new EgressRefusal('connection_limit_reached', 'The session makes too many requests');
}
