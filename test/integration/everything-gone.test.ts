// All containers are gone at once: the engine was restarted, or the whole machine. Every session comes back as it was stored last.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EngineProxy } from '../helpers/engine-proxy.ts';
import { docker, type Service, startService } from '../helpers/start-service.ts';

const policies = ['execution', 'interval', 'hibernate', 'none'] as const;
const patience = { timeout: 30_000, interval: 50 };
const code = 'n = 1; write("n.txt", "1"); n';

/** One session of each policy, and one that sleeps; each with a state, and all but `none` with it stored. */
async function sessionsOfAllKinds(service: Service): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  const make = async (name: string, persistence: unknown) => {
    const { id } = await service.createSession({ name, persistence });
    ids.set(name, id);
    await service.execute(id, code);
  };
  for (const policy of policies)
    await make(policy, policy === 'interval' ? { policy, intervalMs: 1000 } : policy);
  await make('asleep', 'hibernate');
  for (const name of ['asleep', 'hibernate'])
    await service.request('POST', `/api/sessions/${name}/hibernate`);
  await service.request('POST', '/api/sessions/hibernate/resume');
  await expect
    .poll(async () => (await get(service, 'interval')).version, patience)
    .toBeGreaterThan(0);
  return ids;
}

async function get(service: Service, name: string): Promise<any> {
  return (await service.request('GET', `/api/sessions/${name}`)).body;
}

/** Of some, the engine may not yet have done what the service asked for last, be it their start or their removal. */
async function removeContainers(service: Service, how: 'kill' | 'remove'): Promise<void> {
  const remove = async () => {
    const left = (await service.containers()).filter(
      ({ State }) => how === 'remove' || State === 'running',
    );
    await Promise.allSettled(
      left.map(({ Id }) => {
        const container = docker.getContainer(Id);
        return how === 'kill' ? container.kill() : container.remove({ force: true });
      }),
    );
    return left.length;
  };
  await expect.poll(remove, patience).toBe(0);
}

async function expectAllBack(service: Service): Promise<void> {
  for (const name of policies)
    await expect.poll(async () => (await get(service, name)).state, patience).toBe('idle');
  expect((await get(service, 'asleep')).state).toBe('hibernated');
  for (const name of ['execution', 'interval', 'hibernate', 'asleep']) {
    const execution = await service.execute(name, '[n, read("n.txt")]');
    expect([name, execution.result?.value]).toEqual([name, [1, '1']]);
  }
  expect((await service.execute('none', 'n')).error.type).toBe('ReferenceError');
  const running = (await service.containers())
    .filter(({ State }) => State === 'running')
    .map(({ Labels }) => Labels['cellar.sandbox']);
  for (const name of [...policies, 'asleep'])
    expect(running).toContain((await get(service, name)).sandbox.id);
}

describe('when all containers are gone at once', () => {
  it('because the engine was restarted, sessions come back while the service goes on', async () => {
    await using proxy = await EngineProxy.open();
    await using service = await startService({
      DOCKER_HOST: proxy.host,
      CELLAR_RECONCILE_INTERVAL_MS: '1000',
      CELLAR_ORPHAN_GRACE_MS: '3000',
    });
    await sessionsOfAllKinds(service);
    const live = await service.live('execution');
    live.send({ type: 'subscribe', events: ['state'] });
    const { version, sandbox } = await get(service, 'execution');
    await proxy.cut();
    await removeContainers(service, 'kill');
    await proxy.connect();
    const recovered = await live.wait(
      ({ type, reason }) => type === 'state' && reason === 'recovered',
    );
    expect(recovered).toMatchObject({ to: 'idle', version });
    expect((await get(service, 'execution')).sandbox.id).not.toBe(sandbox.id);
    await expectAllBack(service);
  });

  it('because the machine was, sessions come back with the service', async () => {
    await using service = await startService({
      CELLAR_RECONCILE_INTERVAL_MS: '1000',
      CELLAR_ORPHAN_GRACE_MS: '3000',
    });
    const ids = await sessionsOfAllKinds(service);
    await service.kill('SIGKILL');
    await removeContainers(service, 'remove');
    await rm(join(service.dataDirectory, 'run'), { recursive: true });
    await service.start();
    for (const [name, id] of ids) expect((await get(service, name)).id).toBe(id);
    await expectAllBack(service);
    for (const name of ids.keys()) {
      const { items } = (await service.request('GET', `/api/sessions/${name}/history`)).body;
      expect(items.at(-1)).toMatchObject({ code, status: 'success' });
    }
  });
});
