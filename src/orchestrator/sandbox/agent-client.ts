// The agent as the layers above see it, whichever connection is up at the moment: events come once and in order, commands
// find their way over redials, questions wait for a link. It checks the shape of all that the agent says.
import { Compile } from 'typebox/compile';
import {
  AgentEvent,
  type ConfigureRequest,
  type ExecuteCommand,
  type HelloReply,
  InspectedNode,
  type InspectRequest,
  LineDecoder,
  LineError,
  routes,
  VariablesReply,
  type VariablesRequest,
} from '#protocol';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Agent, RestoreOptions } from './agent.ts';
import { CommandQueue } from './command-queue.ts';
import { EventFeed } from './event-feed.ts';
import { failureOf, transferFailure } from './failure-errors.ts';
import { type LinkConnection, ProtocolViolation } from './link-connection.ts';
import { LinkFiles } from './link-files.ts';
import { download, upload } from './link-transfer.ts';

const eventShape = Compile(AgentEvent);
const variablesShape = Compile(VariablesReply);
const nodeShape = Compile(InspectedNode);

export type AgentClientOptions = {
  readonly acknowledgedSeq: number;
  readonly clock: Clock;
  readonly requestMsMax: number;
  /** Longest standstill of a long body. */
  readonly transferIdleMsMax: number;
};

export class AgentClient implements Agent {
  readonly files: LinkFiles;
  readonly #options: AgentClientOptions;
  readonly #feed: EventFeed;
  readonly #commands: CommandQueue;
  #connection: LinkConnection | null = null;
  #resumeChannel: () => void = () => {};
  #known: ReadonlySet<string> = new Set();
  #takesTraces = false;
  #linked = Promise.withResolvers<LinkConnection>();

  constructor(options: AgentClientOptions) {
    this.#options = options;
    this.files = new LinkFiles({
      connected: (signal) => this.#connected(signal),
      ask: (path, body, check, signal) => this.#ask(path, body, check, signal),
      transfer: (signal) => this.#transfer(signal),
    });
    this.#feed = new EventFeed(options.acknowledgedSeq, () => this.#resumeChannel());
    this.#commands = new CommandQueue(options.acknowledgedSeq, options.clock);
    this.#linked.promise.catch(() => {});
  }

  /** Events up to here are stored on the host. */
  get acknowledgedSeq(): number {
    return this.#commands.acknowledgedSeq;
  }

  get connected(): boolean {
    return this.#connection !== null;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.#ask(routes.prepare, {}, (message) => message, signal);
  }

  async configure(request: ConfigureRequest, signal: AbortSignal): Promise<void> {
    await this.#ask(routes.configure, request, (message) => message, signal);
  }

  execute(command: Omit<ExecuteCommand, 'type'>): void {
    const { traceparent, ...untraced } = command;
    this.#commands.execute({ type: 'execute', ...(this.#takesTraces ? command : untraced) });
  }

  cancel(executionId: string): void {
    this.#commands.cancel(executionId);
  }

  stdin(executionId: string, content: string): void {
    this.#commands.stdin(executionId, content);
  }

  events(): AsyncIterableIterator<AgentEvent> {
    return this.#feed.events();
  }

  acknowledge(seq: number): void {
    this.#commands.acknowledge(seq);
  }

  variables(request: VariablesRequest, signal: AbortSignal): Promise<VariablesReply> {
    const check = (message: unknown) => (variablesShape.Check(message) ? message : null);
    return this.#ask(routes.variables, request, check, signal);
  }

  inspect(request: InspectRequest, signal: AbortSignal): Promise<InspectedNode> {
    const check = (message: unknown) => (nodeShape.Check(message) ? message : null);
    return this.#ask(routes.inspect, request, check, signal);
  }

  async *snapshot(signal: AbortSignal): AsyncIterable<Buffer> {
    const connection = await this.#connected(signal);
    try {
      const got = await download(connection, routes.snapshot, {}, this.#transfer(signal));
      if ('reply' in got) throw failureOf(routes.snapshot, got.reply);
      yield* got.content;
    } catch (error) {
      throw transferFailure(connection, error, signal);
    }
  }

  async restore(
    archive: AsyncIterable<Uint8Array>,
    { fork, filesOnly = false }: RestoreOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const connection = await this.#connected(signal);
    const path = filesOnly ? routes.restoreFiles : fork ? routes.fork : routes.restore;
    try {
      const reply = await upload(connection, path, archive, this.#transfer(signal));
      if (reply.status !== 200) throw failureOf(path, reply);
    } catch (error) {
      throw transferFailure(connection, error, signal);
    }
  }

  async reset(signal: AbortSignal): Promise<void> {
    await this.#ask(routes.reset, {}, (message) => message, signal);
  }

  #transfer(signal: AbortSignal) {
    const { clock, transferIdleMsMax } = this.#options;
    return { clock, idleMsMax: transferIdleMsMax, signal };
  }

  knownExecutions(): ReadonlySet<string> {
    return this.#known;
  }

  /** From now on everything goes over this connection. */
  attach(connection: LinkConnection, hello: HelloReply): void {
    if (hello.lastSeq < this.#feed.receivedSeq) {
      connection.destroy(new ProtocolViolation('the agent forgot events it had sent'));
      return;
    }
    this.#connection = connection;
    this.#known = new Set(hello.executions);
    this.#takesTraces = hello.traces === true;
    const decoder = new LineDecoder();
    const channel = connection.openChannel({
      data: (bytes) => {
        this.#accept(decoder, bytes);
        if (!this.#feed.took(bytes.byteLength)) channel.pause();
      },
      drain: () => this.#commands.drained(),
    });
    this.#resumeChannel = () => channel.resume();
    this.#commands.attach(channel, this.#known);
    this.#linked.resolve(connection);
  }

  /** The connection is gone; commands and questions wait for the next one. */
  detach(connection: LinkConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.#resumeChannel = () => {};
    this.#commands.detach();
    this.#linked = Promise.withResolvers();
    this.#linked.promise.catch(() => {});
  }

  /** There will be no connection any more. Null: we are done with it. An error: it was lost. */
  finish(error: AppError | null): void {
    this.#commands.detach();
    this.#feed.finish(error);
    this.#linked.reject(error ?? new AppError('sandbox_lost'));
    if (this.#connection === null) return;
    this.#connection = null;
    this.#linked = Promise.withResolvers();
    this.#linked.promise.catch(() => {});
    this.#linked.reject(error ?? new AppError('sandbox_lost'));
  }

  #accept(decoder: LineDecoder, bytes: Buffer): void {
    let messages: unknown[];
    try {
      messages = decoder.push(bytes);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      throw new ProtocolViolation(error.message, { cause: error });
    }
    for (const message of messages) {
      if (!eventShape.Check(message)) throw new ProtocolViolation('an event is malformed');
      if (this.#feed.accept(message) && message.type === 'ended')
        this.#commands.ended(message.executionId);
    }
  }

  /** Asks until an answer comes: a question that a broken link cut off is asked again over the next one. */
  async #ask<Answer>(
    path: string,
    body: unknown,
    check: (message: unknown) => Answer | null,
    signal: AbortSignal,
  ): Promise<Answer> {
    for (;;) {
      const connection = await this.#connected(signal);
      try {
        const reply = await connection.request(path, body, this.#options.requestMsMax, signal);
        if (reply.status === 200) {
          const answer = check(reply.message);
          if (answer !== null) return answer;
        }
        throw failureOf(path, reply);
      } catch (error) {
        if (error instanceof ProtocolViolation) {
          connection.destroy(error);
          throw new AppError('sandbox_lost', { cause: error });
        }
        if (signal.aborted || error instanceof AppError) throw error;
        // No link broke: it was the agent that broke off this one reply.
        if (!connection.closed) throw new AppError('sandbox_lost', { cause: error });
      }
    }
  }

  async #connected(signal: AbortSignal): Promise<LinkConnection> {
    signal.throwIfAborted();
    if (this.#connection !== null) return this.#connection;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([this.#linked.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}
