// A Docker Engine of a test's own that knows gVisor beside runc: the machine's engine is not to be changed for a test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { vi } from 'vitest';
import { ensureGvisor } from '../../scripts/ensure-gvisor.ts';
import { docker as machineEngine } from './start-service.ts';

const image = 'cellar-sandbox:latest';

export class GvisorEngine implements AsyncDisposable {
  /** For `DOCKER_HOST`. */
  readonly host: string;
  readonly docker: Docker;
  readonly #directory: string;
  readonly #process: ChildProcess;

  private constructor(directory: string, child: ChildProcess) {
    const socketPath = join(directory, 'docker.sock');
    this.host = `unix://${socketPath}`;
    this.docker = new Docker({ socketPath });
    this.#directory = directory;
    this.#process = child;
  }

  /** An engine whose `runsc` lets sandboxes connect to sockets of the host, with the sandbox image. Takes root. */
  static async start(): Promise<GvisorEngine> {
    const runtimePath = await ensureGvisor();
    const directory = await mkdtemp(join(tmpdir(), 'cellar-gvisor-'));
    const configFile = join(directory, 'daemon.json');
    const runtimeArgs = ['--host-uds=open', '--platform=ptrace', '--network=none'];
    await writeFile(
      configFile,
      JSON.stringify({ runtimes: { runsc: { path: runtimePath, runtimeArgs } } }),
    );
    const child = spawn(
      'dockerd',
      [
        `--config-file=${configFile}`,
        `--data-root=${join(directory, 'data')}`,
        `--exec-root=${join(directory, 'exec')}`,
        `--pidfile=${join(directory, 'pid')}`,
        `--host=unix://${join(directory, 'docker.sock')}`,
        // Where the machine's containerd serves both engines, each sees its own containers only.
        '--containerd-namespace=cellar-gvisor',
        '--containerd-plugins-namespace=cellar-gvisor-plugins',
        '--bridge=none',
        '--iptables=false',
        '--ip-forward=false',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log = (log + chunk).slice(-4096);
    });
    const engine = new GvisorEngine(directory, child);
    try {
      await vi.waitFor(
        async () => {
          if (child.exitCode === null) await engine.docker.ping();
        },
        { timeout: 30_000, interval: 100 },
      );
      if (child.exitCode !== null) throw new Error(`dockerd ended: ${log}`);
      await engine.#takeImage();
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #takeImage(): Promise<void> {
    const taken = await this.docker.loadImage(await machineEngine.getImage(image).get());
    taken.resume();
    await once(taken, 'end');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const containers = await this.docker.listContainers({ all: true }).catch(() => []);
    for (const { Id } of containers)
      await this.docker.getContainer(Id).remove({ force: true, v: true });
    const ended = once(this.#process, 'exit');
    if (this.#process.exitCode === null && this.#process.kill('SIGTERM')) await ended;
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** What the machine's own kernel says of itself. */
  static async hostKernel(): Promise<string> {
    return (await readFile('/proc/version', 'utf8')).trim();
  }
}
