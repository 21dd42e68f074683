// Tenants over HTTP, with real sessions and snapshots below.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AccessWorld, type Answer } from '../../helpers/access-world.ts';

let world: AccessWorld;
beforeEach(async () => {
  world = await AccessWorld.open();
});
afterEach(() => world[Symbol.asyncDispose]());

const codeOf = ({ status, body }: Answer) => `${status} ${body?.code ?? ''}`;
const admin = (
  ...request: Parameters<AccessWorld['ask']> extends [any, ...infer Rest] ? Rest : never
) => world.ask(world.root, ...request);

describe('tenants', () => {
  it('are created, listed, changed and found', async () => {
    const made = await admin('POST', '/api/tenants', { id: 'red', displayName: 'Red team' });
    expect(made.status).toBe(201);
    expect(made.headers.location).toBe('/api/tenants/red');
    expect(made.body).toEqual({
      id: 'red',
      displayName: 'Red team',
      limits: {},
      defaults: {},
      egressAllow: null,
      createdAt: '2026-01-01T00:00:00.000Z',
    });
    expect((await admin('GET', '/api/tenants/red')).body).toEqual(made.body);
    const list = (await admin('GET', '/api/tenants')).body;
    expect(list.items.map(({ id }: { id: string }) => id)).toEqual(['default', 'red']);
    const changed = await admin('PUT', '/api/tenants/red', { displayName: null });
    expect(changed.body).toEqual({ ...made.body, displayName: null });
    expect((await admin('PUT', '/api/tenants/red', {})).body.displayName).toBeNull();
    expect(codeOf(await admin('GET', '/api/tenants/none'))).toBe('404 tenant_not_found');
    expect(codeOf(await admin('PUT', '/api/tenants/none', {}))).toBe('404 tenant_not_found');
  });

  it('bound what their sessions may reach, and each session when it asks', async () => {
    const { developer } = await world.tenant('red', {
      egressAllow: ['*.mirror.test', 'api.test:8443'],
    });
    expect((await admin('GET', '/api/tenants/red')).body.egressAllow).toHaveLength(2);
    const create = (allow: readonly string[]) =>
      world.ask(developer, 'POST', '/api/sessions', { network: { policy: 'allowlist', allow } });
    expect((await create(['a.mirror.test', '*.b.mirror.test', 'api.test:8443'])).status).toBe(201);
    for (const entry of ['mirror.test', 'api.test', 'api.test:443', '*.test', 'other.test'])
      expect((await create(['a.mirror.test', entry])).body.fields, entry).toMatchObject([
        { field: '/network/allow/1' },
      ]);
    await admin('PUT', '/api/tenants/red', { egressAllow: [] });
    expect((await create(['a.mirror.test'])).status).toBe(400);
    await admin('PUT', '/api/tenants/red', { egressAllow: null });
    expect((await create(['other.test'])).status).toBe(201);
    const wrong = await admin('PUT', '/api/tenants/red', { egressAllow: ['https://a.test'] });
    expect(wrong.body.fields).toMatchObject([{ field: '/egressAllow/0' }]);
  });

  it('have ids that are unique and plain', async () => {
    await admin('POST', '/api/tenants', { id: 'red' });
    expect(codeOf(await admin('POST', '/api/tenants', { id: 'red' }))).toBe('409 tenant_exists');
    for (const id of ['', 'Red', 'r ed', '-red', 'red-', '../red', 'r'.repeat(64), 'röd']) {
      const refused = await admin('POST', '/api/tenants', { id });
      expect(codeOf(refused), id).toBe('400 invalid_request');
    }
  });

  it('are bounded in number', async () => {
    await using small = await AccessWorld.open({ tenantsMax: 2 });
    await small.tenant('red');
    const refused = await small.ask(small.root, 'POST', '/api/tenants', { id: 'blue' });
    expect(codeOf(refused)).toBe('409 tenants_limit');
  });

  it('are made once by a request that is sent again', async () => {
    const headers = { 'idempotency-key': 'once' };
    const ask = () => admin('POST', '/api/tenants', { id: 'red' }, headers);
    const first = await ask();
    const again = await ask();
    expect([again.status, again.body]).toEqual([201, first.body]);
  });
});

describe('a tenant with limits of its own', () => {
  const mebibyte = 1024 * 1024;

  it('has as many sessions, as much memory and as many processors as they say', async () => {
    const red = await world.tenant('red');
    const blue = await world.tenant('blue');
    const make = (key: string, limits = {}) =>
      world.ask(key, 'POST', '/api/sessions', {
        limits: { memoryBytes: 64 * mebibyte, ...limits },
      });
    const limit = (limits: object) => admin('PUT', '/api/tenants/red', { limits });
    expect((await limit({ sessions: 1 })).body.limits).toEqual({ sessions: 1 });
    const first = await make(red.developer);
    expect(first.status).toBe(201);
    const refused = await make(red.developer);
    expect(codeOf(refused)).toBe('429 tenant_limit');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    for (const limits of [{ memoryBytes: 127 * mebibyte }, { cpus: 0.4 }]) {
      await limit(limits);
      expect(codeOf(await make(red.developer))).toBe('429 tenant_limit');
    }
    expect((await make(blue.developer)).status).toBe(201);
    await limit({});
    expect((await make(red.developer)).status).toBe(201);
  });

  it('gets its defaults, and no session past its ceilings', async () => {
    const { developer } = await world.tenant('red');
    const settings = {
      limits: {
        session: {
          timeout: 9000,
          cpus: 0.5,
          persistence: ['hibernate', 'execution'],
          idle: { hibernateAfterMs: 60_000 },
        },
      },
      defaults: { timeout: 8000, limits: { pids: 32 }, persistence: 'execution' },
    };
    const changed = await admin('PUT', '/api/tenants/red', settings);
    expect(changed.body).toMatchObject({
      limits: settings.limits,
      defaults: { ...settings.defaults, persistence: { policy: 'execution' } },
    });
    const made = await world.ask(developer, 'POST', '/api/sessions', {});
    expect(made.body.config).toMatchObject({
      timeout: 8000,
      limits: { pids: 32, cpus: 0.5 },
      persistence: { policy: 'execution' },
      idle: { hibernateAfterMs: 60_000 },
    });
    const path = `/api/sessions/${made.body.id}`;
    for (const [asked, field] of [
      [{ timeout: 9001 }, '/timeout'],
      [{ limits: { cpus: 0.6 } }, '/limits/cpus'],
      [{ persistence: 'none' }, '/persistence'],
      [{ persistence: { policy: 'interval' } }, '/persistence'],
      [{ idle: { hibernateAfterMs: 60_001 } }, '/idle/hibernateAfterMs'],
      [{ idle: { hibernateAfterMs: null } }, '/idle/hibernateAfterMs'],
    ] as const) {
      for (const answer of [
        await world.ask(developer, 'POST', '/api/sessions', asked),
        await world.ask(developer, 'PUT', `${path}/config`, asked),
      ]) {
        expect(codeOf(answer), field).toBe('400 invalid_request');
        expect(answer.body.fields.map((one: { field: string }) => one.field)).toEqual([field]);
      }
    }
    const long = { code: '1', timeout: 9001 };
    const execute = await world.ask(developer, 'POST', `${path}/execute`, long);
    expect(codeOf(execute)).toBe('400 invalid_request');
    const client = await world.live(developer, made.body.id);
    client.send({ type: 'execute', code: '1', id: 'long', options: { timeout: 9001 } });
    const error = await client.wait((message) => message.requestId === 'long');
    expect(error).toMatchObject({ type: 'error', code: 'invalid_request' });
  });
});

describe('a tenant that is deleted', () => {
  it('is refused while it has sessions or snapshots, and says what would go', async () => {
    const { developer } = await world.tenant('red');
    const session = (await world.ask(developer, 'POST', '/api/sessions', {})).body.id;
    await world.ask(developer, 'POST', `/api/sessions/${session}/snapshots`);
    const refused = await admin('DELETE', '/api/tenants/red');
    expect(codeOf(refused)).toBe('409 tenant_in_use');
    expect(refused.body.detail).toContain('sessions: 1, snapshots: 1, keys: 4');
    await world.ask(developer, 'DELETE', `/api/sessions/${session}?keepSnapshots=true`);
    expect(codeOf(await admin('DELETE', '/api/tenants/red'))).toBe('409 tenant_in_use');
    expect((await world.ask(developer, 'GET', '/api/snapshots')).body.total).toBe(1);
  });

  it('goes with its keys, sessions, snapshots and connections, and says what went', async () => {
    const { developer } = await world.tenant('red');
    const blue = await world.tenant('blue');
    const kept = (await world.ask(blue.developer, 'POST', '/api/sessions', {})).body.id;
    const make = async () => (await world.ask(developer, 'POST', '/api/sessions', {})).body.id;
    const [one, other] = [await make(), await make()];
    await world.ask(developer, 'POST', `/api/sessions/${one}/snapshots`);
    await world.ask(developer, 'DELETE', `/api/sessions/${one}?keepSnapshots=true`);
    await make();
    const client = await world.live(developer, other);
    const gone = await admin('DELETE', '/api/tenants/red?force=true');
    expect([gone.status, gone.body]).toEqual([
      200,
      { id: 'red', sessions: 2, snapshots: 1, keys: 4 },
    ]);
    await expect.poll(() => client.closed?.code).toBe(4001);
    expect((await world.ask(developer, 'GET', '/api/whoami')).status).toBe(401);
    const { registry } = world.world;
    const left = await registry.access.holdings('red');
    expect(left).toEqual({ sessions: 0, snapshots: 0, keys: 0 });
    expect(codeOf(await admin('DELETE', '/api/tenants/red'))).toBe('404 tenant_not_found');
    expect((await world.ask(blue.developer, 'GET', `/api/sessions/${kept}`)).status).toBe(200);
  });

  it('gives its id to nobody else, and gets nothing new', async () => {
    await world.tenant('red');
    expect((await admin('DELETE', '/api/tenants/red')).status).toBe(200);
    expect(codeOf(await admin('POST', '/api/tenants', { id: 'red' }))).toBe('409 tenant_exists');
    // A request that was let in before is as late as this.
    const { manager } = world.world;
    const config = (await admin('POST', '/api/sessions', {})).body.config;
    const late = manager.create(
      'red',
      { language: 'anarchy', config: { ...config, env: {} } },
      AbortSignal.timeout(60_000),
    );
    await expect(late).rejects.toMatchObject({ code: 'tenant_not_found' });
  });

  it('is deleted to the end when that was cut off', async () => {
    const { developer } = await world.tenant('red');
    await world.ask(developer, 'POST', '/api/sessions', {});
    const { registry, clock } = world.world;
    await registry.access.deleteTenant('red', clock.now());
    expect(await registry.access.leftovers()).toEqual(['red']);
    await world.removal.finish(AbortSignal.timeout(60_000));
    expect(await registry.access.leftovers()).toEqual([]);
    expect((await registry.access.holdings('red')).sessions).toBe(0);
  });

  it('is never the one of the administrator’s first key', async () => {
    const refused = await admin('DELETE', '/api/tenants/default?force=true');
    expect(codeOf(refused)).toBe('409 tenant_in_use');
    expect((await admin('GET', '/api/whoami')).status).toBe(200);
  });
});

describe('an admin', () => {
  it('acts in the tenant that a header names', async () => {
    const red = await world.tenant('red');
    const session = (await world.ask(red.developer, 'POST', '/api/sessions', {})).body.id;
    const inRed = { 'x-cellar-tenant': 'red' };
    expect(codeOf(await admin('GET', `/api/sessions/${session}`))).toBe('404 session_not_found');
    const seen = await admin('GET', `/api/sessions/${session}`, undefined, inRed);
    expect(seen.body.tenant).toBe('red');
    const made = await world.ask(
      red.admin,
      'POST',
      '/api/sessions',
      {},
      {
        'x-cellar-tenant': 'default',
      },
    );
    expect(made.body.tenant).toBe('default');
    expect((await admin('GET', '/api/whoami', undefined, inRed)).body).toEqual({
      tenant: 'red',
      role: 'admin',
      keyId: 'key-root',
    });
    const client = await world.live(world.root, session, inRed);
    client.send({ type: 'ping' });
    await client.wait((message) => message.type === 'pong');
    const none = await admin('GET', '/api/sessions', undefined, { 'x-cellar-tenant': 'none' });
    expect(codeOf(none)).toBe('404 tenant_not_found');
  });

  it('is who may do that; others are told the same of every tenant but their own', async () => {
    const red = await world.tenant('red');
    await world.tenant('blue');
    const ask = (tenant: string) =>
      world.ask(red.operator, 'GET', '/api/sessions', undefined, { 'x-cellar-tenant': tenant });
    expect((await ask('red')).status).toBe(200);
    for (const tenant of ['blue', 'none']) expect(codeOf(await ask(tenant))).toBe('403 forbidden');
  });
});
