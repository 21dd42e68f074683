// Starts the real service as a child process on a free port with a data directory of its own, and leaves nothing behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import Docker from 'dockerode';
import { LiveClient } from './live-client.ts';

const root = new URL('../..', import.meta.url).pathname;
const endWithParent = join(root, 'test/helpers/end-with-parent.ts');
const startMsMax = 90_000;
/** A start is faster with what an earlier process has compiled; the Makefile gives the service the same. */
export const compileCache = join(root, 'build/compile-cache');

export type Reply = { status: number; headers: Headers; body: any };

export class Service implements AsyncDisposable {
  readonly key = 'test-key-0123456789abcdef0123456789abcdef';
  readonly dataDirectory: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #program: string;
  readonly #liveClients = new Set<LiveClient>();
  #process: ChildProcess | null = null;
  #url = '';
  /** What the process wrote to standard error, for the message of a failing test. */
  log = '';
  /** What it printed since it was started last. */
  output = '';

  /** `program`: what is started, a path in the project. */
  constructor(
    dataDirectory: string,
    environment: Readonly<Record<string, string>>,
    program = 'src/orchestrator/main.ts',
  ) {
    this.#program = program;
    this.dataDirectory = dataDirectory;
    this.#environment = environment;
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.process.pid!;
  }

  get process(): ChildProcess {
    return this.#process!;
  }

  /** Starts (again) and waits until it listens. */
  async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const child = spawn(process.execPath, ['--import', endWithParent, this.#program], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        ...(process.env.DOCKER_HOST ? { DOCKER_HOST: process.env.DOCKER_HOST } : {}),
        NODE_COMPILE_CACHE: compileCache,
        CELLAR_PORT: '0',
        CELLAR_DATA_DIR: this.dataDirectory,
        CELLAR_API_KEY: this.key,
        CELLAR_LOG_LEVEL: 'debug',
        // On, as users have it, and no larger than a test needs.
        CELLAR_POOL_MIN: '1',
        CELLAR_POOL_MAX: '2',
        ...this.#environment,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = child;
    this.output = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      this.log += chunk;
    });
    const url = new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        this.output += `${line}\n`;
        const match = /https?:\/\/\S+/.exec(line);
        if (match) resolve(match[0].replace(/\/$/, ''));
      });
      child.once('exit', (code) =>
        reject(new Error(`the service exited with ${code}\n${this.log}`)),
      );
      setTimeout(
        () => reject(new Error(`the service did not listen\n${this.log}`)),
        startMsMax,
      ).unref();
    });
    this.#url = new URL(await url).origin;
  }

  /** Sends a signal and waits for the end of the process. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    return child.exitCode;
  }

  /** One request with the key. A JSON body comes back parsed. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: json ? JSON.parse(text) : text,
    };
  }

  /** A new session; the test fails when it is not created. */
  async createSession(body: Record<string, unknown> = {}): Promise<any> {
    const reply = await this.request('POST', '/api/sessions', body);
    if (reply.status !== 201)
      throw new Error(`no session: ${JSON.stringify(reply.body)}\n${this.log}`);
    return reply.body;
  }

  /** Runs code to its end and gives the Execution. */
  async execute(
    session: string,
    code: string,
    options: Record<string, unknown> = {},
  ): Promise<any> {
    const reply = await this.request('POST', `/api/sessions/${session}/execute`, {
      code,
      ...options,
    });
    if (reply.status !== 200)
      throw new Error(`no execution: ${JSON.stringify(reply.body)}\n${this.log}`);
    return reply.body;
  }

  /** A live WebSocket of the session, open. */
  async live(session: string, query = ''): Promise<LiveClient> {
    const url = `${this.#url.replace('http', 'ws')}/api/sessions/${session}/live${query}`;
    const client = await LiveClient.open(url, { authorization: `Bearer ${this.key}` });
    this.#liveClients.add(client);
    return client;
  }

  /** Containers of this instance as the engine has them, running or not. */
  async containers(): Promise<Docker.ContainerInfo[]> {
    const instance = this.#instance();
    if (!instance) return [];
    return docker.listContainers({
      all: true,
      filters: { label: [`cellar.instance=${instance}`] },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#liveClients) client.close();
    await this.kill('SIGKILL');
    for (const container of await this.containers()) {
      await docker
        .getContainer(container.Id)
        .remove({ force: true, v: true })
        .catch(() => {});
    }
    await rm(this.dataDirectory, { recursive: true, force: true });
  }

  #instance(): string | null {
    try {
      const database = new DatabaseSync(join(this.dataDirectory, 'registry.db'), {
        readOnly: true,
      });
      try {
        const row = database.prepare("SELECT value FROM fact WHERE name = 'instanceId'").get();
        return row ? String(row.value) : null;
      } finally {
        database.close();
      }
    } catch {
      return null;
    }
  }
}

export const docker = new Docker();

/** `await using service = await startService()` */
export async function startService(
  environment: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const service = new Service(await mkdtemp(join(tmpdir(), 'cellar-')), environment);
  try {
    await service.start();
    return service;
  } catch (error) {
    await service[Symbol.asyncDispose]();
    throw error;
  }
}
