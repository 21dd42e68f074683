// A server-sent event stream as its client sees it.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

export type Received = { id?: string; event?: string; data?: string };

export class StreamClient {
  readonly response: IncomingMessage;
  text = '';
  ended = false;

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      this.text += chunk;
    });
    response.on('close', () => {
      this.ended = true;
    });
    response.on('error', () => {});
  }

  /** The reply has begun; it may be a refusal. */
  static async open(
    url: string,
    { method, headers, body }: { method: string; headers: Record<string, string>; body?: object },
  ): Promise<StreamClient> {
    const sent = request(url, {
      method,
      headers: {
        accept: 'text/event-stream',
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
    });
    sent.on('error', () => {});
    sent.end(body && JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return new StreamClient(response);
  }

  get status(): number {
    return this.response.statusCode!;
  }

  get events(): Received[] {
    return this.text
      .split('\n\n')
      .slice(0, -1)
      .filter((block) => !block.startsWith(':'))
      .map((block) =>
        Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s, 2))),
      );
  }

  close(): void {
    this.response.destroy();
  }
}
