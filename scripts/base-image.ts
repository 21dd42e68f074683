// The image that the Dockerfiles build on: Node 24 on Debian. Normally an ordinary public one; where no registry can be
// reached it is put together from Debian's packages and the Node binary of our own npm packages.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type Docker from 'dockerode';
import { installPackages, isInPath } from './ensure-engine.ts';
import { SetupError, step } from './progress.ts';

/** The Dockerfiles' own default for `BASE`. */
export const publicBase = 'node:24-bookworm-slim';
const assembledBase = `cellar-base:node-${process.version}`;
/** A pull that reports nothing for this long is given up. */
const pullSilenceMsMax = 15_000;

/**
 * Name of a base image that the engine has. `CELLAR_BASE_IMAGE` chooses another one, then nothing else is tried.
 * Throws SetupError when there is none to be had.
 */
export async function ensureBaseImage(docker: Docker): Promise<string> {
  const chosen = process.env.CELLAR_BASE_IMAGE;
  const wanted = chosen ?? publicBase;
  if (await hasImage(docker, wanted)) return wanted;
  if (chosen === undefined && (await hasImage(docker, assembledBase))) return assembledBase;

  const refusal = await step(`pulling ${wanted}`, () => pull(docker, wanted));
  if (refusal === null) return wanted;
  if (chosen !== undefined) throw new SetupError(`cannot pull ${chosen}: ${refusal}`);

  console.log(`setup: ${wanted} cannot be pulled (${refusal}); assembling a base image instead`);
  await assemble(docker);
  return assembledBase;
}

export async function hasImage(docker: Docker, name: string): Promise<boolean> {
  try {
    await docker.getImage(name).inspect();
    return true;
  } catch {
    return false;
  }
}

/** Null when the image has arrived, else why not. */
async function pull(docker: Docker, name: string): Promise<string | null> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), pullSilenceMsMax);
  try {
    const stream = await docker.pull(name, { abortSignal: silence.signal });
    await new Promise<void>((done, failed) => {
      docker.modem.followProgress(
        stream,
        (error) => (error ? failed(error) : done()),
        () => {
          clearTimeout(timer);
          timer = setTimeout(() => silence.abort(), pullSilenceMsMax);
        },
      );
    });
    return (await hasImage(docker, name)) ? null : 'the registry did not deliver it';
  } catch (error) {
    if (silence.signal.aborted) return 'the registry does not answer';
    return error instanceof Error ? error.message.trim() : String(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Debian's essential packages and what Node links against, with the Node binary laid over them. */
async function assemble(docker: Docker): Promise<void> {
  if (!isInPath('mmdebstrap')) {
    if (process.getuid?.() !== 0 || !isInPath('apt-get'))
      throw new SetupError(
        `no base image: neither can ${publicBase} be pulled, nor can one be assembled here ` +
          '(that needs root on Debian or Ubuntu, or mmdebstrap). Set CELLAR_BASE_IMAGE to an image with Node 24.',
      );
    await step('installing mmdebstrap', () =>
      installPackages(['mmdebstrap', 'debian-archive-keyring', 'ca-certificates']),
    );
  }
  await step('assembling the base image from Debian packages (about half a minute)', () =>
    importRoot(docker),
  );
}

async function importRoot(docker: Docker): Promise<void> {
  const node = resolve('node_modules/node/bin/node');
  const bootstrap = spawn(
    'mmdebstrap',
    [
      '--variant=essential',
      '--include=libstdc++6,ca-certificates',
      '--dpkgopt=path-exclude=/usr/share/doc/*',
      '--dpkgopt=path-exclude=/usr/share/locale/*',
      '--dpkgopt=path-exclude=/usr/share/man/*',
      `--customize-hook=install -D -m 755 '${node}' "$1/usr/local/bin/node"`,
      'bookworm',
      '-',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let messages = '';
  bootstrap.stderr.on('data', (chunk: Buffer) => {
    messages += chunk;
  });
  const ended = new Promise<string | null>((done) => {
    bootstrap.once('error', (error) => done(error.message));
    bootstrap.once('close', (code) => done(code === 0 ? null : `exit ${code}\n${messages}`));
  });

  const [repo, tag] = assembledBase.split(':');
  const progress = await docker.importImage(bootstrap.stdout, { repo, tag });
  await new Promise<void>((done, failed) => {
    docker.modem.followProgress(progress, (error) => (error ? failed(error) : done()));
  });
  const failure = await ended;
  if (failure !== null) throw new SetupError(`mmdebstrap failed: ${failure}`);
}
