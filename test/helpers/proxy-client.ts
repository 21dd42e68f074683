// What a sandbox says to its proxy, over the Unix socket.
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

export type Answered = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

type Asked = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
};

/** A response whose body has not been read. */
export async function open(path: string, url: string, asked: Asked = {}): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body } = asked;
  const outgoing = request({
    socketPath: path,
    path: url,
    method,
    headers: { ...headers },
    agent: false,
  });
  if (body === undefined || typeof body === 'string') outgoing.end(body);
  else body.pipe(outgoing);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}

/** In absolute form. Throws when the connection breaks. */
export async function ask(path: string, url: string, asked: Asked = {}): Promise<Answered> {
  const response = await open(path, url, asked);
  const { statusCode = 0, headers } = response;
  return { status: statusCode, headers, body: await text(response) };
}

export type Tunnelled = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly socket: Socket;
};

/** With CONNECT. */
export async function tunnel(path: string, authority: string): Promise<Tunnelled> {
  const outgoing = request({ socketPath: path, path: authority, method: 'CONNECT', agent: false });
  outgoing.end();
  const [response, socket] = (await once(outgoing, 'connect')) as [IncomingMessage, Socket];
  socket.on('error', () => {});
  return { status: response.statusCode ?? 0, headers: response.headers, socket };
}

/** Bytes as they are; what comes back until the other side ends, nothing if it breaks off. */
export async function raw(path: string, bytes: string): Promise<string> {
  const socket = connect(path);
  socket.on('error', () => {});
  socket.write(bytes);
  return await text(socket).catch(() => '');
}
