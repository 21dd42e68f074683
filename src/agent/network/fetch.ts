// A request of a program, to its last response: through the session's proxy, redirects followed, the size of the response bounded.
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { limits } from '#protocol';
import { secureConnection, type Way } from './connection.ts';
import { refusalIn } from './proxy-status.ts';
import { redirected } from './redirect.ts';
import {
  type IncomingResponse,
  type OutgoingRequest,
  RequestFailure,
  ResponseTooLarge,
} from './request.ts';

const redirectsMax = 10;
const headersBytesMax = 64 * 1024;
const ownHeaders = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'cellar' };

/** Throws RequestFailure, ResponseTooLarge, or the signal's reason. */
export async function fetchThrough(
  way: Way,
  request: OutgoingRequest,
  signal: AbortSignal,
): Promise<IncomingResponse> {
  const { timeoutMs } = request;
  const limit =
    timeoutMs === null
      ? null
      : AbortSignal.timeout(Math.min(Math.ceil(timeoutMs), limits.executionMsMax));
  const either = limit === null ? signal : AbortSignal.any([signal, limit]);
  try {
    return await follow(way, request, either);
  } catch (error) {
    signal.throwIfAborted();
    if (limit?.aborted) throw new RequestFailure(`No answer within ${timeoutMs} ms`);
    throw error;
  }
}

async function follow(
  way: Way,
  request: OutgoingRequest,
  signal: AbortSignal,
): Promise<IncomingResponse> {
  for (let redirects = 0; ; redirects++) {
    const url = readUrl(request.url);
    const response = await respondTo(way, url, request, signal);
    const next = redirected(request, response.statusCode!, response.headers.location);
    if (next === null) return await whole(response, url, request.bodyBytesMax);
    response.destroy();
    if (redirects === redirectsMax)
      throw new RequestFailure(`'${url.host}' leads on more than ${redirectsMax} times`);
    request = next;
  }
}

function readUrl(text: string): URL {
  if (!URL.canParse(text)) throw new RequestFailure('The address is not one of http or https');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw new RequestFailure(
      'An address with a password in it is not asked: put it into the headers',
    );
  return url;
}

/** The response's head; its body can be read. */
async function respondTo(
  way: Way,
  url: URL,
  { method, headers, body }: OutgoingRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const bytes = body === null ? null : Buffer.from(body);
  const options: RequestOptions = {
    method,
    maxHeaderSize: headersBytesMax,
    headers: {
      host: url.host,
      ...ownHeaders,
      ...Object.fromEntries(headers),
      connection: 'close',
      ...(bytes === null ? {} : { 'content-length': bytes.length }),
    },
    signal,
  };
  try {
    if (url.protocol === 'https:') {
      const connection = await secureConnection(url, way, signal);
      const path = `${url.pathname}${url.search}`;
      return await answered({ ...options, path, createConnection: () => connection }, bytes);
    }
    const path = `http://${url.host}${url.pathname}${url.search}`;
    const response = await answered(
      { ...options, path, socketPath: way.path, agent: false },
      bytes,
    );
    const refusal = refusalIn(response.headers['proxy-status']);
    if (refusal === null) return response;
    response.destroy();
    throw new RequestFailure(refusal);
  } catch (error) {
    throw failureOf(error, url, signal);
  }
}

function answered(options: RequestOptions, body: Buffer | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // The proxy says first whether it will be sent anywhere; a host of its own has been asked already.
    const waits = body !== null && options.socketPath !== undefined;
    const request = httpRequest({
      ...options,
      headers: { ...options.headers, ...(waits ? { expect: '100-continue' } : {}) },
    });
    request.once('response', resolve);
    request.on('error', reject);
    if (waits) request.once('continue', () => request.end(body));
    else request.end(body ?? undefined);
    if (waits) request.flushHeaders();
  });
}

async function whole(
  response: IncomingMessage,
  url: URL,
  bytesMax: number,
): Promise<IncomingResponse> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bytesMax) throw new ResponseTooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ResponseTooLarge) throw error;
    throw new RequestFailure(`The response of '${url.host}' broke off`);
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  const fields = Object.entries(response.headersDistinct);
  const headers = new Map(fields.map(([name, values = []]) => [name, values.join(', ')]));
  return { status: response.statusCode!, headers, body };
}

function failureOf(error: unknown, url: URL, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof RequestFailure) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  // The proxy itself is not there: the service is just starting again, or the session may reach nobody any more.
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return new RequestFailure('The network of this session is not available now');
  return new RequestFailure(`'${url.host}' did not answer as a web server does`);
}
