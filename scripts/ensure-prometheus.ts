// Prometheus and its tool, for tests and for looking at metrics: those of the machine, or else the package of Debian and Ubuntu.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, unpackPackage } from './debian-package.ts';
import { step } from './progress.ts';

const directory = join(import.meta.dirname, '../build/prometheus');
const programs = ['prometheus', 'promtool'] as const;

export type Prometheus = Readonly<Record<(typeof programs)[number], string>>;

/** Paths of the programs. Throws SetupError. */
export async function ensurePrometheus(): Promise<Prometheus> {
  const below = join(directory, 'usr/bin');
  if (!programs.every((program) => existsSync(join(below, program)))) {
    const found = programs.map((program) => pathOf(program));
    if (!found.includes(null)) return pathsOf(found as string[]);
    await step('fetching Prometheus for tests', () =>
      unpackPackage(
        'prometheus',
        directory,
        'These tests need Prometheus 2.42 or newer: put prometheus and promtool into the path.',
      ),
    );
  }
  return pathsOf(programs.map((program) => join(below, program)));
}

function pathsOf([prometheus, promtool]: readonly string[]): Prometheus {
  return { prometheus: prometheus!, promtool: promtool! };
}
