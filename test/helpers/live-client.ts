// A live WebSocket as a test sees it: messages are kept in order, and waiting for one has a deadline.
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

const waitMsMax = 30_000;

export type Message = { type: string; seq: number; [key: string]: any };

export class LiveClient {
  readonly socket: WebSocket;
  /** All messages so far. */
  readonly messages: Message[] = [];
  closed: { code: number; reason: string } | null = null;
  readonly #changed = new EventTarget();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      this.#changed.dispatchEvent(new Event('change'));
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.#changed.dispatchEvent(new Event('change'));
    });
    socket.on('error', () => {});
  }

  static async open(
    url: string,
    headers: Record<string, string>,
    protocols: string[] = [],
    ca?: string,
  ): Promise<LiveClient> {
    const socket = new WebSocket(url, protocols, { headers, ...(ca && { ca }) });
    const client = new LiveClient(socket);
    await once(socket, 'open');
    return client;
  }

  /** The HTTP answer to an upgrade that is refused. */
  static async refused(
    url: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: { code: string } }> {
    const socket = new WebSocket(url, { headers });
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    let text = '';
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode!, headers: response.headers, body: JSON.parse(text) };
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Sends an execute and waits for its result; gives all messages of that execution. */
  async execute(code: string, options: Record<string, unknown> = {}): Promise<Message[]> {
    const id = `request-${Math.random().toString(36).slice(2)}`;
    this.send({ type: 'execute', code, id, options });
    const start = await this.wait(
      (message) => message.type === 'executionStart' && message.requestId === id,
    );
    const executionId = start.id;
    await this.wait(
      (message) => message.type === 'executionResult' && message.executionId === executionId,
    );
    return this.messages.filter(
      (message) => message === start || message.executionId === executionId,
    );
  }

  /** The first message, past or future, that fits. */
  async wait(fits: (message: Message) => boolean): Promise<Message> {
    return this.#until(() => this.messages.find(fits), 'a message');
  }

  async closing(): Promise<{ code: number; reason: string }> {
    return this.#until(() => this.closed ?? undefined, 'the close');
  }

  close(): void {
    this.socket.terminate();
  }

  async #until<Result>(look: () => Result | undefined, what: string): Promise<Result> {
    const deadline = AbortSignal.timeout(waitMsMax);
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.closed && what !== 'the close')
        throw new Error(`closed with ${this.closed.code} while waiting for ${what}`);
      await Promise.race([
        once(this.#changed, 'change', { signal: deadline }),
        once(deadline, 'abort').then(() => {
          throw new Error(
            `waited too long for ${what}; got ${JSON.stringify(this.messages.slice(-5))}`,
          );
        }),
      ]);
    }
  }
}
