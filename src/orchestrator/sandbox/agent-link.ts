// The link to the agent of one sandbox, from the first dial to the end: listens, keeps the newest connection, notices when the
// agent stays away or breaks the protocol. It knows nothing of containers; whoever starts one gives the directory.
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HelloReply } from '#protocol';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { Observed } from '../foundation/observe.ts';
import type { Agent } from './agent.ts';
import { AgentClient } from './agent-client.ts';
import { type LinkConnection, ProtocolViolation } from './link-connection.ts';
import { LinkListener } from './link-listener.ts';

/** Name of the socket in the link directory; the agent is told its path inside the container. */
export const linkSocketName = 'agent.sock';

export type LinkTimes = {
  /** From a dial to its valid hello. */
  readonly helloMsMax: number;
  /** For one request on the link. */
  readonly requestMsMax: number;
  /** Longest standstill of a long body. */
  readonly transferIdleMsMax: number;
  /** Between pings. A ping that is not answered by the next one breaks the connection. */
  readonly pingMs: number;
  /** How long the agent may stay away, after its first connection, before the sandbox counts as lost. */
  readonly awayMsMax: number;
  /** More dials than this within `dialWindowMs` are a breach of the protocol. */
  readonly dialsMax: number;
  readonly dialWindowMs: number;
};

const defaultTimes: LinkTimes = {
  helloMsMax: 5_000,
  requestMsMax: 10_000,
  transferIdleMsMax: 30_000,
  pingMs: 5_000,
  awayMsMax: 10_000,
  dialsMax: 100,
  dialWindowMs: 10_000,
};

export type AgentLinkOptions = Observed & {
  /**
   * Directory of this sandbox alone, made by the caller with mode 0755 in one that only we may enter. It is mounted
   * read-only into the container. The socket in it is made here, and taken over from a former process if it is there.
   */
  readonly directory: string;
  /** For the log. */
  readonly sandboxId: string;
  /** The secret that the container was given as `CELLAR_TOKEN`. */
  readonly token: string;
  /** Newest event that is stored; 0 for a new sandbox. `agent.events()` begins with the one after it. */
  readonly acknowledgedSeq: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly times?: Partial<LinkTimes>;
};

export type LinkLoss = { readonly reason: 'unreachable' | 'protocol'; readonly detail: string };

/** Dispose it to stop listening and to close the connection; the agent then goes on alone, and redials. */
export class AgentLink implements AsyncDisposable {
  readonly agent: Agent;
  /**
   * Resolves when the agent is lost: it stayed away too long, or broke the protocol. Never rejects, and never resolves
   * for a link that was disposed first. Before its first connection an agent is not lost, only not `ready`.
   */
  readonly lost: Promise<LinkLoss>;

  readonly #options: AgentLinkOptions;
  readonly #times: LinkTimes;
  readonly #client: AgentClient;
  readonly #loss = Promise.withResolvers<LinkLoss>();
  readonly #hello = Promise.withResolvers<HelloReply>();
  #listener: LinkListener | null = null;
  #connection: LinkConnection | null = null;
  #cancelAway: () => void = () => {};
  #frozen = false;
  #wasFrozen = false;
  #ended = false;
  #attached = false;

  private constructor(options: AgentLinkOptions) {
    this.#options = options;
    this.#times = { ...defaultTimes, ...options.times };
    this.#client = new AgentClient({
      acknowledgedSeq: options.acknowledgedSeq,
      clock: options.clock,
      requestMsMax: this.#times.requestMsMax,
      transferIdleMsMax: this.#times.transferIdleMsMax,
    });
    this.agent = this.#client;
    this.lost = this.#loss.promise;
    this.#hello.promise.catch(() => {});
  }

  /** Listens for the agent of a sandbox that is about to start, or that runs already. Throws what the file system says. */
  static async listen(options: AgentLinkOptions): Promise<AgentLink> {
    const link = new AgentLink(options);
    link.#listener = await LinkListener.listen({
      path: join(options.directory, linkSocketName),
      sandboxId: options.sandboxId,
      token: options.token,
      clock: options.clock,
      log: options.log,
      ...link.#times,
      acknowledgedSeq: () => link.#client.acknowledgedSeq,
      onLink: (connection, hello) => link.#attach(connection, hello),
      onClose: (connection, cause) => link.#detach(connection, cause),
      onFlood: () => link.#lose({ reason: 'protocol', detail: 'too many dials' }),
    });
    return link;
  }

  /** The agent's first hello. Throws the signal's reason, or `sandbox_lost` when the link was lost or disposed. */
  async ready(signal: AbortSignal): Promise<HelloReply> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([this.#hello.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** A connection is up now. */
  get connected(): boolean {
    return this.#connection !== null;
  }

  /** It has been frozen: from the thaw on the link itself misses an agent that is away. */
  get wasFrozen(): boolean {
    return this.#wasFrozen;
  }

  /** Dials that were refused: no valid hello in time, a wrong token. */
  get refusedDials(): number {
    return this.#listener?.refused ?? 0;
  }

  /** Call before the container is frozen: silence is then no loss. Questions still run into their deadlines. */
  freeze(): void {
    this.#frozen = true;
    this.#wasFrozen = true;
    this.#cancelAway();
    this.#connection?.holdPings();
  }

  /** Call after the container runs again. */
  thaw(): void {
    this.#frozen = false;
    this.#connection?.releasePings();
    if (this.#connection === null) this.#watchAbsence();
  }

  /** The sandbox is lost: what it has sent so far can still be read, then the events end. */
  async finish(): Promise<void> {
    // One turn of the event loop, for what waits in the socket.
    await nextTurn();
    await this.#end(null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end(null);
  }

  #attach(connection: LinkConnection, hello: HelloReply): void {
    if (this.#ended) {
      connection.destroy();
      return;
    }
    if (this.#attached) this.#options.observe?.({ type: 'agentRedialled' });
    this.#attached = true;
    const former = this.#connection;
    this.#connection = connection;
    this.#cancelAway();
    if (former !== null) {
      this.#client.detach(former);
      former.destroy();
    }
    if (this.#frozen) connection.holdPings();
    this.#client.attach(connection, hello);
    if (!connection.closed) this.#hello.resolve(hello);
  }

  #detach(connection: LinkConnection, cause: Error | null): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.#client.detach(connection);
    if (this.#ended) return;
    const { log, sandboxId } = this.#options;
    log.warn({ sandboxId, reason: cause?.message }, 'link closed');
    if (cause instanceof ProtocolViolation)
      this.#lose({ reason: 'protocol', detail: cause.message });
    else this.#watchAbsence();
  }

  #watchAbsence(): void {
    if (this.#frozen || this.#ended) return;
    this.#cancelAway();
    this.#cancelAway = this.#options.clock.after(this.#times.awayMsMax, () =>
      this.#lose({ reason: 'unreachable', detail: 'the agent stayed away' }),
    );
  }

  #lose(loss: LinkLoss): void {
    if (this.#ended) return;
    this.#options.log.error({ sandboxId: this.#options.sandboxId, ...loss }, 'agent lost');
    this.#loss.resolve(loss);
    void this.#end(new AppError('sandbox_lost', { cause: new Error(loss.detail) }));
  }

  async #end(error: AppError | null): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelAway();
    const connection = this.#connection;
    this.#connection = null;
    connection?.destroy();
    this.#client.finish(error);
    this.#hello.reject(error ?? new AppError('sandbox_lost'));
    await this.#listener?.[Symbol.asyncDispose]();
  }
}
