// A client that follows one session through broken connections: each time it comes back with the last number it saw.
import { expect } from 'vitest';
import type { LiveClient, Message } from './live-client.ts';
import type { Service } from './start-service.ts';

export class Follower {
  readonly #service: Service;
  readonly #session: string;
  readonly #earlier: Message[] = [];
  #client: LiveClient | null = null;

  constructor(service: Service, session: string) {
    this.#service = service;
    this.#session = session;
  }

  /** All messages of all connections, in the order they came. */
  get messages(): Message[] {
    return [...this.#earlier, ...(this.#client?.messages ?? [])];
  }

  /** Makes sure of a connection; a broken one is followed by another that begins where it ended. */
  async connect(): Promise<void> {
    if (this.#client && !this.#client.closed) return;
    this.#earlier.push(...(this.#client?.messages ?? []));
    this.#client = null;
    const since = this.#earlier.at(-1)?.seq ?? 0;
    this.#client = await this.#service.live(this.#session, `?since=${since}`);
  }

  /** The ends it was told of, as `<execution> <status>`. */
  ends(): string[] {
    return this.messages
      .filter(({ type }) => type === 'executionResult')
      .map(({ executionId, status }) => `${executionId} ${status}`);
  }

  /** Output by execution. */
  output(): Map<string, string> {
    const texts = new Map<string, string>();
    for (const { type, executionId, content } of this.messages)
      if (type === 'output') texts.set(executionId, (texts.get(executionId) ?? '') + content);
    return texts;
  }

  expectInOrder(): void {
    const numbers = this.messages.map(({ seq }) => seq);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    expect(this.messages.filter(({ type }) => type === 'gap')).toEqual([]);
  }

  close(): void {
    this.#client?.close();
  }
}
