// The agent as the layers above see it, whichever connection is up at the moment: events come once and in order, commands
// find their way over redials, questions wait for a link. It checks the shape of all that the agent says.
import { Compile } from 'typebox/compile';
import {
  AgentEvent,
  type ConfigureRequest,
  type ExecuteCommand,
  Failure,
  type FailureCode,
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
import { AppError, type ErrorCode } from '../foundation/errors.ts';
import type { Agent } from './agent.ts';
import { CommandQueue } from './command-queue.ts';
import { EventFeed } from './event-feed.ts';
import { readImage, writeImage } from './image-requests.ts';
import { type LinkConnection, ProtocolViolation, type Reply } from './link-connection.ts';

const eventShape = Compile(AgentEvent);
const variablesShape = Compile(VariablesReply);
const nodeShape = Compile(InspectedNode);
const failureShape = Compile(Failure);

/** What a failure of the agent means to a client. */
const failureErrors: Record<FailureCode, ErrorCode> = {
  invalid_request: 'invalid_request',
  not_configured: 'internal',
  unknown_execution: 'execution_not_found',
  unknown_variable: 'variable_not_found',
  unknown_path: 'variable_not_found',
  queue_full: 'queue_full',
  engine_unavailable: 'sandbox_failed',
  engine_busy: 'session_busy',
  image_refused: 'sandbox_failed',
  image_too_large: 'sandbox_failed',
  internal: 'sandbox_failed',
};

export type AgentClientOptions = {
  readonly acknowledgedSeq: number;
  readonly clock: Clock;
  readonly requestMsMax: number;
};

export class AgentClient implements Agent {
  readonly #options: AgentClientOptions;
  readonly #feed: EventFeed;
  readonly #commands: CommandQueue;
  #connection: LinkConnection | null = null;
  #resumeChannel: () => void = () => {};
  #known: ReadonlySet<string> = new Set();
  #linked = Promise.withResolvers<LinkConnection>();

  constructor(options: AgentClientOptions) {
    this.#options = options;
    this.#feed = new EventFeed(options.acknowledgedSeq, () => this.#resumeChannel());
    this.#commands = new CommandQueue(options.acknowledgedSeq, options.clock);
    this.#linked.promise.catch(() => {});
  }

  /** Events up to here are stored on the host. */
  get acknowledgedSeq(): number {
    return this.#commands.acknowledgedSeq;
  }

  async configure(request: ConfigureRequest, signal: AbortSignal): Promise<void> {
    await this.#ask(routes.configure, request, (message) => message, signal);
  }

  execute(command: Omit<ExecuteCommand, 'type'>): void {
    this.#commands.execute({ type: 'execute', ...command });
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

  async *saveImage(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const connection = await this.#connected(signal);
    try {
      yield* readImage(connection, signal, (reply) => this.#failure(routes.image, reply));
    } catch (error) {
      throw this.#distrusted(connection, error);
    }
  }

  async loadImage(image: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    const connection = await this.#connected(signal);
    try {
      const reply = await writeImage(connection, image, signal);
      if (reply.status !== 200) throw this.#failure(routes.image, reply);
    } catch (error) {
      throw this.#distrusted(connection, error);
    }
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
        throw this.#failure(path, reply);
      } catch (failed) {
        const error = this.#distrusted(connection, failed);
        if (signal.aborted || !connection.closed || error instanceof AppError) throw error;
      }
    }
  }

  /** What a reply other than 200 is about. */
  #failure(path: string, { status, message }: Reply): Error {
    if (status === 200 || !failureShape.Check(message))
      return new ProtocolViolation(`the reply to ${path} is malformed`);
    const { code, message: text } = message;
    return new AppError(failureErrors[code], { cause: new Error(`${code}: ${text}`) });
  }

  /** An agent that breaks the protocol is not heard any more. */
  #distrusted(connection: LinkConnection, error: unknown): unknown {
    if (!(error instanceof ProtocolViolation)) return error;
    connection.destroy(error);
    return new AppError('sandbox_lost', { cause: error });
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
