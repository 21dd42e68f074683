// The least that can stand in the orchestrator's place: greets the agent of a bare container, configures it and has it
// execute. It stores nothing and checks only the answer.
import type { ClientHttp2Stream } from 'node:http2';
import {
  type AgentEvent,
  type Command,
  type ConfigureRequest,
  type EndedEvent,
  encodeLine,
  type HelloRequest,
  LineDecoder,
  protocolVersion,
  routes,
} from '#protocol';
import type { BareContainer } from './bare-container.ts';

const hello: HelloRequest = { protocolVersion, acknowledgedSeq: 0 };
const configuration: ConfigureRequest = {
  sessionId: 'benchmark',
  language: 'anarchy',
  environment: {},
  outputBytesMax: 2 ** 20,
  heapBytesMax: 2 ** 27,
};

/** Lives as long as its container. */
export class BareSession {
  readonly #container: BareContainer;
  #channel: ClientHttp2Stream | null = null;
  #executions = 0;
  #ended: PromiseWithResolvers<EndedEvent> = Promise.withResolvers();

  constructor(container: BareContainer) {
    this.#container = container;
  }

  async greet(): Promise<void> {
    await this.#container.request(routes.hello, JSON.stringify(hello));
  }

  /** Makes a greeted agent ready to execute. */
  async configure(): Promise<void> {
    await this.#container.request(routes.configure, JSON.stringify(configuration));
    const channel = this.#container.open(routes.channel);
    const decoder = new LineDecoder();
    channel.on('data', (bytes: Buffer) => {
      for (const event of decoder.push(bytes) as AgentEvent[])
        if (event.type === 'ended') this.#end(event);
    });
    channel.once('error', (error) => this.#ended.reject(error));
    channel.once('close', () => this.#ended.reject(new Error('the agent closed the channel')));
    this.#ended.promise.catch(() => {});
    this.#channel = channel;
  }

  /** Executes `1+1` and checks the answer. */
  async execute(): Promise<void> {
    this.#send({
      type: 'execute',
      executionId: `exec-${++this.#executions}`,
      code: '1+1',
      timeoutMs: 5000,
      captureOutput: true,
      intermediateResults: false,
      interactive: false,
    });
    const event = await this.#ended.promise;
    if (event.result?.value !== 2)
      throw new Error(`1+1 was answered with ${JSON.stringify(event)}`);
  }

  /** Has a configured agent take a state over. */
  async restore(archive: Buffer): Promise<void> {
    const stream = this.#container.open(routes.restore);
    const status = new Promise<unknown>((resolve, reject) => {
      stream.once('response', (headers) => resolve(headers[':status']));
      stream.once('error', reject);
      stream.once('close', () => reject(new Error('the agent took no archive')));
    });
    stream.end(archive);
    if ((await status) !== 200) throw new Error('the agent refused the archive');
    stream.resume();
  }

  #end(event: EndedEvent): void {
    this.#send({ type: 'acknowledge', seq: event.seq });
    this.#ended.resolve(event);
    this.#ended = Promise.withResolvers();
    this.#ended.promise.catch(() => {});
  }

  #send(command: Command): void {
    this.#channel?.write(encodeLine(command));
  }
}
