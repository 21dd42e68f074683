// The rules by Prometheus' own tool: well formed, and firing when they are to.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ensurePrometheus } from '../../scripts/ensure-prometheus.ts';
import { projectDirectory } from '../helpers/source-files.ts';

const directory = join(projectDirectory, 'prometheus');
let promtool: string;

beforeAll(async () => {
  ({ promtool } = await ensurePrometheus());
});

function run(...parameters: string[]): { output: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(promtool, parameters, {
    cwd: directory,
    encoding: 'utf8',
  });
  return { output: `${stdout}${stderr}`, status };
}

it('the rules are well formed', () => {
  const { output, status } = run('check', 'rules', 'recording-rules.yml', 'alert-rules.yml');
  expect(output).not.toContain('FAILED');
  expect(status).toBe(0);
});

it('the configuration is one that Prometheus takes', () => {
  const { output, status } = run('check', 'config', '--syntax-only', 'prometheus.yml');
  expect(output).not.toContain('FAILED');
  expect(status).toBe(0);
});

it.each(readdirSync(join(directory, 'tests')))(
  'what is computed and who is called: %s',
  { timeout: 600_000 },
  (name) => {
    const { output, status } = run('test', 'rules', join('tests', name));
    expect(output).toContain('SUCCESS');
    expect(status).toBe(0);
  },
);
