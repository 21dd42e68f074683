// A program that speaks the protocol of S3, for tests: installed below `build` from PyPI, each file by its hash. It takes seconds, and
// Python; where that is missing and this is root on Debian or Ubuntu, it is installed too.
import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackages, isInPath } from './ensure-engine.ts';
import { run, SetupError, step } from './progress.ts';

const project = join(import.meta.dirname, '..');
const directory = join(project, 'build/s3-server');
const requirements = join(project, 'test/helpers/s3-server.txt');
/** What was installed; written last. */
const installed = join(directory, 'installed.txt');

/** Path of the program. Throws SetupError. */
export async function ensureS3Server(): Promise<string> {
  const [wanted, present] = await Promise.all([
    readFile(requirements, 'utf8'),
    readFile(installed, 'utf8').catch(() => null),
  ]);
  if (wanted !== present) await step('installing an S3 server for tests', install);
  return join(directory, 'bin/nanio');
}

async function install(): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await makeEnvironment();
  const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes'];
  await run(join(directory, 'bin/python3'), [
    ...['-m', 'pip', '--disable-pip-version-check', 'install'],
    ...options,
    ...['-r', requirements],
  ]);
  await copyFile(requirements, installed);
}

async function makeEnvironment(): Promise<void> {
  const make = () => run('python3', ['-m', 'venv', directory]);
  try {
    await make();
  } catch (error) {
    if (process.getuid?.() !== 0 || !isInPath('apt-get'))
      throw new SetupError('The tests of the S3 store need Python 3.11 or newer with venv.', {
        cause: error,
      });
    await installPackages(['python3', 'python3-venv']);
    await rm(directory, { recursive: true, force: true });
    await make();
  }
}
