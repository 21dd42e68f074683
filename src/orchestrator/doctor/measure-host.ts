// Measures what `judge-host.ts` judges. Changes nothing on the machine.
import { constants } from 'node:fs';
import { access, readFile, stat, statfs } from 'node:fs/promises';
import { request } from 'node:http';
import { type RequestOptions, request as requestSecure } from 'node:https';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { DirectoryFacts, Disk, KernelLimits, PortHolder } from './judge-host.ts';

/** Of the nearest directory that is there; null where not even that can be seen. */
export async function diskOf(path: string): Promise<Disk | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(await nearest(path));
    return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
  } catch {
    return null;
  }
}

export async function directoryFacts(path: string): Promise<DirectoryFacts> {
  const place = await nearest(path);
  const { uid, mode } = await stat(place);
  const writable = await access(place, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return { path, owner: place === path ? uid : null, mode, writable };
}

export async function kernelLimits(): Promise<KernelLimits> {
  const [inotifyInstances, processIds, threads] = await Promise.all([
    numberIn('/proc/sys/fs/inotify/max_user_instances'),
    numberIn('/proc/sys/kernel/pid_max'),
    numberIn('/proc/sys/kernel/threads-max'),
  ]);
  return { inotifyInstances, processIds, threads };
}

/** Whether the control groups of the sandboxes can be read there. */
export async function seesControlGroups(directory: string): Promise<boolean> {
  for (const name of ['cgroup.controllers', 'memory'])
    try {
      await access(join(directory, name), constants.R_OK);
      return true;
    } catch {
      // Perhaps the other version.
    }
  return false;
}

/** Tries the address; where it is taken, asks who is there. */
export async function portHolder(
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<PortHolder> {
  const code = await tryListening(host, port);
  if (code === null) return 'nobody';
  if (code !== 'EADDRINUSE') return 'refused';
  const base = `://${reachable(host)}:${port}/healthz`;
  const answers = await Promise.all([
    askHealth(request, `http${base}`, signal),
    // Whose certificate it is does not matter to whether the port is taken.
    askHealth(requestSecure, `https${base}`, signal),
  ]);
  return answers.includes('{"status":"ok"}') ? 'cellar' : 'somebody';
}

/** An address that stands for all of this machine's is no place to go to. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** The beginning of the answer; null where there is none. */
function askHealth(ask: typeof request, url: string, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const asking = ask(url, { signal, rejectUnauthorized: false } as RequestOptions, (response) => {
      response.once('data', (bytes: Buffer) => {
        resolve(bytes.toString());
        asking.destroy();
      });
      response.once('end', () => resolve(null));
    });
    asking.once('error', () => resolve(null));
    asking.end();
  });
}

function tryListening(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

async function nearest(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    if (dirname(path) === path) throw error;
    return nearest(dirname(path));
  }
}

async function numberIn(path: string): Promise<number | null> {
  const value = await readFile(path, 'utf8').then(Number, () => Number.NaN);
  return Number.isNaN(value) ? null : value;
}
