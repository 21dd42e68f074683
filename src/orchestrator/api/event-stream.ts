// Server-sent events on one HTTP reply. Takes over the raw reply, never waits for a slow reader: past its bound the
// stream ends, and the client resumes with Last-Event-ID.
import type { FastifyReply } from 'fastify';
import type { Clock } from '../foundation/clock.ts';
import type { LiveEvent } from '../sessions/session-service.ts';
import type { Holder, OutgoingTotal } from './outgoing-total.ts';
import { roomFor } from './reader-pace.ts';
import { allowSilence } from './silent-wait.ts';

/** How long a client may take to read what was sent before the end. */
const flushMsMax = 10_000;

export class EventStream implements Holder {
  readonly #reply: FastifyReply;
  readonly #outgoingBytesMax: number;
  readonly #total: OutgoingTotal;
  readonly #clock: Clock;
  readonly #heartbeatMs: number;
  #state: 'new' | 'open' | 'ended' = 'new';
  #cancelHeartbeat = () => {};

  constructor(
    reply: FastifyReply,
    options: {
      outgoingBytesMax: number;
      outgoingTotal: OutgoingTotal;
      heartbeatMs: number;
      clock: Clock;
    },
  ) {
    this.#reply = reply;
    this.#outgoingBytesMax = options.outgoingBytesMax;
    this.#total = options.outgoingTotal;
    this.#heartbeatMs = options.heartbeatMs;
    this.#clock = options.clock;
  }

  get unsentBytes(): number {
    return this.#reply.raw.writableLength;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** Sends the head, once; until then an error can still be an ordinary reply. */
  open(): void {
    if (this.#state !== 'new') return;
    this.#state = 'open';
    const { raw } = this.#reply;
    this.#reply.hijack();
    allowSilence(this.#reply);
    raw.on('close', () => this.#stop());
    raw.on('error', () => raw.destroy());
    raw.writeHead(200, {
      ...definedHeaders(this.#reply),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Tells proxies not to collect the events.
      'x-accel-buffering': 'no',
    });
    raw.flushHeaders();
    this.#beat();
  }

  send({ seq, type, text }: LiveEvent): void {
    this.open();
    this.#write(`id: ${seq}\nevent: ${type}\ndata: ${text}\n\n`);
  }

  /** See LiveFollower.room. The stream of a client that takes too long ends. */
  async room(): Promise<boolean> {
    if (this.#state === 'ended') return false;
    const has = await roomFor(this.#reply.raw, () => this.unsentBytes, this.#clock);
    if (!has) this.end();
    return has;
  }

  /** Nothing of what waits is sent any more. */
  drop(): void {
    this.#stop();
    this.#reply.raw.destroy();
  }

  /** What was sent still goes out. */
  end(): void {
    if (this.#state === 'ended') return;
    this.open();
    this.#stop();
    const { raw } = this.#reply;
    const cancel = this.#clock.after(flushMsMax, () => raw.destroy());
    raw.on('close', cancel);
    raw.end();
  }

  #write(text: string): void {
    const { raw } = this.#reply;
    if (this.#state !== 'open') return;
    raw.write(text);
    if (raw.writableLength > this.#outgoingBytesMax) this.end();
    this.#total.wrote(this, raw);
  }

  #beat(): void {
    this.#cancelHeartbeat = this.#clock.after(this.#heartbeatMs, () => {
      this.#write(': still here\n\n');
      if (this.#state === 'open') this.#beat();
    });
  }

  #stop(): void {
    this.#state = 'ended';
    this.#cancelHeartbeat();
  }
}

function definedHeaders(reply: FastifyReply): Record<string, string | number | string[]> {
  const headers: Record<string, string | number | string[]> = {};
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}
