// A container started by hand, with the image and options of one that the service started, and nothing of the service
// around it: the reference for what a sandbox must cost anyway.
import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type Docker from 'dockerode';
import { containerName } from '../../src/orchestrator/runtimes/docker/container-options.ts';
import { linkSocketName } from '../../src/orchestrator/sandbox/agent-link.ts';

const dialMsMax = 30_000;

/** A container's description in the engine's words, the way it was created. */
export type ContainerTemplate = Pick<Docker.ContainerInspectInfo, 'Config' | 'HostConfig'>;

/** The description of a sandbox that the service runs. */
export function templateOf(docker: Docker, sandboxId: string): Promise<ContainerTemplate> {
  return docker.getContainer(containerName(sandboxId)).inspect();
}

export type BareContainerOptions = {
  readonly docker: Docker;
  readonly template: ContainerTemplate;
  /** A script for the image's Node to run instead of the agent; it gets the socket's path. */
  readonly script?: string;
  readonly signal: AbortSignal;
};

/** Milliseconds on `performance.now()`. */
export type StartMoments = {
  readonly begun: number;
  readonly created: number;
  readonly started: number;
  readonly dialled: number;
};

/** A running container that has dialled us. Disposing removes it. */
export class BareContainer implements AsyncDisposable {
  readonly id: string;
  readonly moments: StartMoments;
  readonly #link: ClientHttp2Session;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    id: string,
    moments: StartMoments,
    link: ClientHttp2Session,
    owned: AsyncDisposableStack,
  ) {
    this.id = id;
    this.moments = moments;
    this.#link = link;
    this.#owned = owned;
  }

  static async start(options: BareContainerOptions): Promise<BareContainer> {
    await using owned = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'cellar-bench-link-'));
    owned.defer(() => rm(directory, { recursive: true, force: true }));
    await chmod(directory, 0o755);
    if (options.script !== undefined)
      await copyFile(options.script, join(directory, basename(options.script)));
    const { dial } = await listen(join(directory, linkSocketName), owned);

    const begun = performance.now();
    const container = await options.docker.createContainer({
      ...createRequest(options, directory),
      abortSignal: options.signal,
    });
    owned.defer(() => container.remove({ force: true, v: true }));
    const created = performance.now();
    await container.start();
    const started = performance.now();
    const deadline = AbortSignal.any([options.signal, AbortSignal.timeout(dialMsMax)]);
    const { socket, at: dialled } = await Promise.race([dial, aborted(deadline)]);
    const link = connect('http://agent', { createConnection: () => socket });
    link.on('error', () => {});
    owned.defer(() => link.destroy());
    return new BareContainer(
      container.id,
      { begun, created, started, dialled },
      link,
      owned.move(),
    );
  }

  /** One request to whatever serves the other end; gives the reply's body. Throws when its status is not 200. */
  request(path: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const stream = this.open(path);
      let reply = '';
      stream.setEncoding('utf8');
      stream.on('response', (headers) => {
        if (headers[':status'] !== 200)
          reject(new Error(`${path} was answered with ${headers[':status']}`));
      });
      stream.on('data', (chunk: string) => {
        reply += chunk;
      });
      stream.once('error', reject);
      stream.once('end', () => resolve(reply));
      stream.once('close', () => reject(new Error(`${path} was cut off`)));
      stream.end(body);
    });
  }

  /** A stream both ways. */
  open(path: string): ClientHttp2Stream {
    return this.#link.request({ ':method': 'POST', ':path': path });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

type Dial = { readonly socket: Socket; readonly at: number };

/** Listens at the path; the dial is yet to come when this returns. */
async function listen(
  path: string,
  owned: AsyncDisposableStack,
): Promise<{ readonly dial: Promise<Dial> }> {
  const dial = Promise.withResolvers<Dial>();
  const server = createServer((socket) => dial.resolve({ socket, at: performance.now() }));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  owned.defer(() => void server.close());
  await chmod(path, 0o666);
  return { dial: dial.promise };
}

/** The template's own description, with another host directory behind the link's mount and a name of its own. */
function createRequest({ template, script }: BareContainerOptions, linkDirectory: string) {
  const { Config: config, HostConfig: hostConfig } = template;
  const bind = hostConfig.Binds?.find((entry) => entry.endsWith(':ro'));
  const mountPath = bind?.split(':')[1];
  if (mountPath === undefined) throw new Error('the template has no link directory');
  return {
    _query: { name: `cellar-bench-${randomUUID()}` },
    _body: {
      Image: config.Image,
      Hostname: config.Hostname,
      User: config.User,
      WorkingDir: config.WorkingDir,
      Env: config.Env,
      // Not the service's labels: it would take the container for one of its own.
      Labels: { 'cellar.benchmark': 'reference' },
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      ...(script && {
        Entrypoint: [
          ...nodeCommand(config),
          join(mountPath, basename(script)),
          join(mountPath, linkSocketName),
        ],
      }),
      HostConfig: { ...hostConfig, Binds: [`${linkDirectory}:${mountPath}:ro`] },
    },
  };
}

/** How the image starts Node, flags included: its entry point without the agent's file. */
function nodeCommand(config: ContainerTemplate['Config']): string[] {
  const entrypoint = [config.Entrypoint ?? []].flat();
  return entrypoint.slice(0, -1);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
