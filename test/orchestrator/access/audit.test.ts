// What of a client's doings is in the audit log, and who may read it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../../src/orchestrator/foundation/roles.ts';
import { AccessWorld } from '../../helpers/access-world.ts';

const patience = { timeout: 20_000 };

let world: AccessWorld;
let red: Record<Role, string>;
let blue: Record<Role, string>;
beforeEach(async () => {
  world = await AccessWorld.open();
  red = await world.tenant('red');
  blue = await world.tenant('blue');
});
afterEach(() => world[Symbol.asyncDispose]());

/** Oldest first. */
async function records(key: string, query = ''): Promise<any[]> {
  const { body } = await world.ask(key, 'GET', `/api/audit?limit=200${query}`);
  return body.items.toReversed();
}

const actions = async (key: string, query = '') =>
  (await records(key, query)).map(({ action, status }) => `${action} ${status}`);

describe('the audit log', () => {
  it('tells who made, changed and deleted what, from where, and how it went', async () => {
    const made = await world.ask(red.developer, 'POST', '/api/sessions', { name: 'one' });
    await world.ask(red.developer, 'PUT', '/api/sessions/one/config', { timeout: 1000 });
    await world.ask(red.viewer, 'DELETE', '/api/sessions/one');
    await world.ask(red.developer, 'DELETE', '/api/sessions/other');
    await expect
      .poll(() => actions(red.operator), patience)
      .toEqual([
        'createSession 201',
        'configureSession 200',
        'deleteSession 403',
        'deleteSession 404',
      ]);
    const [created, , refused] = await records(red.operator);
    expect(created).toMatchObject({
      tenant: 'red',
      key: await world.idOf(red.developer),
      role: 'developer',
      address: '127.0.0.1',
      requestId: made.headers['x-request-id'],
      target: '/api/sessions',
      made: made.headers.location,
      code: null,
    });
    expect(refused).toMatchObject({ role: 'viewer', code: 'forbidden' });
  });

  it('holds no code, no secret and nothing that was looked for', async () => {
    await world.ask(red.developer, 'POST', '/api/sessions', {
      name: 'one',
      env: { TOKEN: 'hidden-1' },
    });
    await world.ask(red.developer, 'POST', '/api/sessions/one/cancel?code=hidden-2', {
      code: 'hidden-3',
    });
    const key = await world.ask(red.operator, 'POST', '/api/keys', { role: 'viewer', name: 'x' });
    await expect.poll(() => actions(red.operator), patience).toHaveLength(3);
    const text = JSON.stringify(await records(red.operator));
    expect(text).not.toContain('hidden');
    expect(text).not.toContain(key.body.key);
    expect(text).not.toContain(red.developer);
  });

  it('has nothing of what only reads, unless it was refused for who asked', async () => {
    await world.ask(red.viewer, 'GET', '/api/sessions');
    await world.ask(red.viewer, 'GET', '/api/sessions/none');
    await world.ask(red.viewer, 'GET', '/api/keys');
    await world.ask('cellar_wrong', 'GET', '/api/sessions');
    await expect
      .poll(async () => (await actions(world.root)).slice(-2), patience)
      .toEqual(['listKeys 403', 'listSessions 401']);
    const [stranger] = (await records(world.root)).slice(-1);
    expect(stranger).toMatchObject({
      tenant: null,
      key: null,
      role: null,
      code: 'unauthenticated',
    });
  });

  it('has what is asked for over a live connection', async () => {
    await world.ask(red.developer, 'POST', '/api/sessions', { name: 'one' });
    const client = await world.live(red.developer, 'one');
    client.send({ type: 'execute', code: '1+1', id: 'a' });
    client.send({ type: 'cancel', executionId: 'exec-none' });
    client.send({ type: 'ping' });
    await expect
      .poll(async () => new Set(await actions(red.operator)), patience)
      .toEqual(
        new Set(['createSession 201', 'live.open 200', 'live.execute 200', 'live.cancel 404']),
      );
    const watching = await world.live(red.viewer, 'one');
    watching.send({ type: 'execute', code: '1+1' });
    await expect
      .poll(async () => (await records(red.operator)).at(-1), patience)
      .toMatchObject({ action: 'live.execute', status: 403, code: 'forbidden', role: 'viewer' });
  });

  it('is for operators of the tenant and for admins', async () => {
    await world.ask(red.developer, 'POST', '/api/sessions', {});
    await world.ask(blue.developer, 'POST', '/api/sessions', {});
    for (const role of ['viewer', 'developer'] as const)
      expect((await world.ask(red[role], 'GET', '/api/audit')).status).toBe(403);
    const tenantsOf = async (key: string, query = '') =>
      new Set((await records(key, query)).map(({ tenant }) => tenant));
    await expect.poll(() => tenantsOf(red.operator), patience).toEqual(new Set(['red']));
    await expect
      .poll(() => tenantsOf(world.root, '&tenant=blue'), patience)
      .toEqual(new Set(['blue']));
    expect((await tenantsOf(world.root)).size).toBeGreaterThan(2);
    expect((await world.ask(red.operator, 'GET', '/api/audit?tenant=blue')).status).toBe(403);
  });

  it('is read page by page, by time and by action', async () => {
    const { clock } = world.world;
    for (let i = 0; i < 5; i++) {
      await world.ask(red.developer, 'POST', '/api/sessions', { name: `s${i}` });
      await world.ask(red.developer, 'DELETE', `/api/sessions/s${i}`);
      clock.advance(1000);
    }
    await expect.poll(() => actions(red.operator), patience).toHaveLength(10);
    const all = (await records(red.operator)).toReversed();
    const paged: unknown[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await world.ask(red.operator, 'GET', `/api/audit?limit=3${cursor}`);
      paged.push(...body.items);
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(paged).toEqual(all);
    expect(await actions(red.operator, '&action=deleteSession')).toHaveLength(5);
    const at = (index: number) => encodeURIComponent(all.at(index)!.at);
    // Two of each second, the oldest last.
    expect(await records(red.operator, `&from=${at(-3)}&to=${at(-7)}`)).toHaveLength(4);
    for (const query of ['cursor=x', 'from=yesterday', 'limit=0', 'nonsense=1'])
      expect((await world.ask(red.operator, 'GET', `/api/audit?${query}`)).status).toBe(400);
  });
});
