// Long bodies over a link: bytes of any number, as fast as both sides take them and never more in memory than a few pieces. A
// transfer has no deadline as a whole, but one that stands still is given up.
import { type ClientHttp2Stream, constants } from 'node:http2';
import { limits, parseMessage, wholeTrailer } from '#protocol';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';

/** A reply as parsed JSON that nobody has checked yet. */
export type Reply = { readonly status: number; readonly message: unknown };

/** What a transfer needs of its connection. */
export type TransferLink = {
  /** Null when the link is closed. `trailers`: the caller sends some when the body has ended. */
  open(path: string, options?: { readonly trailers: boolean }): ClientHttp2Stream | null;
  /** Bytes of bodies that came and went: what else there is on the wire is overhead. */
  received(bytes: number): void;
  sent(bytes: number): void;
};

export type TransferOptions = {
  readonly clock: Clock;
  /** Longest standstill, ms. */
  readonly idleMsMax: number;
  readonly signal: AbortSignal;
};

/** A reply under way whose request may go on. */
export type Exchange = {
  readonly content: AsyncIterable<Buffer>;
  /** Sends the rest of the request. */
  ask(rest: Buffer): void;
};

/** A reply that is no success comes whole, as parsed JSON that nobody has checked. */
type Refusal = { readonly reply: Reply };

/** Asks with a JSON body, and gives the reply's bytes. Throws `deadline_exceeded`, the signal's reason, or an Error when the link broke; so does the iteration. */
export async function download(
  link: TransferLink,
  path: string,
  body: unknown,
  options: TransferOptions,
): Promise<{ readonly content: AsyncIterable<Buffer> } | Refusal> {
  const transfer = new Transfer(link, path, options);
  transfer.stream.end(JSON.stringify(body));
  return contentOf(transfer);
}

/** As `download`, with a request that begins with these bytes and stays open. */
export async function exchange(
  link: TransferLink,
  path: string,
  first: Buffer,
  options: TransferOptions,
): Promise<Exchange | Refusal> {
  const transfer = new Transfer(link, path, options);
  transfer.stream.write(first);
  const got = await contentOf(transfer);
  return 'reply' in got ? got : { ...got, ask: (rest) => transfer.stream.end(rest) };
}

async function contentOf(
  transfer: Transfer,
): Promise<{ readonly content: AsyncIterable<Buffer> } | Refusal> {
  try {
    const status = await transfer.status;
    if (status === 200) return { content: transfer.content({ whole: true }) };
    return { reply: { status, message: await messageOf(transfer) } };
  } catch (error) {
    throw transfer.failed(error);
  }
}

/** Sends bytes, says at their end that this was all, and gives the reply. An agent that answers before it has all of them gets no more. Throws as `download` does, and what the content throws. */
export async function upload(
  link: TransferLink,
  path: string,
  content: AsyncIterable<Uint8Array>,
  options: TransferOptions,
): Promise<Reply> {
  const transfer = new Transfer(link, path, options, { trailers: true });
  try {
    await Promise.race([transfer.send(content), transfer.status]);
    const status = await transfer.status;
    return { status, message: await messageOf(transfer) };
  } catch (error) {
    throw transfer.failed(error);
  }
}

async function messageOf(transfer: Transfer): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of transfer.content({ whole: false })) {
    bytes += chunk.byteLength;
    if (bytes > limits.bodyBytesMax) throw new Error('a reply is over its size limit');
    chunks.push(chunk);
  }
  return parseMessage(Buffer.concat(chunks));
}

class Transfer {
  readonly stream: ClientHttp2Stream;
  readonly #link: TransferLink;
  readonly #options: TransferOptions;
  #cancelDeadline: () => void = () => {};
  #reason: unknown = null;
  #isWhole = false;
  readonly #status = Promise.withResolvers<number>();
  readonly #abort = () => this.#giveUp(this.#options.signal.reason);

  constructor(
    link: TransferLink,
    path: string,
    options: TransferOptions,
    { trailers }: { readonly trailers: boolean } = { trailers: false },
  ) {
    options.signal.throwIfAborted();
    const stream = link.open(path, { trailers });
    if (stream === null) throw new Error('the link is closed');
    this.#link = link;
    this.#options = options;
    this.stream = stream;
    options.signal.addEventListener('abort', this.#abort, { once: true });
    this.#status.promise.catch(() => {});
    stream.once('response', (headers) => {
      this.#moved();
      this.#status.resolve(Number(headers[':status']));
    });
    stream.once('wantTrailers', () => stream.sendTrailers({ [wholeTrailer]: 'yes' }));
    stream.once('trailers', (trailers) => {
      this.#isWhole = trailers[wholeTrailer] === 'yes';
    });
    stream.once('close', () => {
      this.#settle();
      this.#status.reject(this.#reason ?? new Error('the transfer was cut off'));
    });
    this.#moved();
  }

  /** The reply's HTTP status, once it has come. */
  get status(): Promise<number> {
    return this.#status.promise;
  }

  /** `whole`: the agent must have said at the end that this was all. A stream that is broken off looks like one that has ended. */
  async *content({ whole }: { readonly whole: boolean }): AsyncIterable<Buffer> {
    try {
      for await (const chunk of this.stream as AsyncIterable<Buffer>) {
        this.#moved();
        this.#link.received(chunk.byteLength);
        yield chunk;
        this.#moved();
      }
      if (whole && !this.#isWhole) throw new Error('the transfer was cut off');
    } catch (error) {
      throw this.failed(error);
    } finally {
      this.#close();
    }
  }

  /** Ends early when the stream does: whoever waits for the reply learns why. */
  async send(content: AsyncIterable<Uint8Array>): Promise<void> {
    // SECURITY: neither may reject: an error of the stream is told by its status, and nobody would take it from here.
    const next = (event: 'close' | 'drain') =>
      new Promise<void>((resolve) => void this.stream.once(event, () => resolve()));
    const closed = next('close');
    for await (const chunk of content) {
      if (this.stream.closed || this.stream.destroyed) return;
      this.#link.sent(chunk.byteLength);
      if (!this.stream.write(chunk)) await Promise.race([next('drain'), closed]);
      this.#moved();
    }
    this.stream.end();
  }

  /** What to say of a failure: why it was given up, if it was. */
  failed(error: unknown): unknown {
    this.#close();
    return this.#reason ?? error;
  }

  #moved(): void {
    this.#cancelDeadline();
    const { clock, idleMsMax } = this.#options;
    this.#cancelDeadline = clock.after(idleMsMax, () =>
      this.#giveUp(
        new AppError('deadline_exceeded', { detail: 'The sandbox stood still for too long.' }),
      ),
    );
  }

  #giveUp(reason: unknown): void {
    this.#reason = reason;
    this.#close();
  }

  #close(): void {
    this.#settle();
    if (!this.stream.closed) this.stream.close(constants.NGHTTP2_CANCEL);
    this.stream.destroy();
  }

  #settle(): void {
    this.#cancelDeadline();
    this.#options.signal.removeEventListener('abort', this.#abort);
  }
}
