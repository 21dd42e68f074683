// The unit for systemd, by systemd's own tools, where they are.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectDirectory } from '../helpers/source-files.ts';

const analyze = 'systemd-analyze';
const isThere = spawnSync(analyze, ['--version']).status === 0;
/** Of ten: what systemd calls OK ends at 4.9. */
const exposureMax = 2;

describe.skipIf(!isThere)('the unit', () => {
  let directory: string;
  let unit: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cellar-unit-'));
    unit = join(directory, 'cellar.service');
    const text = await readFile(join(projectDirectory, 'docs/systemd/cellar.service'), 'utf8');
    // The programs that it starts are looked for.
    await writeFile(unit, text.replaceAll('/opt/cellar', projectDirectory));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('is one that systemd takes, every line of it', () => {
    const { status, stderr } = spawnSync(analyze, ['verify', unit], { encoding: 'utf8' });
    expect(stderr.split('\n').filter((line) => line.includes('cellar.service'))).toEqual([]);
    expect(status).toBe(0);
  });

  it(`leaves a process little to do harm with: an exposure of ${exposureMax} of 10 at most`, () => {
    const { stdout } = spawnSync(analyze, ['security', '--offline=yes', '--no-pager', unit], {
      encoding: 'utf8',
    });
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(exposureMax);
  });
});
