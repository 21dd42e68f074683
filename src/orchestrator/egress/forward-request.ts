// A request in absolute form, made in the sandbox's place: one request on one connection, and its response as it comes. Redirects are passed on.
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { authorityOf, type HttpTarget } from './destination.ts';
import type { EgressRefusal } from './egress-refusal.ts';
import { forwardedHeaders, requestHeaders } from './forwarded-headers.ts';
import type { MeteredSocket } from './metered-socket.ts';

export type ForwardedRequest = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: MeteredSocket;
  readonly target: HttpTarget;
  /** The client sends the body when it is told to go on. */
  readonly waits: boolean;
};

/** Resolves when the response has been passed on as a whole. Throws what went wrong on either side. */
export async function forwardRequest(forwarded: ForwardedRequest): Promise<void> {
  const { request, response, upstream, target, waits } = forwarded;
  const isChunked = request.headers['transfer-encoding'] !== undefined;
  const outgoing = httpRequest({
    createConnection: () => upstream,
    method: request.method,
    path: target.path,
    headers: [
      ...requestHeaders(request.rawHeaders, authorityOf(target.destination)),
      // SECURITY: as it was framed, so it goes on; without a frame a body would be read as another request.
      ...(isChunked ? ['Transfer-Encoding', 'chunked'] : []),
      ...['Connection', 'close'],
    ],
    setHost: false,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.once('close', () => reject(new Error('the connection ended')));
  });
  outgoing.on('error', () => {});
  if (waits) response.writeContinue();
  const hasBody = isChunked || Number(request.headers['content-length'] ?? 0) > 0;
  // A host may answer before it has read everything; what becomes of the rest is of no interest then.
  if (hasBody) void pipeline(request, outgoing).catch(() => {});
  else outgoing.end();
  const incoming = await answered;
  response.sendDate = false;
  response.writeHead(incoming.statusCode!, incoming.statusMessage, [
    ...forwardedHeaders(incoming.rawHeaders),
    ...['Connection', 'close'],
  ]);
  await pipeline(incoming, response);
}

/** Says why, or cuts off a response that has begun. */
export function refuseRequest(response: ServerResponse, refusal: EgressRefusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(refusal.status, {
    'Proxy-Status': refusal.proxyStatus,
    'Content-Type': 'text/plain; charset=utf-8',
    Connection: 'close',
  });
  response.end(`${refusal.message}\n`);
}
