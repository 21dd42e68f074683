// A connection to a host, seen through the session's byte meter: every byte of it, either way, waits for its leave.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { ByteMeter } from './byte-meter.ts';

export class MeteredSocket extends Duplex {
  readonly #socket: Socket;
  readonly #meter: ByteMeter;
  readonly #ended = new AbortController();
  #sentBytes = 0;
  #receivedBytes = 0;
  #resume: () => void = () => {};

  /** Takes over a socket that is connected. */
  constructor(socket: Socket, meter: ByteMeter) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#meter = meter;
    socket.on('error', (error) => this.destroy(error));
    void this.#receive();
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  override _read(): void {
    this.#resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#send(chunk).then(() => done(), done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#ended.abort(error ?? new Error('the connection is closed'));
    this.#socket.destroy();
    this.#resume();
    done(error);
  }

  async #send(chunk: Buffer): Promise<void> {
    for (let offset = 0; offset < chunk.length; ) {
      const bytes = await this.#meter.take(chunk.length - offset, 'sent', this.#ended.signal);
      const part = chunk.subarray(offset, offset + bytes);
      this.#sentBytes += bytes;
      await new Promise<void>((resolve, reject) => {
        this.#socket.write(part, (error) => (error ? reject(error) : resolve()));
      });
      offset += bytes;
    }
  }

  async #receive(): Promise<void> {
    try {
      // The other direction may go on after the end of this one.
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false }))
        await this.#deliver(chunk);
      this.push(null);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  async #deliver(chunk: Buffer): Promise<void> {
    for (let offset = 0; offset < chunk.length; ) {
      const bytes = await this.#meter.take(chunk.length - offset, 'received', this.#ended.signal);
      const hasRoom = Promise.withResolvers<void>();
      this.#resume = hasRoom.resolve;
      this.#receivedBytes += bytes;
      if (!this.push(chunk.subarray(offset, offset + bytes))) await hasRoom.promise;
      this.#ended.signal.throwIfAborted();
      offset += bytes;
    }
  }
}
