// One dialled connection to an agent: HTTP/2 with us as the client. It bounds whatever comes back in size, number and
// time, and reads nothing into it. The other end is hostile: no frame it sends may throw outside of this file.
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import { limits, parseMessage, routes } from '#protocol';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Reply, TransferLink } from './link-transfer.ts';

/** The agent did what no agent of ours does. Its sandbox is not to be trusted with anything more. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

/** How the commands and events of one connection travel. `pause` holds the agent back through flow control. */
export interface Channel {
  /** False: hold further lines back until `onDrain`. */
  write(line: Buffer): boolean;
  pause(): void;
  resume(): void;
}

export type ChannelReader = {
  /** Bytes of event lines as they come. What it throws closes the connection. */
  readonly data: (bytes: Buffer) => void;
  readonly drain: () => void;
};

export type ConnectionOptions = {
  readonly clock: Clock;
  /** Between two pings; one that is not answered before the next one is due ends the connection. */
  readonly pingMs: number;
  /** Told once, with what went wrong; null when we closed it ourselves. */
  readonly onClose: (cause: Error | null) => void;
};

// SECURITY: an honest agent sends a handful of short headers and events of at least some dozen bytes.
const headerListBytesMax = 4096;
const headerPairsMax = 16;
const chunksFree = 4096;
const chunkBytesMeanMin = 16;
const overheadBytesFree = 1024 * 1024;
const permissionShare = 0.01;

export class LinkConnection implements TransferLink {
  readonly #socket: Socket;
  readonly #session: ClientHttp2Session;
  readonly #options: ConnectionOptions;
  #cancelPing: () => void = () => {};
  #closed = false;
  #payloadBytes = 0;
  #sentBytes = 0;
  #wireBytesSeen = 0;
  #payloadBytesSeen = 0;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#session = connect('http://agent', {
      createConnection: () => socket,
      maxSendHeaderBlockLength: headerListBytesMax,
      maxHeaderListPairs: headerPairsMax,
      maxReservedRemoteStreams: 0,
      maxSettings: 16,
      peerMaxConcurrentStreams: 32,
      settings: {
        enablePush: false,
        maxHeaderListSize: headerListBytesMax,
        headerTableSize: 0,
        initialWindowSize: limits.streamWindowBytes,
      },
    });
    this.#session.once('connect', (session) => session.setLocalWindowSize(limits.linkWindowBytes));
    socket.on('error', () => {});
    this.#session.on('error', (error: NodeJS.ErrnoException) => this.#end(asViolation(error)));
    this.#session.on('frameError', () => this.#end(new ProtocolViolation('a frame was refused')));
    this.#session.on('goaway', () => this.#end(new Error('the agent closed the link')));
    this.#session.on('stream', () =>
      this.#end(new ProtocolViolation('the agent opened a stream itself')),
    );
    this.#session.on('close', () => this.#end(new Error('the link closed')));
    this.releasePings();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * One request with a JSON body, and its reply as parsed JSON that nobody has checked yet. Throws `deadline_exceeded`
   * after `msMax`, the signal's reason, ProtocolViolation for an oversized or malformed reply (which ends the
   * connection too), and an Error when the connection broke.
   */
  request(path: string, body: unknown, msMax: number, signal?: AbortSignal): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stream = this.open(path);
      if (stream === null) return reject(new Error('the link is closed'));
      const chunks: Buffer[] = [];
      let bytes = 0;
      let status = 0;

      const settle = (finish: () => void) => {
        cancelDeadline();
        signal?.removeEventListener('abort', abort);
        finish();
        if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
      };
      const fail = (error: unknown) => settle(() => reject(error));
      const violate = (message: string, cause?: unknown) => {
        const violation = new ProtocolViolation(message, { cause });
        fail(violation);
        this.#end(violation);
      };
      const abort = () => fail(signal?.reason);
      const cancelDeadline = this.#options.clock.after(msMax, () =>
        fail(new AppError('deadline_exceeded', { detail: 'The sandbox did not answer in time.' })),
      );
      signal?.addEventListener('abort', abort, { once: true });

      stream.on('response', (headers) => {
        status = Number(headers[':status']);
      });
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        this.#payloadBytes += chunk.byteLength;
        if (bytes > limits.bodyBytesMax) return violate('a reply is over its size limit');
        chunks.push(chunk);
        if (chunks.length > chunksFree && bytes < chunks.length * chunkBytesMeanMin)
          violate('a reply came in crumbs');
      });
      stream.on('end', () => {
        if (status === 0) return fail(new Error('the agent gave no reply'));
        let message: unknown;
        try {
          message = parseMessage(Buffer.concat(chunks));
        } catch (cause) {
          return violate('a reply is not JSON', cause);
        }
        settle(() => resolve({ status, message }));
      });
      stream.on('close', () => fail(new Error('the request was cut off')));
      stream.end(JSON.stringify(body));
    });
  }

  /** Opens the stream of commands and events. Its end is the end of the connection. */
  openChannel(reader: ChannelReader): Channel {
    const stream = this.open(routes.channel);
    if (stream === null) return { write: () => false, pause() {}, resume() {} };
    let chunks = 0;
    let bytes = 0;
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200)
        this.#end(new ProtocolViolation('the agent refused the channel'));
    });
    stream.on('data', (chunk: Buffer) => {
      if (this.#closed) return;
      chunks++;
      bytes += chunk.byteLength;
      this.#payloadBytes += chunk.byteLength;
      // SECURITY: each frame costs us a call, so a flow of single bytes would be a cheap way to keep us busy.
      if (chunks > chunksFree && bytes < chunks * chunkBytesMeanMin)
        return this.#end(new ProtocolViolation('events came in crumbs'));
      try {
        reader.data(chunk);
      } catch (error) {
        this.#end(error instanceof Error ? error : new Error(String(error)));
      }
    });
    stream.on('drain', reader.drain);
    // When the whole session ends, its own event knows why.
    stream.on('close', () => {
      if (!this.#session.destroyed) this.#end(new Error('the agent closed the channel'));
    });
    return {
      write: (line) => stream.write(line),
      pause: () => stream.pause(),
      resume: () => stream.resume(),
    };
  }

  /** While the sandbox is frozen nothing answers pings: none are sent, and silence is no failure. */
  holdPings(): void {
    this.#cancelPing();
    this.#cancelPing = () => {};
  }

  releasePings(): void {
    this.#cancelPing();
    if (this.#closed) return;
    this.#cancelPing = this.#options.clock.after(this.#options.pingMs, () => this.#ping());
  }

  /** Closes at once, whatever is under way. `cause` is what `onClose` is told. */
  destroy(cause: Error | null = null): void {
    this.#end(cause);
  }

  /** A request whose bodies the caller sees to. Null when the link is closed. */
  open(
    path: string,
    { trailers }: { readonly trailers: boolean } = { trailers: false },
  ): ClientHttp2Stream | null {
    if (this.#closed || this.#session.destroyed || this.#session.closed) return null;
    const headers = { ':method': 'POST', ':path': path };
    const stream = this.#session.request(headers, { waitForTrailers: trailers });
    stream.on('error', () => {});
    return stream;
  }

  received(bytes: number): void {
    this.#payloadBytes += bytes;
  }

  sent(bytes: number): void {
    this.#sentBytes += bytes;
  }

  #ping(): void {
    let answered = false;
    this.#session.ping(() => {
      answered = true;
    });
    this.#cancelPing = this.#options.clock.after(this.#options.pingMs, () => {
      if (!answered) return this.#end(new Error('the agent did not answer a ping'));
      if (this.#isFlooded()) return this.#end(new ProtocolViolation('the agent floods the link'));
      this.#ping();
    });
  }

  /** SECURITY: frames that carry nothing cost us work as well; an honest link has few of them. */
  #isFlooded(): boolean {
    const wireBytes = this.#socket.bytesRead;
    const payloadBytes = this.#payloadBytes - this.#payloadBytesSeen;
    const overheadBytes = wireBytes - this.#wireBytesSeen - payloadBytes;
    this.#wireBytesSeen = wireBytes;
    this.#payloadBytesSeen = this.#payloadBytes;
    // What we send is answered with permissions to send more.
    const permitted = this.#sentBytes * permissionShare;
    this.#sentBytes = 0;
    return overheadBytes > payloadBytes + permitted + overheadBytesFree;
  }

  #end(cause: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelPing();
    this.#session.destroy();
    this.#socket.destroy();
    this.#options.onClose(cause);
  }
}

/** A frame that HTTP/2 forbids is the agent's doing; a broken pipe is not. */
function asViolation(error: NodeJS.ErrnoException): Error {
  return error.code?.startsWith('ERR_HTTP2') && error.code !== 'ERR_HTTP2_SESSION_ERROR'
    ? new ProtocolViolation(error.message, { cause: error })
    : error;
}
