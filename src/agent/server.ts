// Serves the orchestrator's requests on a dialled socket: one table from path to handler. It validates and bounds every body, and
// no request, however wrong, gets further than its own stream.
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { type Failure, type FailureCode, limits, parseMessage } from '#protocol';
import { AgentFailure } from './agent-failure.ts';

/** Answers one request with a JSON message. */
export type Question = (body: unknown) => unknown;
/** Takes over the whole stream of one request. */
export type Conversation = (stream: ServerHttp2Stream) => void;

/** As a conversation, for bodies that are no messages. What it throws is the reply, as long as there is none; after that the stream is cut off. */
export type Transfer = (stream: ServerHttp2Stream) => Promise<void>;

export type Route =
  | { readonly ask: Question }
  | { readonly converse: Conversation }
  | { readonly transfer: Transfer };

export type RouteTable = Readonly<Record<string, Route>>;

const headerListBytesMax = 4096;

const statuses: Record<FailureCode, number> = {
  invalid_request: 400,
  not_configured: 409,
  unknown_execution: 404,
  unknown_variable: 404,
  unknown_path: 404,
  queue_full: 429,
  engine_unavailable: 503,
  engine_busy: 503,
  image_refused: 422,
  image_too_large: 413,
  archive_malformed: 422,
  archive_refused: 422,
  archive_too_large: 413,
  archive_unsupported: 422,
  path_refused: 400,
  unknown_file: 404,
  is_directory: 409,
  not_directory: 409,
  directory_not_empty: 409,
  file_unusable: 409,
  file_changed: 412,
  file_too_large: 413,
  too_many_files: 413,
  workspace_full: 507,
  internal: 500,
};

/** A server that listens nowhere: dialled sockets are handed to it with `emit('connection', socket)`. */
export function createLinkServer(table: RouteTable): Http2Server {
  const server = createServer({
    maxHeaderListPairs: 16,
    maxSendHeaderBlockLength: headerListBytesMax,
    settings: {
      enablePush: false,
      maxConcurrentStreams: 32,
      maxHeaderListSize: headerListBytesMax,
      headerTableSize: 0,
      initialWindowSize: limits.streamWindowBytes,
    },
  });
  server.on('session', (session) => session.setLocalWindowSize(limits.linkWindowBytes));
  server.on('stream', (stream, headers) => serve(table, stream, headers));
  server.on('sessionError', () => {});
  return server;
}

function serve(table: RouteTable, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  stream.on('error', () => {});
  const path = headers[':path'];
  const route = typeof path === 'string' && Object.hasOwn(table, path) ? table[path] : undefined;
  if (headers[':method'] !== 'POST' || route === undefined) {
    fail(stream, new AgentFailure('invalid_request', 'There is no such request'));
    return;
  }
  if ('converse' in route) {
    route.converse(stream);
    return;
  }
  if ('transfer' in route) {
    void transfer(stream, route.transfer);
    return;
  }

  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > limits.bodyBytesMax) stream.close(constants.NGHTTP2_CANCEL);
    else chunks.push(chunk);
  });
  stream.on('end', () => void answer(stream, route.ask, Buffer.concat(chunks)));
}

async function transfer(stream: ServerHttp2Stream, run: Transfer): Promise<void> {
  try {
    await run(stream);
  } catch (error) {
    // Half an image is cut off, so that nobody takes it for a whole one.
    if (stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else fail(stream, error);
    // What is still on its way has nowhere to go.
    stream.resume();
  }
}

async function answer(stream: ServerHttp2Stream, ask: Question, bytes: Buffer): Promise<void> {
  try {
    const body = parse(bytes);
    reply(stream, 200, (await ask(body)) ?? {});
  } catch (error) {
    fail(stream, error);
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return parseMessage(bytes);
  } catch {
    throw new AgentFailure('invalid_request', 'The body is not JSON');
  }
}

function fail(stream: ServerHttp2Stream, error: unknown): void {
  const code = error instanceof AgentFailure ? error.code : 'internal';
  const message = error instanceof Error ? error.message : String(error);
  const fault = error instanceof AgentFailure ? error.fault : undefined;
  const failure: Failure = {
    code,
    message: message.slice(0, limits.textLengthMax),
    ...(fault ? { fault } : {}),
  };
  reply(stream, statuses[code], failure);
}

function reply(stream: ServerHttp2Stream, status: number, message: unknown): void {
  if (stream.destroyed || stream.closed) return;
  const body = Buffer.from(JSON.stringify(message));
  if (body.byteLength > limits.bodyBytesMax) {
    fail(stream, new AgentFailure('internal', 'The reply is too large'));
    return;
  }
  stream.respond({ ':status': status });
  stream.end(body);
}
