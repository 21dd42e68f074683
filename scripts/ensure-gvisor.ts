// gVisor's runtime, for tests: that of the machine, or else the package of Debian and Ubuntu.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, unpackPackage } from './debian-package.ts';
import { step } from './progress.ts';

const directory = join(import.meta.dirname, '../build/gvisor');

/** Path of `runsc`. Throws SetupError. */
export async function ensureGvisor(): Promise<string> {
  const unpacked = join(directory, 'usr/bin/runsc');
  if (existsSync(unpacked)) return unpacked;
  const found = pathOf('runsc');
  if (found !== null) return found;
  await step('fetching gVisor for tests', () =>
    unpackPackage('runsc', directory, 'This test needs gVisor: put runsc into the path.'),
  );
  return unpacked;
}
