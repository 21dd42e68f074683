// A name server on loopback (RFC 1035, UDP, one question a message) that says what a test wants it to.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** IPv4 addresses of a name; null: there is no such name. */
export type Answering = (name: string) => readonly string[] | null;

const typeA = 1;

export class NameServer implements AsyncDisposable {
  /** Names that IPv4 addresses were asked for, one a question. */
  readonly asked: string[] = [];
  readonly #socket: Socket = createSocket('udp4');
  readonly #answer: Answering;

  private constructor(answer: Answering) {
    this.#answer = answer;
    this.#socket.on('message', (message, { address, port }) => {
      this.#socket.send(this.#reply(message), port, address);
    });
  }

  static async start(answer: Answering): Promise<NameServer> {
    const server = new NameServer(answer);
    server.#socket.bind(0, '127.0.0.1');
    await once(server.#socket, 'listening');
    return server;
  }

  /** `127.0.0.1:1234` */
  get authority(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #reply(query: Buffer): Buffer {
    const labels: string[] = [];
    let offset = 12;
    for (let length = query[offset]!; length > 0; length = query[offset]!) {
      labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
      offset += 1 + length;
    }
    const question = query.subarray(12, offset + 5);
    const isForA = query.readUInt16BE(offset + 1) === typeA;
    const name = labels.join('.').toLowerCase();
    if (isForA) this.asked.push(name);
    const found = isForA ? this.#answer(name) : [];
    const records = (found ?? []).map((address) =>
      // A pointer to the name in the question, type A, class IN, for no time, four bytes.
      Buffer.of(0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)),
    );
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(found === null ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    return Buffer.concat([head, question, ...records]);
  }
}
