// A socket in front of the container engine that a test can cut, so that the engine is away without stopping it for others.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class EngineProxy implements AsyncDisposable {
  readonly #directory: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(): Promise<EngineProxy> {
    const proxy = new EngineProxy(await mkdtemp(join(tmpdir(), 'cellar-engine-')));
    await proxy.connect();
    return proxy;
  }

  get host(): string {
    return `unix://${this.#path}`;
  }

  get #path(): string {
    return join(this.#directory, 'docker.sock');
  }

  async connect(): Promise<void> {
    const engine = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace(
      'unix://',
      '',
    );
    this.#server = createServer((client) => {
      const upstream = connect(engine);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    await new Promise<void>((resolve) => this.#server!.listen(this.#path, resolve));
  }

  /** The engine is gone: connections break, and there is no socket any more. */
  async cut(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
    this.#server = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server) await this.cut();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
