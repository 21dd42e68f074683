// What is left of a service when the process that started it for a test is killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

const program = `
  const { startService } = await import(process.argv[1]);
  const service = await startService({ CELLAR_POOL_MIN: '0' });
  console.log(service.pid + ' ' + service.dataDirectory);
  setInterval(() => {}, 1000);
`;

it('a service ends with the test run that started it', async () => {
  const helper = new URL('../helpers/start-service.ts', import.meta.url).pathname;
  const run = spawn(process.execPath, ['--input-type=module', '--eval', program, helper], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: run.stdout }), 'line');
  const [pid, directory] = String(line).split(' ');
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  run.kill('SIGKILL');
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 20_000 }).toBe(false);
  await rm(directory!, { recursive: true });
});
