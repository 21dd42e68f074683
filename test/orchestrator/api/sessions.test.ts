import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checker } from '../../../src/orchestrator/api/schemas/checker.ts';
import {
  Session,
  SessionDetails,
  SessionList,
} from '../../../src/orchestrator/api/schemas/reply.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { sessionRecord } from '../../helpers/records.ts';
import { ApiFixture, keyOf, settings } from './api-fixture.ts';

const headers = keyOf('developer');
let api: ApiFixture;
beforeEach(async () => {
  api = await ApiFixture.open();
});
afterEach(() => api[Symbol.asyncDispose]());

describe('POST /api/sessions', () => {
  const create = (payload: object, more: Record<string, string> = {}) =>
    api.server.inject({
      method: 'POST',
      url: '/api/sessions',
      headers: { ...headers, ...more },
      payload,
    });

  it('creates a session with the defaults and says where it is', async () => {
    const reply = await create({});
    expect(reply.statusCode).toBe(201);
    const session = reply.json();
    expect(new Checker(Session).fields(session)).toEqual([]);
    expect(reply.headers.location).toBe(`/api/sessions/${session.id}`);
    expect(session).toMatchObject({
      name: null,
      tenant: 'default',
      language: 'anarchy',
      state: 'idle',
      createdAt: '2026-01-01T00:00:00.000Z',
      sandbox: null,
      version: null,
      config: {
        timeout: 5000,
        persistence: { policy: 'none' },
        env: [],
        idle: {},
      },
    });
  });

  it('takes every setting, and shows of the environment the names only', async () => {
    const reply = await create({
      name: 'demo',
      timeout: 1000,
      persistence: 'none',
      language: 'anarchy',
      limits: { memoryBytes: 64 * 1024 * 1024, cpus: 1 },
      network: { policy: 'none' },
      env: { TOKEN: 'hunter2' },
      labels: { team: 'blue' },
      idle: {},
    });
    expect(reply.statusCode).toBe(201);
    expect(reply.body).not.toContain('hunter2');
    expect(reply.json().config).toEqual({
      timeout: 1000,
      persistence: { policy: 'none' },
      limits: {
        memoryBytes: 67_108_864,
        cpus: 1,
        pids: 64,
        workspaceBytes: 67_108_864,
        outputBytes: 1_048_576,
      },
      network: { policy: 'none' },
      env: ['TOKEN'],
      labels: { team: 'blue' },
      idle: {},
    });
    const [, session] = api.sessions.callsOf('create')[0]!.given as [
      string,
      { config: { env: object } },
    ];
    expect(session.config.env).toEqual({ TOKEN: 'hunter2' });
  });

  it('fills in the service’s defaults, step by step of the idle ladder; null is none', async () => {
    const sessionDefaults = {
      ...settings.sessionDefaults,
      persistence: { policy: 'execution', keep: 2 },
      idle: { pauseAfterMs: 1000, hibernateAfterMs: 2000, expireAfterMs: 3000 },
    } as const;
    await using other = await ApiFixture.open({ settings: { sessionDefaults } });
    const configOf = async (payload: object) =>
      (await other.server.inject({ method: 'POST', url: '/api/sessions', headers, payload })).json()
        .config;
    expect(await configOf({})).toMatchObject({
      persistence: { policy: 'execution', keep: 2 },
      idle: sessionDefaults.idle,
    });
    expect(
      await configOf({
        persistence: 'interval',
        idle: { hibernateAfterMs: 9000, expireAfterMs: null },
      }),
    ).toMatchObject({
      persistence: { policy: 'interval' },
      idle: { pauseAfterMs: 1000, hibernateAfterMs: 9000 },
    });
    expect((await configOf({ idle: { expireAfterMs: null } })).idle).not.toHaveProperty(
      'expireAfterMs',
    );
  });

  it('takes the persistence policy as an object too', async () => {
    expect((await create({ persistence: { policy: 'none' } })).statusCode).toBe(201);
  });

  it.each([
    [{ nmae: 'x' }, '/nmae'],
    [{ name: 5 }, '/name'],
    [{ name: 'ses-abc' }, '/name'],
    [{ name: 'a/b' }, '/name'],
    [{ timeout: '5000' }, '/timeout'],
    [{ timeout: 0 }, '/timeout'],
    [{ timeout: 60_001 }, '/timeout'],
    [{ limits: { cpus: '1' } }, '/limits/cpus'],
    [{ limits: { cpus: 3 } }, '/limits/cpus'],
    [{ limits: { gpus: 1 } }, '/limits/gpus'],
    [{ limits: { memoryBytes: 1.5 } }, '/limits/memoryBytes'],
    [{ persistence: 'sometimes' }, '/persistence'],
    [{ persistence: { policy: 'none', extra: 1 } }, '/persistence/extra'],
    [{ persistence: { policy: 'none', keep: {} } }, '/persistence/keep'],
    [{ persistence: { policy: 'none', keep: { hourly: 0 } } }, '/persistence/keep/hourly'],
    [{ network: { policy: 'all' } }, '/network/policy'],
    [{ env: { 'NOT A NAME': 'x' } }, '/env/NOT A NAME'],
    [{ env: { LD_PRELOAD: '/evil.so' } }, '/env/LD_PRELOAD'],
    [{ env: { NODE_OPTIONS: '--inspect' } }, '/env/NODE_OPTIONS'],
    [{ env: { PYTHONSTARTUP: 'x' } }, '/env/PYTHONSTARTUP'],
    [{ env: { A: 1 } }, '/env/A'],
    [{ labels: { a: 'x'.repeat(300) } }, '/labels/a'],
    [{ runtime: 'runc' }, '/runtime'],
    [{ image: 'busybox' }, '/image'],
    [{ cwd: '/proc/self/fd/7' }, '/cwd'],
    [{ mounts: [] }, '/mounts'],
    [{ idle: { pauseAfterMs: 999 } }, '/idle/pauseAfterMs'],
    [{ idle: { expireAfterMs: 1e15 } }, '/idle/expireAfterMs'],
  ])('refuses %j and names the field', async (payload, field) => {
    const reply = await create(payload);
    expect(reply.statusCode).toBe(400);
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(reply.json().code).toBe('invalid_request');
    expect(reply.json().fields.map((each: { field: string }) => each.field)).toContain(field);
    expect(api.sessions.callsOf('create')).toEqual([]);
  });

  it.each([
    [{ persistence: 'hibernate' }, { persistence: { policy: 'hibernate' } }],
    [
      { persistence: { policy: 'execution', keep: 3 } },
      { persistence: { policy: 'execution', keep: 3 } },
    ],
    [
      { persistence: { policy: 'interval', keep: { last: 2, daily: 7 } } },
      { persistence: { policy: 'interval', keep: { last: 2, daily: 7 } } },
    ],
    [{ idle: { hibernateAfterMs: 5000 } }, { idle: { hibernateAfterMs: 5000 } }],
    [
      { idle: { pauseAfterMs: 1000, hibernateAfterMs: 5000, expireAfterMs: 9000 } },
      { idle: { pauseAfterMs: 1000, hibernateAfterMs: 5000, expireAfterMs: 9000 } },
    ],
  ])('creates with %j', async (payload, config) => {
    expect((await create(payload)).statusCode).toBe(201);
    expect(api.sessions.callsOf('create')[0]!.given[1]).toMatchObject({ config });
  });

  it.each([
    { session: 'a' },
    { session: 'a', version: 2 },
    { session: 'a', label: 'good' },
    { snapshot: 'snap-1' },
  ])('creates from %j', async (from) => {
    expect((await create({ from })).statusCode).toBe(201);
    expect(api.sessions.callsOf('create')[0]!.given[1]).toMatchObject({ from });
  });

  it.each([
    [{ policy: 'none', bytesTotal: 5 }, { policy: 'none' }],
    [{ policy: 'allowlist' }, { policy: 'allowlist', allow: [] }],
    [
      {
        policy: 'allowlist',
        allow: ['a.test:8443', '*.b.test'],
        bytesPerSecond: 9,
        bytesTotal: 99,
      },
      {
        policy: 'allowlist',
        allow: ['a.test:8443', '*.b.test'],
        bytesPerSecond: 9,
        bytesTotal: 99,
      },
    ],
  ])('creates with the network %j', async (network, expected) => {
    const reply = await create({ network });
    expect(reply.statusCode).toBe(201);
    expect(reply.json().config.network).toEqual(expected);
  });

  it.each([
    [{ policy: 'allowlist', allow: ['a.test', 'https://b.test/'] }, '/network/allow/1'],
    [{ policy: 'allowlist', allow: ['*'] }, '/network/allow/0'],
    [{ policy: 'allowlist', allow: ['a.test:99999'] }, '/network/allow/0'],
    [{ policy: 'none', allow: ['a.test'] }, '/network/allow'],
    [{ policy: 'allowlist', bytesTotal: 0 }, '/network/bytesTotal'],
    [{ policy: 'open' }, '/network/policy'],
  ])('refuses the network %j, naming what is wrong', async (network, field) => {
    const reply = await create({ network });
    expect(reply.statusCode).toBe(400);
    expect(reply.json().fields).toMatchObject([{ field }]);
  });

  it('refuses a language that there is no engine for', async () => {
    const reply = await create({ language: 'cobol' });
    expect(reply.statusCode).toBe(422);
    expect(reply.json()).toMatchObject({
      code: 'unsupported_language',
      detail: 'There is an engine for: anarchy.',
    });
    expect(api.sessions.callsOf('create')).toEqual([]);
  });

  it('passes on that the name is taken', async () => {
    api.sessions.before.set('create', () => {
      throw new AppError('name_taken');
    });
    const reply = await create({ name: 'demo' });
    expect(reply.statusCode).toBe(409);
    expect(reply.json().code).toBe('name_taken');
  });

  it('gives up after its deadline and tells the sessions to stop', async () => {
    const { promise: never } = Promise.withResolvers<void>();
    const { promise: entered, resolve } = Promise.withResolvers<void>();
    api.sessions.before.set('create', () => {
      resolve();
      return never;
    });
    const pending = create({});
    await entered;
    api.clock.advance(60_000);
    const reply = await pending;
    expect(reply.statusCode).toBe(504);
    expect(reply.json().code).toBe('deadline_exceeded');
  });
});

describe('GET /api/sessions', () => {
  const list = (query: string) =>
    api.server.inject({ url: `/api/sessions${query}`, headers: keyOf('viewer') });

  it('lists a page of the tenant’s own sessions', async () => {
    api.sessions.add({ name: 'a' });
    api.sessions.add({ name: 'b' });
    api.sessions.add({ name: 'c', tenant: 'other' });
    const reply = await list('?limit=1&offset=1');
    expect(reply.statusCode).toBe(200);
    expect(new Checker(SessionList).fields(reply.json())).toEqual([]);
    expect(reply.json()).toMatchObject({ items: [{ name: 'b' }], total: 2, limit: 1, offset: 1 });
  });

  it('hands the filter on, parsed', async () => {
    await list(`?filter=${encodeURIComponent('state:idle name:demo* label.team:"blue whale"')}`);
    expect(api.sessions.callsOf('list')[0]!.given).toEqual([
      'default',
      { state: 'idle', name: 'demo*', labels: { team: 'blue whale' } },
      { limit: 50, offset: 0 },
    ]);
  });

  it.each([
    ['?limit=0', '?limit'],
    ['?limit=201', '?limit'],
    ['?limit=ten', '?limit'],
    ['?limit=1e1', '?limit'],
    ['?limit=1&limit=2', '?limit'],
    ['?offset=-1', '?offset'],
    ['?page=2', '?page'],
    ['?filter=state:sleepy', '?filter'],
    ['?filter=color:red', '?filter'],
  ])('refuses %s', async (query, field) => {
    const reply = await list(query);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().fields[0].field).toBe(field);
  });
});

describe('GET /api/sessions/{id}', () => {
  const get = (url: string) => api.server.inject({ url, headers: keyOf('viewer') });

  it('finds it by id and by name, and shows its sandbox without its secrets', async () => {
    const { sessionId } = api.sessions.add({
      name: 'demo',
      sandbox: {
        sandboxId: 'sbx-1',
        runtimeId: 'abc',
        token: 'secret',
        uid: 4711,
        runtime: 'runsc',
      },
    });
    for (const key of [sessionId, 'demo']) {
      const reply = await get(`/api/sessions/${key}`);
      expect(reply.statusCode).toBe(200);
      expect(new Checker(SessionDetails).fields(reply.json())).toEqual([]);
      expect(reply.json().sandbox).toEqual({ id: 'sbx-1', runtime: 'runsc', tier: 'gvisor' });
      expect(reply.json().statistics.memoryBytes).toBe(4096);
      expect(reply.body).not.toMatch(/secret|4711/);
    }
  });

  it('adds variables and history when asked', async () => {
    api.sessions.add({ name: 'demo' });
    api.sessions.onSubmit = (execution) => api.sessions.end(execution);
    await api.server.inject({
      method: 'POST',
      url: '/api/sessions/demo/execute',
      headers,
      payload: { code: '1' },
    });
    const reply = await get('/api/sessions/demo?includeState=true&includeHistory=true');
    expect(new Checker(SessionDetails).fields(reply.json())).toEqual([]);
    expect(reply.json().variables).toEqual([
      {
        name: 'x',
        type: 'number',
        preview: '10',
        size: 1,
        mutable: true,
        kind: 'variable',
        value: 10,
      },
    ]);
    expect(reply.json().history).toMatchObject([{ code: '1', status: 'success' }]);
    expect((await get('/api/sessions/demo')).json()).not.toHaveProperty('variables');
  });

  it('gives the session without its state when the engine does not answer in time', async () => {
    api.sessions.add({ name: 'demo' });
    const { promise: entered, resolve } = Promise.withResolvers<void>();
    api.sessions.before.set('variables', () => {
      resolve();
      return new Promise<void>(() => {});
    });
    const pending = get('/api/sessions/demo?includeState=true');
    await entered;
    api.clock.advance(2000);
    expect((await pending).json()).toMatchObject({ name: 'demo', variables: null });
  });

  it('answers for another tenant’s session as for none', async () => {
    const { sessionId } = api.sessions.add({ tenant: 'other' });
    const foreign = await get(`/api/sessions/${sessionId}`);
    const absent = await get('/api/sessions/ses-absent');
    expect(foreign.statusCode).toBe(404);
    expect({ ...foreign.json(), requestId: '' }).toEqual({ ...absent.json(), requestId: '' });
  });

  it('refuses a flag that is neither true nor false', async () => {
    expect((await get('/api/sessions/demo?includeState=yes')).statusCode).toBe(400);
  });
});

describe('DELETE, PUT config and restart', () => {
  it('deletes with force when it is asked to', async () => {
    api.sessions.add({ name: 'demo' });
    const reply = await api.server.inject({
      method: 'DELETE',
      url: '/api/sessions/demo?force=true',
      headers,
    });
    expect(reply.statusCode).toBe(204);
    expect(reply.body).toBe('');
    expect(api.sessions.callsOf('delete')[0]!.given).toEqual([
      'default',
      'demo',
      { force: true, keepSnapshots: false },
    ]);
  });

  it('merges the steps of the idle ladder; null takes one away', async () => {
    const { config } = sessionRecord();
    const idle = { pauseAfterMs: 1000, hibernateAfterMs: 2000, expireAfterMs: 3000 };
    api.sessions.add({ name: 'demo', config: { ...config, idle } });
    const reply = await api.server.inject({
      method: 'PUT',
      url: '/api/sessions/demo/config',
      headers,
      payload: { idle: { pauseAfterMs: null, expireAfterMs: 4000 } },
    });
    expect(reply.json().config.idle).toEqual({ hibernateAfterMs: 2000, expireAfterMs: 4000 });
  });

  it('merges limits and replaces the environment', async () => {
    api.sessions.add({ name: 'demo' });
    const reply = await api.server.inject({
      method: 'PUT',
      url: '/api/sessions/demo/config',
      headers,
      payload: { limits: { cpus: 1 }, env: { A: 'b' }, timeout: 7000 },
    });
    expect(reply.statusCode).toBe(200);
    expect(new Checker(Session).fields(reply.json())).toEqual([]);
    expect(reply.json().config).toMatchObject({
      timeout: 7000,
      env: ['A'],
      limits: { cpus: 1, memoryBytes: 268_435_456 },
    });
    const [, , change] = api.sessions.callsOf('configure')[0]!.given;
    expect(Object.keys(change as object).sort()).toEqual(['env', 'limits', 'timeout']);
  });

  it('refuses a change that is too much, or unknown', async () => {
    api.sessions.add({ name: 'demo' });
    for (const payload of [{ limits: { pids: 10_000 } }, { name: 'other' }, { from: {} }]) {
      const reply = await api.server.inject({
        method: 'PUT',
        url: '/api/sessions/demo/config',
        headers,
        payload,
      });
      expect(reply.statusCode).toBe(400);
    }
  });

  it('restarts without a body', async () => {
    api.sessions.add({ name: 'demo' });
    const reply = await api.server.inject({
      method: 'POST',
      url: '/api/sessions/demo/restart',
      headers,
    });
    expect(reply.statusCode).toBe(200);
    expect(new Checker(Session).fields(reply.json())).toEqual([]);
  });
});
