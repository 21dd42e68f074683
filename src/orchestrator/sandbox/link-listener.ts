// The Unix socket that one sandbox's agent dials. Whoever dials is asked who it is and proves it with the sandbox's token;
// anybody else is shown the door, and listening goes on. Knows nothing of executions.
import { createHash, timingSafeEqual } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { Compile } from 'typebox/compile';
import { HelloReply, protocolVersion, routes } from '#protocol';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { LinkConnection, ProtocolViolation } from './link-connection.ts';

export type ListenerOptions = {
  readonly path: string;
  readonly sandboxId: string;
  readonly token: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly helloMsMax: number;
  readonly pingMs: number;
  readonly dialsMax: number;
  readonly dialWindowMs: number;
  /** Asked at each dial: events up to here are stored. */
  readonly acknowledgedSeq: () => number;
  /** An agent proved itself. */
  readonly onLink: (connection: LinkConnection, hello: HelloReply) => void;
  /** A connection that `onLink` was told of has ended. */
  readonly onClose: (connection: LinkConnection, cause: Error | null) => void;
  /** Somebody dials far more often than an agent would. */
  readonly onFlood: () => void;
};

const isHelloReply = Compile(HelloReply);

/** Dials whose hello has not come yet; more are refused at once. */
const pendingMax = 4;

export class LinkListener implements AsyncDisposable {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #tokenDigest: Buffer;
  readonly #pending = new Set<LinkConnection>();
  #refused = 0;
  #dialsInWindow = 0;
  #windowStart: number;

  private constructor(options: ListenerOptions) {
    this.#options = options;
    this.#tokenDigest = digest(options.token);
    this.#windowStart = options.clock.monotonic();
    this.#server = createServer((socket) => void this.#answer(socket));
    this.#server.on('error', (error) =>
      options.log.error({ sandboxId: options.sandboxId, error }, 'link listener failed'),
    );
  }

  /** Listens at `path`; a socket file that a former process left there is removed first. Throws what the file system says. */
  static async listen(options: ListenerOptions): Promise<LinkListener> {
    const listener = new LinkListener(options);
    await rm(options.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', reject);
      listener.#server.listen(options.path, () => {
        listener.#server.off('error', reject);
        resolve();
      });
    });
    // SECURITY: the sandbox has a uid of its own and must be able to connect. Other uids of the host cannot come
    // here: the directory above is closed to them.
    await chmod(options.path, 0o666);
    return listener;
  }

  /** Dials that were refused so far: too many at once, no hello in time, a wrong token or version. */
  get refused(): number {
    return this.#refused;
  }

  /** Stops listening and closes every connection that has not proved itself; removes the socket file. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#pending) connection.destroy();
    // Not awaited: its callback also waits for the connection that the link owns by now.
    this.#server.close();
  }

  async #answer(socket: Socket): Promise<void> {
    const { clock, log, sandboxId } = this.#options;
    const now = clock.monotonic();
    if (now - this.#windowStart > this.#options.dialWindowMs) {
      this.#windowStart = now;
      this.#dialsInWindow = 0;
    }
    const flooded = ++this.#dialsInWindow > this.#options.dialsMax;
    if (flooded || this.#pending.size >= pendingMax) {
      socket.on('error', () => {});
      socket.destroy();
      this.#refused++;
      if (flooded) this.#options.onFlood();
      return;
    }

    let linked = false;
    const connection: LinkConnection = new LinkConnection(socket, {
      clock,
      pingMs: this.#options.pingMs,
      onClose: (cause) => {
        this.#pending.delete(connection);
        if (linked) this.#options.onClose(connection, cause);
      },
    });
    this.#pending.add(connection);
    try {
      const hello = await this.#hello(connection);
      if (connection.closed) throw new Error('the link closed');
      this.#pending.delete(connection);
      linked = true;
      this.#options.onLink(connection, hello);
    } catch (error) {
      this.#refused++;
      connection.destroy();
      log.warn({ sandboxId, reason: (error as Error).message }, 'dial refused');
    }
  }

  async #hello(connection: LinkConnection): Promise<HelloReply> {
    const { status, message } = await connection.request(
      routes.hello,
      { protocolVersion, acknowledgedSeq: this.#options.acknowledgedSeq() },
      this.#options.helloMsMax,
    );
    if (status !== 200 || !isHelloReply.Check(message))
      throw new ProtocolViolation('the hello is malformed');
    if (message.protocolVersion !== protocolVersion)
      throw new ProtocolViolation(`it speaks protocol version ${message.protocolVersion}`);
    // SECURITY: digests have one length, so that the comparison takes the same time whatever was sent.
    if (!timingSafeEqual(digest(message.token), this.#tokenDigest))
      throw new ProtocolViolation('the token is wrong');
    return message;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
