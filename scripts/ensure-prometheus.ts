// Prometheus and its tool, for tests and for looking at metrics: those of the machine, or else the package of Debian and Ubuntu, laid out
// below `build` and not installed, so that no service is started and no other package comes with it.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { isInPath } from './ensure-engine.ts';
import { run, SetupError, step } from './progress.ts';

const directory = join(import.meta.dirname, '../build/prometheus');
const programs = ['prometheus', 'promtool'] as const;

export type Prometheus = Readonly<Record<(typeof programs)[number], string>>;

/** Paths of the programs. Throws SetupError. */
export async function ensurePrometheus(): Promise<Prometheus> {
  const below = join(directory, 'usr/bin');
  if (!programs.every((program) => existsSync(join(below, program)))) {
    const found = programs.map((program) => pathOf(program));
    if (!found.includes(null)) return pathsOf(found as string[]);
    await step('fetching Prometheus for tests', fetchPackage);
  }
  return pathsOf(programs.map((program) => join(below, program)));
}

function pathsOf([prometheus, promtool]: readonly string[]): Prometheus {
  return { prometheus: prometheus!, promtool: promtool! };
}

function pathOf(program: string): string | null {
  const directories = (process.env.PATH ?? '').split(delimiter);
  return directories.map((one) => join(one, program)).find((path) => existsSync(path)) ?? null;
}

async function fetchPackage(): Promise<void> {
  if (!isInPath('apt-get') || !isInPath('dpkg-deb'))
    throw new SetupError(
      'These tests need Prometheus 2.42 or newer: put prometheus and promtool into the path. On Debian and Ubuntu they are fetched.',
    );
  // Several tests may want it at the same time: each lays out its own, and one of them stays.
  const own = `${directory}-${process.pid}`;
  await mkdir(own, { recursive: true });
  try {
    const download = () =>
      run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', '-qq', 'prometheus'], {
        cwd: own,
      });
    await download().catch(async (error: unknown) => {
      if (process.getuid?.() !== 0) throw error;
      await run('apt-get', ['update', '-qq']);
      await download();
    });
    const file = (await readdir(own)).find((name) => name.endsWith('.deb'));
    if (file === undefined) throw new SetupError('apt-get did not fetch the package prometheus');
    await run('dpkg-deb', ['-x', file, 'tree'], { cwd: own });
    await rm(directory, { recursive: true, force: true });
    await rename(join(own, 'tree'), directory);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}
