// A Docker Engine that answers. Where there is none and this is root on Debian or Ubuntu, it is installed and started;
// everywhere else one message says what to do.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Docker from 'dockerode';
import { dockerConnection } from '../src/orchestrator/runtimes/docker/docker-connection.ts';
import { run, SetupError, step } from './progress.ts';

const pingMsMax = 5_000;
const startMsMax = 60_000;
/** Holds the process id of an engine that the set-up started, so that whoever started the set-up can stop it. */
export const engineProcessFile = 'build/dockerd.pid';
const engineLogFile = 'build/dockerd.log';

export async function ensureEngine(): Promise<Docker> {
  const dockerHost = process.env.DOCKER_HOST;
  const docker = new Docker(dockerConnection(dockerHost));
  const refusal = await ping(docker);
  if (refusal === null) return docker;

  if (dockerHost)
    throw new SetupError(`no Docker Engine answers at DOCKER_HOST=${dockerHost} (${refusal}).`);
  if (process.getuid?.() !== 0 || !isInPath('apt-get'))
    throw new SetupError(
      `no Docker Engine answers here (${refusal}).\n` +
        '  Install one (https://docs.docker.com/engine/install/), start it, let this user reach its socket, ' +
        'and run this again.\n  For an engine elsewhere set DOCKER_HOST. ' +
        'As root on Debian or Ubuntu this command installs the engine itself.',
    );

  if (!isInPath('dockerd')) await step('installing Docker Engine', installEngine);
  await step('starting Docker Engine', () => startEngine(docker));
  return docker;
}

async function installEngine(): Promise<void> {
  await installPackages(['docker.io', 'iptables', 'tini']);
}

/** Installs packages of Debian or Ubuntu; the caller has made sure that it may. Throws SetupError. */
export async function installPackages(names: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env });
}

export function isInPath(program: string): boolean {
  const directories = (process.env.PATH ?? '').split(delimiter);
  return directories.some((directory) => existsSync(join(directory, program)));
}

async function startEngine(docker: Docker): Promise<void> {
  if (existsSync('/run/systemd/system')) {
    await run('systemctl', ['start', 'docker']);
    if (await answers(docker, () => true)) return;
  } else {
    // The second try is for machines whose kernel has no packet filter; sandboxes have no network, so it does as well.
    for (const flags of [[], ['--bridge=none', '--iptables=false', '--ip-masq=false']]) {
      const isAlive = spawnEngine(flags);
      if (await answers(docker, isAlive)) return;
    }
  }
  throw new SetupError(`Docker Engine did not start; its log is ${engineLogFile}.`);
}

/** Starts the daemon in a session of its own, so that it outlives this command. The result tells whether it still runs. */
function spawnEngine(flags: readonly string[]): () => boolean {
  mkdirSync('build', { recursive: true });
  const log = openSync(engineLogFile, 'a');
  const child = spawn('dockerd', flags, { detached: true, stdio: ['ignore', log, log] });
  let alive = child.pid !== undefined;
  child.once('error', () => {
    alive = false;
  });
  child.once('exit', () => {
    alive = false;
  });
  child.unref();
  if (child.pid !== undefined) writeFileSync(engineProcessFile, `${child.pid}\n`);
  return () => alive;
}

async function answers(docker: Docker, isAlive: () => boolean): Promise<boolean> {
  const deadline = performance.now() + startMsMax;
  while (performance.now() < deadline && isAlive()) {
    if ((await ping(docker)) === null) return true;
    await pause(200);
  }
  return false;
}

/** Null when the engine answers, else why it does not. */
async function ping(docker: Docker): Promise<string | null> {
  const deadline = pause(pingMsMax, 'it does not answer in time', { ref: false });
  const reply = docker.ping().then(
    () => null,
    (error: Error) => error.message,
  );
  return Promise.race([reply, deadline]);
}
