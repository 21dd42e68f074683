// Sessions that nobody uses, on the real engine: frozen, put away, ended, and brought back before anybody notices.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docker, type Service, startService } from '../helpers/start-service.ts';

const patience = { timeout: 30_000, interval: 100 };

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service[Symbol.asyncDispose]());

const post = (path: string, body?: unknown) => service.request('POST', path, body);
const get = async (id: string) => (await service.request('GET', `/api/sessions/${id}`)).body;
const stateOf = async (id: string) => (await get(id)).state;
const pause = async (id: string) =>
  expect((await post(`/api/sessions/${id}/pause`)).body).toMatchObject({ state: 'paused' });
const resultOf = async (id: string, code: string) => (await service.execute(id, code)).result.value;
const containerOf = async (id: string) =>
  docker.getContainer(`cellar-${(await get(id)).sandbox.id}`);

async function newSession(body: Record<string, unknown> = {}): Promise<string> {
  const { id } = await service.createSession(body);
  await resultOf(id, 'x = 41');
  return id;
}

/** A client that follows the states of a session. */
async function follow(id: string) {
  const live = await service.live(id);
  live.send({ type: 'subscribe', events: ['state'] });
  live.send({ type: 'ping' });
  await live.wait(({ type }) => type === 'pong');
  const states = () => live.messages.filter(({ type }) => type === 'state').map(({ to }) => to);
  return { live, states };
}

describe('a paused session', () => {
  it('takes no processor time', async () => {
    const [frozen, running] = [await newSession(), await newSession()];
    const containers = [await containerOf(frozen), await containerOf(running)] as const;
    /** Nanoseconds, as the engine counts them. */
    const timeOf = async (container: (typeof containers)[0]) =>
      (await container.stats({ stream: false, 'one-shot': true })).cpu_stats.cpu_usage.total_usage;
    await pause(frozen);
    const before = await timeOf(containers[0]);
    // An idle agent does a little now and then: when the running one has twice, the frozen one would have too.
    for (let times = 0; times < 2; times++) {
      const already = await timeOf(containers[1]);
      await expect.poll(() => timeOf(containers[1]), patience).toBeGreaterThan(already);
    }
    expect(await timeOf(containers[0])).toBe(before);
    expect((await containers[0].inspect()).State.Paused).toBe(true);
    expect(await stateOf(frozen)).toBe('paused');
    expect(await resultOf(frozen, 'x + 1')).toBe(42);
  });

  it('answers whatever it is asked, as if nothing had been', async () => {
    const id = await newSession();
    const { live, states } = await follow(id);
    await pause(id);
    expect((await service.request('GET', `/api/sessions/${id}/variables/x`)).body).toMatchObject({
      value: { preview: '41' },
    });
    await pause(id);
    live.send({ type: 'inspect', variable: 'x', id: 'look' });
    expect(await live.wait(({ type }) => type === 'inspectionResult')).toMatchObject({
      value: { preview: '41' },
    });
    await pause(id);
    const [start] = await live.execute('x = x + 1');
    expect(start).toMatchObject({ type: 'executionStart' });
    await pause(id);
    expect((await post(`/api/sessions/${id}/snapshots`, {})).status).toBe(201);
    await pause(id);
    const configured = await service.request('PUT', `/api/sessions/${id}/config`, {
      limits: { pids: 80 },
    });
    expect(configured.body).toMatchObject({ state: 'idle', config: { limits: { pids: 80 } } });
    await pause(id);
    expect((await post(`/api/sessions/${id}/resume`)).body).toMatchObject({ state: 'idle' });
    await pause(id);
    expect((await post(`/api/sessions/${id}/rollback`, { version: 1 })).body.state).toBe('idle');
    expect(await resultOf(id, 'x')).toBe(42);
    await pause(id);
    expect((await post(`/api/sessions/${id}/restart`)).body).toMatchObject({ state: 'idle' });
    await pause(id);
    expect((await service.request('DELETE', `/api/sessions/${id}`)).status).toBe(204);
    expect((await live.closing()).code).toBe(4009);
    expect(states().filter((state) => state === 'paused')).toHaveLength(9);
  });

  it('is not one that works', async () => {
    const { id } = await service.createSession();
    const { live } = await follow(id);
    live.send({ type: 'execute', code: 'input("go on? ")', options: { timeout: 60_000 } });
    const { executionId } = await live.wait(({ type }) => type === 'inputRequest');
    const refused = await post(`/api/sessions/${id}/pause`);
    expect([refused.status, refused.body.code]).toEqual([409, 'session_busy']);
    live.send({ type: 'stdin', executionId, content: 'yes\n' });
    await live.wait(({ type, to }) => type === 'state' && to === 'idle');
    await pause(id);
  });

  it('whose container is killed gets another one', async () => {
    const id = await newSession();
    const { live } = await follow(id);
    await pause(id);
    await (await containerOf(id)).kill();
    await live.wait(({ reason }) => reason === 'lost');
    await live.wait(({ reason }) => reason === 'recovered');
    expect((await service.execute(id, 'x')).error.type).toBe('ReferenceError');
  });
});

describe('when the service is killed, a paused session', () => {
  it('is found as it was, and thawed by the first request', async () => {
    const id = await newSession();
    await pause(id);
    const { sandbox } = await get(id);
    await service.kill('SIGKILL');
    await service.start();
    expect(await get(id)).toMatchObject({ state: 'paused', sandbox: { id: sandbox.id } });
    expect((await (await containerOf(id)).inspect()).State.Paused).toBe(true);
    expect(await resultOf(id, 'x + 1')).toBe(42);
    expect(await stateOf(id)).toBe('idle');
  });

  it('whose container is killed too begins anew', async () => {
    const id = await newSession();
    await pause(id);
    const container = await containerOf(id);
    await service.kill('SIGKILL');
    await container.kill();
    await service.start();
    expect((await service.execute(id, 'x')).error.type).toBe('ReferenceError');
  });

  it('that was thawed behind its back goes on', async () => {
    const id = await newSession();
    await pause(id);
    const container = await containerOf(id);
    await service.kill('SIGKILL');
    await container.unpause();
    await service.start();
    await expect.poll(() => stateOf(id), patience).toBe('idle');
    expect(await resultOf(id, 'x + 1')).toBe(42);
  });
});

describe('an unused session', () => {
  it('goes down the whole ladder and comes up again, with its clients connected and told', async () => {
    const { id } = await service.createSession({
      idle: { pauseAfterMs: 1_000, hibernateAfterMs: 3_000 },
    });
    const { live, states } = await follow(id);
    await live.execute('x = 41');
    await live.wait(({ to }) => to === 'hibernated');
    await expect.poll(async () => (await get(id)).sandbox, patience).toBeNull();
    const messages = await live.execute('x + 1');
    expect(messages.at(-1)).toMatchObject({ status: 'success', result: { value: 42 } });
    const told = states().join(' ');
    expect(told).toContain('busy idle paused hibernated creating idle busy');
    expect(live.closed).toBeNull();
  });

  it('ends when its time has come, with its container, its snapshots and its connections', async () => {
    const id = await newSession({ idle: { pauseAfterMs: 1_000, expireAfterMs: 4_000 } });
    const { body } = await post(`/api/sessions/${id}/snapshots`, { label: 'mine' });
    const { live, states } = await follow(id);
    const container = await containerOf(id);
    const { expiresAt, lastUsedAt } = await get(id);
    expect(Date.parse(expiresAt) - Date.parse(lastUsedAt)).toBe(4_000);
    expect((await live.closing()).code).toBe(4009);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    expect(states().join(' ')).toMatch(/paused deleted$/);
    expect((await service.request('GET', `/api/sessions/${id}`)).status).toBe(404);
    expect((await service.request('GET', `/api/snapshots/${body.id}`)).status).toBe(404);
    await expect
      .poll(() => container.inspect().catch(({ statusCode }) => statusCode), patience)
      .toBe(404);
  });

  it('ends after a restart whose time came meanwhile, hibernated or not', async () => {
    const idle = { expireAfterMs: 5_000 };
    const [hibernated, running] = [await newSession({ idle }), await newSession({ idle })];
    const kept = await newSession();
    await post(`/api/sessions/${hibernated}/hibernate`);
    const due = Date.parse((await get(running)).expiresAt);
    await service.kill('SIGKILL');
    await expect.poll(() => Date.now(), patience).toBeGreaterThan(due + 1_000);
    await service.start();
    for (const id of [hibernated, running])
      await expect
        .poll(async () => (await service.request('GET', `/api/sessions/${id}`)).status, patience)
        .toBe(404);
    expect(await resultOf(kept, 'x + 1')).toBe(42);
  });
});

it('the service’s defaults are what a session has that asks for nothing', async () => {
  await using other = await startService({
    CELLAR_PERSISTENCE: 'execution',
    CELLAR_PAUSE_AFTER_MS: '600000',
    CELLAR_EXPIRE_AFTER_MS: '86400000',
  });
  const { config, expiresAt, lastUsedAt } = await other.createSession();
  expect(config).toMatchObject({
    persistence: { policy: 'execution' },
    idle: { pauseAfterMs: 600_000, expireAfterMs: 86_400_000 },
  });
  expect(config.idle).not.toHaveProperty('hibernateAfterMs');
  expect(Date.parse(expiresAt) - Date.parse(lastUsedAt)).toBe(86_400_000);
});
