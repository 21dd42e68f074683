// Programs out of packages of Debian and Ubuntu, laid out below `build` and not installed, so that no service is started and no other package
// comes with them.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { isInPath } from './ensure-engine.ts';
import { run, SetupError } from './progress.ts';

/** Of a program of this machine; null when it has none of that name. */
export function pathOf(program: string): string | null {
  const directories = (process.env.PATH ?? '').split(delimiter);
  return directories.map((one) => join(one, program)).find((path) => existsSync(path)) ?? null;
}

/** Whether this machine knows such packages. */
export function hasPackages(): boolean {
  return isInPath('apt-get') && isInPath('dpkg-deb');
}

/** The files of the package are below `directory` then. `wanted`: what to say where there are no such packages. Throws SetupError. */
export async function unpackPackage(
  name: string,
  directory: string,
  wanted: string,
): Promise<void> {
  if (!hasPackages()) throw new SetupError(`${wanted} On Debian and Ubuntu it is fetched.`);
  // Several tests may want it at the same time: each lays out its own, and one of them stays.
  const own = `${directory}-${process.pid}`;
  await mkdir(own, { recursive: true });
  try {
    const download = () =>
      run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', '-qq', name], { cwd: own });
    await download().catch(async (error: unknown) => {
      if (process.getuid?.() !== 0) throw error;
      await run('apt-get', ['update', '-qq']);
      await download();
    });
    const file = (await readdir(own)).find((entry) => entry.endsWith('.deb'));
    if (file === undefined) throw new SetupError(`apt-get did not fetch the package ${name}`);
    await run('dpkg-deb', ['-x', file, 'tree'], { cwd: own });
    await rm(directory, { recursive: true, force: true });
    await rename(join(own, 'tree'), directory);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}
