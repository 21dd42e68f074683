// The command that looks at the machine, as an operator runs it.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startService } from '../helpers/start-service.ts';

type Outcome = { code: number; stdout: string; checks: Record<string, any> };

const program = join(import.meta.dirname, '../../src/orchestrator/main.ts');

it('finds this machine fit for the service, and says of each thing what it saw', async () => {
  await using directory = await emptyDirectory();
  const found = await doctor({ CELLAR_DATA_DIR: directory.path, CELLAR_PORT: '0' });
  expect(Object.values(found.checks).filter(({ level }) => level === 'failure')).toEqual([]);
  expect(found.code).toBe(0);
  expect(found.checks.engine.seen).toMatch(/^version \d+\.\d+.*API \d/);
  expect(found.checks['control groups'].seen).toMatch(/version [12]/);
  expect(found.checks.image.seen).toMatch(/^cellar-sandbox:latest, version /);
  expect(found.checks['data directory']).toMatchObject({ level: 'ok', seen: directory.path });
});

it('says in words what to do, and ends with 1 where something is to be done', async () => {
  await using directory = await emptyDirectory();
  const environment = {
    CELLAR_DATA_DIR: directory.path,
    CELLAR_SANDBOX_IMAGE: 'no-such-image:at-all',
    CELLAR_RUNTIME: 'no-such-runtime',
    CELLAR_PORT: '0',
  };
  const found = await doctor(environment, []);
  expect(found.code).toBe(1);
  expect(found.stdout).toMatch(/^failure {2}image +no image no-such-image:at-all$/m);
  expect(found.stdout).toContain('→ Build it: make images');
  expect(found.stdout).toMatch(/^failure {2}runtime +no "no-such-runtime" among/m);
  expect(found.stdout).toMatch(/^2 failures,/m);
});

it('tells an engine that is away, and what does not depend on it', async () => {
  await using directory = await emptyDirectory();
  const found = await doctor({
    CELLAR_DATA_DIR: directory.path,
    DOCKER_HOST: `unix://${directory.path}/none.sock`,
    CELLAR_PORT: '0',
  });
  expect(found.code).toBe(1);
  expect(found.checks.engine).toMatchObject({
    level: 'failure',
    seen: expect.stringContaining('none.sock'),
  });
  expect(found.checks.seccomp).toMatchObject({ level: 'warning' });
  expect(found.checks['data directory']).toMatchObject({ level: 'ok' });
});

it('does not wait for an engine that takes the connection and says nothing', async () => {
  await using directory = await emptyDirectory();
  const silent = createServer(() => {});
  silent.listen(join(directory.path, 'silent.sock'));
  await once(silent, 'listening');
  const found = await doctor({
    CELLAR_DATA_DIR: directory.path,
    DOCKER_HOST: `unix://${directory.path}/silent.sock`,
    CELLAR_PORT: '0',
  });
  silent.close();
  expect(found.checks.engine).toMatchObject({
    level: 'failure',
    seen: expect.stringContaining('did not answer within'),
  });
});

it('names the settings that are not valid, and goes on with the defaults', async () => {
  await using directory = await emptyDirectory();
  const found = await doctor({ CELLAR_DATA_DIR: directory.path, CELLAR_POOL_MIN: 'many' });
  expect(found.code).toBe(1);
  expect(found.checks.configuration).toMatchObject({
    level: 'failure',
    seen: expect.stringContaining('CELLAR_POOL_MIN must be integer'),
  });
  expect(found.checks.engine).toMatchObject({ level: 'ok' });
});

it('knows a Cellar that runs from something else on its port', async () => {
  await using service = await startService({ CELLAR_POOL_MIN: '0' });
  const running = await doctor({
    CELLAR_DATA_DIR: service.dataDirectory,
    CELLAR_PORT: new URL(service.url).port,
  });
  expect(running.checks.address).toMatchObject({
    level: 'ok',
    seen: expect.stringContaining('served by a Cellar'),
  });
  expect(running.checks.registry).toMatchObject({ level: 'ok', seen: 'can be read' });

  const other = createServer((socket) => socket.end('who is there?\n'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const taken = await doctor({
    CELLAR_DATA_DIR: service.dataDirectory,
    CELLAR_PORT: String(port),
  });
  other.close();
  expect(taken.checks.address).toMatchObject({ level: 'failure' });
  expect(taken.code).toBe(1);
});

it('tells a registry that is none', async () => {
  await using directory = await emptyDirectory();
  await writeFile(join(directory.path, 'registry.db'), 'this is no database, whatever its name is');
  const found = await doctor({ CELLAR_DATA_DIR: directory.path, CELLAR_PORT: '0' });
  expect(found.checks.registry).toMatchObject({ level: 'failure' });
});

async function doctor(
  environment: Record<string, string>,
  args: readonly string[] = ['--json'],
): Promise<Outcome> {
  const env = { PATH: process.env.PATH, DOCKER_HOST: process.env.DOCKER_HOST, ...environment };
  return await new Promise((resolve, reject) => {
    const command = [program, 'doctor', ...args];
    execFile(process.execPath, command, { env, timeout: 60_000 }, (error, stdout) => {
      if (error?.killed || stdout === '') return reject(error);
      const checks = args.includes('--json')
        ? JSON.parse(stdout).checks.map(({ check, ...finding }: any) => [check, finding])
        : [];
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, stdout, checks: Object.fromEntries(checks) });
    });
  });
}

async function emptyDirectory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'cellar-doctor-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
