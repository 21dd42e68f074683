// A Jupyter kernel as the reference: found if it is installed, started, asked for round trips. It runs on the bare
// machine, without a container, which is in its favour.
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

// The system's own interpreter: that is where Debian's packages live.
const python = '/usr/bin/python3';
const script = join(import.meta.dirname, '../jupyter-reference.py');
const stopMsMax = 5_000;

/** Why there is no Jupyter here, for the notes of a report. */
export const jupyterMissing =
  'No Jupyter kernel to compare with: this needs the Debian packages ' +
  '`python3-ipykernel python3-jupyter-client`.';

type Ready = {
  readonly kernelPid: number;
  readonly readyMs: number;
  readonly versions: Readonly<Record<string, string>>;
};

/** Dispose it to end the kernel. */
export class JupyterKernel implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  readonly #home: string;
  #ready: Ready | null = null;

  private constructor(home: string) {
    this.#home = home;
    // A process group of its own: Ctrl-C is for us, and we end the kernel when we are done with it.
    this.#child = spawn(python, [script], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
      // The kernel keeps its history and its sockets under these; the user's own stay untouched.
      env: {
        ...process.env,
        IPYTHONDIR: home,
        JUPYTER_RUNTIME_DIR: home,
        PYDEVD_DISABLE_FILE_VALIDATION: '1',
      },
    });
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', () => {});
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Null when Jupyter is not installed. */
  static async start(): Promise<JupyterKernel | null> {
    const isInstalled = await promisify(execFile)(python, [
      '-c',
      'import ipykernel, jupyter_client',
    ])
      .then(() => true)
      .catch(() => false);
    if (!isInstalled) return null;
    const kernel = new JupyterKernel(await mkdtemp(join(tmpdir(), 'cellar-jupyter-')));
    try {
      kernel.#ready = (await kernel.#answer()) as Ready;
      return kernel;
    } catch (error) {
      await kernel[Symbol.asyncDispose]();
      throw error;
    }
  }

  get kernelPid(): number {
    return this.#ready!.kernelPid;
  }

  /** From nothing to a kernel that answers. */
  get readyMs(): number {
    return this.#ready!.readyMs;
  }

  get versions(): string {
    return Object.entries(this.#ready!.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ');
  }

  /** Milliseconds of `count` executions of `1+1`, one after another. */
  async roundTripsMs(count: number): Promise<number[]> {
    this.#child.stdin.write(`${count}\n`);
    const { roundTripMs } = (await this.#answer()) as { roundTripMs: number[] };
    return roundTripMs;
  }

  /** Seconds that `count` executions of `1+1` take together, `atOnce` of them under way at any time. */
  async pipelinedSeconds(count: number, atOnce: number): Promise<number> {
    this.#child.stdin.write(`${count} ${atOnce}\n`);
    return ((await this.#answer()) as { seconds: number }).seconds;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#child.pid === undefined || this.#child.exitCode !== null) resolve();
      else this.#child.once('close', () => resolve());
    });
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMsMax);
    await ended;
    clearTimeout(timer);
    await rm(this.#home, { recursive: true, force: true });
  }

  async #answer(): Promise<unknown> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the Jupyter reference ended (exit ${this.#child.exitCode})`);
    return JSON.parse(value);
  }
}
