// What dials the orchestrator's socket and is no agent of ours: it speaks as much of the protocol as a test needs, and then
// does what it likes.
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { type HelloReply, protocolVersion, routes } from '#protocol';

export type Behaviour = {
  readonly hello?: Partial<HelloReply>;
  /** In the place of the honest answer to hello. */
  readonly onHello?: (stream: ServerHttp2Stream) => void;
  readonly onChannel?: (stream: ServerHttp2Stream) => void;
  readonly onQuestion?: (stream: ServerHttp2Stream) => void;
};

/** An open connection that has sent nothing. */
export async function dialRaw(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Dials and serves HTTP/2, with the right token unless told otherwise. */
export async function dialAs(path: string, token: string, behaviour: Behaviour): Promise<Socket> {
  const server = createServer({ maxSendHeaderBlockLength: 10 * 1024 * 1024 });
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    switch (headers[':path']) {
      case routes.hello:
        if (behaviour.onHello) return behaviour.onHello(stream);
        return answer(stream, honestHello(token, behaviour.hello));
      case routes.channel:
        stream.respond({ ':status': 200 });
        return behaviour.onChannel?.(stream);
      default:
        return behaviour.onQuestion ? behaviour.onQuestion(stream) : answer(stream, {});
    }
  });
  const socket = await dialRaw(path);
  server.once('session', (session) => void session.on('error', () => {}));
  server.emit('connection', socket);
  return socket;
}

export function answer(stream: ServerHttp2Stream, message: unknown): void {
  stream.respond({ ':status': 200 });
  stream.end(JSON.stringify(message));
}

function honestHello(token: string, rest: Partial<HelloReply> = {}): HelloReply {
  return {
    protocolVersion,
    token,
    agentVersion: '0',
    languages: ['anarchy'],
    sessionId: null,
    lastSeq: 0,
    executions: [],
    ...rest,
  };
}

/**
 * Dials and speaks HTTP/2 frame by frame, with no library in between. `onHello` and `onChannel` are told when their
 * streams, 1 and 3, are open, and then write what they like.
 */
export async function dialFrames(
  path: string,
  token: string,
  onChannel: (socket: Socket) => void,
  onHello: (socket: Socket) => void = (socket) =>
    socket.write(frame(frameTypes.data, 1, 1, Buffer.from(JSON.stringify(honestHello(token))))),
): Promise<Socket> {
  const socket = await dialRaw(path);
  let received = Buffer.alloc(0);
  let prefaceLeft = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.length;
  socket.write(frame(frameTypes.settings, 0, 0, Buffer.alloc(0)));
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes]);
    if (prefaceLeft > 0) {
      if (received.byteLength < prefaceLeft) return;
      received = received.subarray(prefaceLeft);
      prefaceLeft = 0;
    }
    while (received.byteLength >= 9 && received.byteLength >= 9 + received.readUIntBE(0, 3)) {
      const type = received[3];
      const isAcknowledgement = received[4] === 1;
      const streamId = received.readUInt32BE(5);
      const payload = received.subarray(9, 9 + received.readUIntBE(0, 3));
      received = received.subarray(9 + payload.byteLength);
      if (type === frameTypes.ping && !isAcknowledgement)
        socket.write(frame(frameTypes.ping, 1, 0, payload));
      if (type === frameTypes.settings && !isAcknowledgement)
        socket.write(frame(frameTypes.settings, 1, 0, Buffer.alloc(0)));
      if (type !== frameTypes.headers) continue;
      socket.write(frame(frameTypes.headers, 4, streamId, status200));
      // The first stream is the hello, the second one the channel.
      if (streamId === 1) onHello(socket);
      else onChannel(socket);
    }
  });
  return socket;
}

/** One HTTP/2 frame as bytes. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

export const frameTypes = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** A header block that says `:status: 200`, after giving up the compression table as the other side demands. */
const status200 = Buffer.from([0x20, 0x88]);
