// The orchestrator's own image: built as far as a machine without a registry can, and run as operators run it, as a user without rights.

import { once } from 'node:events';
import { chownSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServiceImage } from '../../scripts/build-service-image.ts';
import { docker } from '../helpers/start-service.ts';

const image = `cellar-service-test:${process.pid}`;
const socket = '/var/run/docker.sock';
const key = 'image-key-0123456789abcdef0123456789abcdef';
const user = 10_001;
const bytesMax = 450 * 1024 ** 2;
const patience = { timeout: 60_000, interval: 200 };
const canBeUser = process.getuid?.() === 0 && process.env.DOCKER_HOST === undefined;

// Elsewhere the data directory cannot be given to the image's user, or the engine is another machine's.
describe.skipIf(!canBeUser)('the image of the service', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cellar-'));
    chownSync(directory, user, user);
    await buildServiceImage(docker, image);
  }, 300_000);
  afterAll(async () => {
    await rm(directory, { recursive: true });
    await docker.getImage(image).remove({ force: true });
  });

  it('is small, and nothing in it runs as root', async () => {
    const { Config, Size } = await docker.getImage(image).inspect();
    expect(Config.User).toBe('10001:10001');
    expect(Config.Healthcheck?.Test?.[0]).toBe('CMD');
    expect(Size).toBeLessThan(bytesMax);
  });

  it('serves sessions, is healthy, and ends when it is told to', async () => {
    const port = await freePort();
    const container = await docker.createContainer({
      Image: image,
      Env: [
        `CELLAR_DATA_DIR=${directory}`,
        `CELLAR_API_KEY=${key}`,
        `CELLAR_PORT=${port}`,
        'CELLAR_POOL_MIN=0',
      ],
      Healthcheck: {
        Test: (await docker.getImage(image).inspect()).Config.Healthcheck!.Test!,
        Interval: 1e9,
        Timeout: 5e9,
      },
      HostConfig: {
        Binds: [`${socket}:${socket}`, `${directory}:${directory}`],
        GroupAdd: [String(statSync(socket).gid)],
        NetworkMode: 'host',
        Init: true,
      },
    });
    try {
      await container.start();
      const status = async () => {
        const { State } = await container.inspect();
        if (!State.Running)
          throw new Error(String(await container.logs({ stdout: true, stderr: true })));
        return State.Health?.Status;
      };
      await expect.poll(status, patience).toBe('healthy');
      const post = async (path: string, body: object) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        return (await response.json()) as { result?: { value: unknown } };
      };
      await post('/api/sessions', { name: 'inside' });
      const execution = await post('/api/sessions/inside/execute', { code: '6 * 7' });
      expect(execution.result?.value).toBe(42);
      const { Processes, Titles } = await container.top({ ps_args: '-eo pid,uid,args' });
      const uids = Processes.filter((row: string[]) => row.at(-1)?.includes('main.ts')).map(
        (row: string[]) => row[Titles.indexOf('UID')],
      );
      expect(new Set(uids)).toEqual(new Set([String(user)]));

      const removed = await fetch(`http://127.0.0.1:${port}/api/sessions/inside?force=true`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${key}` },
      });
      expect(removed.status).toBe(204);
      await container.stop({ t: 30 });
      expect((await container.inspect()).State.ExitCode).toBe(0);
    } finally {
      await container.remove({ force: true });
      // Those that a test that failed has left.
      const sandboxes = await docker.listContainers({ filters: { label: ['cellar.sandbox'] } });
      for (const { Id, Mounts } of sandboxes)
        if (Mounts.some(({ Source }) => Source.startsWith(directory)))
          await docker.getContainer(Id).remove({ force: true });
    }
  });
});

/** One that nobody had a moment ago: the health check has to know it beforehand. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
