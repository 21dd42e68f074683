// Sandboxes that wait for their sessions, on the real engine with the real service.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { docker, type Service, startService } from '../helpers/start-service.ts';

const MiB = 1024 * 1024;
const patience = { timeout: 60_000, interval: 50 };
let service: Service;

beforeEach(async () => {
  service = await startService({ CELLAR_POOL_MIN: '2', CELLAR_POOL_MAX: '4' });
});
afterEach(() => service[Symbol.asyncDispose]());

/** The sandboxes that wait, once there are so many. */
async function waiting(count: number): Promise<string[]> {
  const ids = async () => {
    const taken = new Set(await sandboxesOfSessions());
    const containers = await service.containers();
    const running = containers.filter(({ State }) => State === 'running');
    return running.map(({ Labels }) => Labels['cellar.sandbox']!).filter((id) => !taken.has(id));
  };
  await expect.poll(async () => (await ids()).length, patience).toBe(count);
  // Running is not yet waiting: the agent has to dial, and its engine to boot.
  const ready = (id: string) => service.log.includes(`"sandboxId":"${id}","msg":"sandbox waits"`);
  await expect.poll(async () => (await ids()).every(ready), patience).toBe(true);
  return ids();
}

async function sandboxesOfSessions(): Promise<string[]> {
  const { body } = await service.request('GET', '/api/sessions?limit=200');
  const sessions = body.items as { sandbox: { id: string } | null }[];
  return sessions.flatMap(({ sandbox }) => sandbox?.id ?? []);
}

describe('a new session', () => {
  it('gets a sandbox that waited, and another one takes its place', async () => {
    const before = await waiting(2);
    const session = await service.createSession();
    expect(before).toContain(session.sandbox.id);
    expect((await service.execute(session.id, '20 + 22')).result.value).toBe(42);
    expect(await waiting(2)).not.toContain(session.sandbox.id);
  });

  it('finds nothing of an earlier one, and gets no sandbox twice', async () => {
    await waiting(2);
    const first = await service.createSession({ env: { SECRET: 'mine' } });
    await service.execute(first.id, 'let left = env("SECRET")\nwrite_file("left.txt", left)');
    await service.request('DELETE', `/api/sessions/${first.id}?force=true`);
    await waiting(2);
    for (let i = 0; i < 2; i++) {
      const next = await service.createSession();
      expect(next.sandbox.id).not.toBe(first.sandbox.id);
      const { body } = await service.request('GET', `/api/sessions/${next.id}/variables`);
      expect(body.items).toEqual([]);
      const tried = await service.execute(next.id, 'left');
      expect(tried.error.type).toBe('ReferenceError');
    }
  });

  it('draws random numbers of its own', async () => {
    await waiting(2);
    const draws: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const session = await service.createSession();
      draws.push((await service.execute(session.id, 'random()')).result.value);
    }
    expect(draws[0]).not.toBe(draws[1]);
  });
});

describe('limits', () => {
  it('that the pool does not have hold in the sandbox that a session gets from it', async () => {
    const before = await waiting(2);
    const session = await service.createSession({
      limits: { memoryBytes: 512 * MiB, cpus: 0.5, pids: 100 },
    });
    expect(before).toContain(session.sandbox.id);
    const { HostConfig } = await docker.getContainer(`cellar-${session.sandbox.id}`).inspect();
    expect(HostConfig).toMatchObject({
      Memory: 512 * MiB,
      MemorySwap: 512 * MiB,
      NanoCpus: 0.5e9,
      PidsLimit: 100,
    });
    // More than the heap of a waiting sandbox could hold.
    const program = `let lists = []
for (j in range(14)) { let list = []; for (i in range(1000000)) { list.push(i + 0.5) }; lists.push(list) }
len(lists)`;
    const grown = await service.execute(session.id, program, { timeout: 60_000 });
    expect(grown.result?.value, JSON.stringify(grown)).toBe(14);
  });

  it('that are smaller hold as well', async () => {
    const before = await waiting(2);
    const session = await service.createSession({ limits: { memoryBytes: 96 * MiB } });
    expect(before).toContain(session.sandbox.id);
    const program = 'let list = []\nwhile (true) { list.push([1, 2, 3]) }';
    const grown = await service.execute(session.id, program, { timeout: 60_000 });
    expect(grown.error.type).toBe('ResourceLimitError');
    expect((await service.execute(session.id, '1 + 1')).result.value).toBe(2);
  });

  it('on the workspace are those of a fresh sandbox', async () => {
    const before = await waiting(2);
    const session = await service.createSession({ limits: { workspaceBytes: 8 * MiB } });
    expect(before).not.toContain(session.sandbox.id);
    const { HostConfig } = await docker.getContainer(`cellar-${session.sandbox.id}`).inspect();
    expect(HostConfig.Tmpfs?.['/workspace']).toContain(`size=${8 * MiB}`);
  });
});

it('replaces a waiting sandbox that somebody kills, and gives it to nobody', async () => {
  const [victim] = await waiting(2);
  await docker.getContainer(`cellar-${victim}`).kill();
  const session = await service.createSession();
  expect(session.sandbox.id).not.toBe(victim);
  expect((await service.execute(session.id, '1 + 1')).result.value).toBe(2);
  expect(await waiting(2)).not.toContain(victim);
});

it('gives a session a fresh sandbox when the one that waited does not answer', async () => {
  const stuck = await waiting(2);
  for (const id of stuck) await docker.getContainer(`cellar-${id}`).pause();
  const session = await service.createSession();
  expect(stuck).not.toContain(session.sandbox.id);
  expect((await service.execute(session.id, '1 + 1')).result.value).toBe(2);
});

it('leaves no waiting sandbox behind when the service is stopped', async () => {
  await waiting(2);
  const session = await service.createSession();
  await service.kill('SIGTERM');
  const left = (await service.containers()).map(({ Labels }) => Labels['cellar.sandbox']);
  expect(left).toEqual([session.sandbox.id]);
});

it('leaves none behind for good when the service is killed', async () => {
  const before = await waiting(2);
  const session = await service.createSession();
  await service.kill('SIGKILL');
  await service.start({ CELLAR_POOL_MIN: '0' });
  await expect
    .poll(
      async () => (await service.containers()).map(({ Labels }) => Labels['cellar.sandbox']),
      patience,
    )
    .toEqual([session.sandbox.id]);
  expect(before).toContain(session.sandbox.id);
  expect((await service.execute(session.id, '1 + 1')).result.value).toBe(2);
});
