// Starts an S3 server as a child process on loopback, with buckets that are directories below one that goes with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureS3Server } from '../../scripts/ensure-s3-server.ts';

/** For whoever talks to it, by the standard variables; it knows no others. */
export const s3Credentials = {
  AWS_ACCESS_KEY_ID: 'cellar-test-access-key',
  AWS_SECRET_ACCESS_KEY: 'cellar-test-secret-key-0123456789',
} as const;

export class S3Server implements AsyncDisposable {
  /** The bucket's objects are files below it, named by their keys. */
  readonly bucketDirectory: string;
  readonly bucket = 'snapshots';
  readonly url: string;
  readonly #directory: string;
  readonly #process: ChildProcess;

  static async start(): Promise<S3Server> {
    const program = await ensureS3Server();
    const directory = await mkdtemp(join(tmpdir(), 'cellar-s3-'));
    const port = await freePort();
    const child = spawn(
      program,
      ['serve', '--host', '127.0.0.1', '--port', String(port), '--no-access-log'],
      {
        env: {
          PATH: process.env.PATH,
          NANIO_DATA_DIR: directory,
          NANIO_ACCESS_KEY: s3Credentials.AWS_ACCESS_KEY_ID,
          NANIO_SECRET_KEY: s3Credentials.AWS_SECRET_ACCESS_KEY,
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const server = new S3Server(directory, port, child);
    await mkdir(server.bucketDirectory);
    await listening(child);
    return server;
  }

  private constructor(directory: string, port: number, child: ChildProcess) {
    this.#directory = directory;
    this.#process = child;
    this.url = `http://127.0.0.1:${port}`;
    this.bucketDirectory = join(directory, this.bucket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit');
    if (this.#process.exitCode === null && this.#process.kill('SIGKILL')) await ended;
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function listening(child: ChildProcess): Promise<void> {
  let said = '';
  for await (const line of createInterface({ input: child.stderr! })) {
    said += `${line}\n`;
    if (!line.includes('running on')) continue;
    child.stderr!.resume();
    return;
  }
  throw new Error(`the S3 server did not start\n${said}`);
}

/** Nobody else is likely to take it in the moment until the server does. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
