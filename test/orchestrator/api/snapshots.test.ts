import { randomBytes } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Checker } from '../../../src/orchestrator/api/schemas/checker.ts';
import {
  Problem,
  Session,
  Snapshot,
  SnapshotList,
} from '../../../src/orchestrator/api/schemas/reply.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

const headers = keyOf('developer');

let api: ApiFixture;
let id: string;

beforeEach(async () => {
  api = await ApiFixture.open();
  id = api.sessions.add({ name: 'demo' }).sessionId;
});
afterEach(() => api.server.close());

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
const ask = (method: Method, url: string, payload?: object) =>
  api.server.inject({ method, url, headers, ...(payload ? { payload } : {}) });
const post = (url: string, payload?: object) => ask('POST', url, payload);

const importBytes = (payload: Buffer, query = '', type = 'application/zstd') =>
  api.server.inject({
    method: 'POST',
    url: `/api/snapshots${query}`,
    headers: { ...headers, 'content-type': type },
    payload,
  });

describe('snapshots', () => {
  it('are taken, with a label and without', async () => {
    const labelled = await post('/api/sessions/demo/snapshots', { label: 'before lunch' });
    expect(labelled.statusCode).toBe(201);
    expect(labelled.headers.location).toBe(`/api/sessions/${id}/snapshots/3`);
    expect(new Checker(Snapshot).fields(labelled.json())).toEqual([]);
    expect(labelled.json()).toMatchObject({ label: 'before lunch', version: 3, parent: 2 });
    expect((await post('/api/sessions/demo/snapshots')).json().label).toBeNull();
    expect(api.states.callsOf('take')).toEqual([
      ['default', id, 'before lunch'],
      ['default', id, null],
    ]);
  });

  it('are taken once for one idempotency key', async () => {
    for (let i = 0; i < 2; i++) {
      const reply = await api.server.inject({
        method: 'POST',
        url: '/api/sessions/demo/snapshots',
        headers: { ...headers, 'idempotency-key': 'k' },
        payload: {},
      });
      expect(reply.statusCode).toBe(201);
    }
    expect(api.states.callsOf('take')).toHaveLength(1);
  });

  it('are listed, shown and deleted', async () => {
    const list = await ask('GET', '/api/sessions/demo/snapshots?limit=10&offset=5');
    expect(new Checker(SnapshotList).fields(list.json())).toEqual([]);
    expect(list.json()).toMatchObject({ total: 2, limit: 10, offset: 5 });
    const one = await ask('GET', '/api/sessions/demo/snapshots/7');
    expect(one.json()).toMatchObject({ version: 7, session: 'ses-1' });
    expect(JSON.stringify(one.json())).not.toContain('tenant');
    expect((await ask('DELETE', '/api/sessions/demo/snapshots/7')).statusCode).toBe(204);
  });

  it('get, change and lose their labels', async () => {
    const labelled = await ask('PATCH', '/api/sessions/demo/snapshots/7', { label: 'good' });
    expect(labelled.statusCode).toBe(200);
    expect(new Checker(Snapshot).fields(labelled.json())).toEqual([]);
    expect(labelled.json()).toMatchObject({ version: 7, label: 'good' });
    const bare = await ask('PATCH', '/api/sessions/demo/snapshots/7', { label: null });
    expect(bare.json().label).toBeNull();
    expect(api.states.callsOf('label')).toEqual([
      ['default', 'demo', 7, 'good'],
      ['default', 'demo', 7, null],
    ]);
  });

  it('are there by their ids too, whatever became of their sessions', async () => {
    const list = await ask('GET', '/api/snapshots?limit=3');
    expect(new Checker(SnapshotList).fields(list.json())).toEqual([]);
    expect((await ask('GET', '/api/snapshots/snap-9')).json()).toMatchObject({ id: 'snap-9' });
    expect((await ask('DELETE', '/api/snapshots/snap-9')).statusCode).toBe(204);
    expect(api.states.callsOf('removeById')).toEqual([['default', 'snap-9']]);
  });

  it.each([
    ['snapshot_not_found', 404],
    ['snapshot_in_use', 409],
    ['snapshot_damaged', 422],
    ['snapshot_limit_reached', 409],
    ['storage_full', 507],
  ] as const)('answer %s with %i', async (code, status) => {
    api.states.failure = new AppError(code);
    const reply = await ask('DELETE', '/api/sessions/demo/snapshots/7');
    expect(reply.statusCode).toBe(status);
    expect(reply.json().code).toBe(code);
  });

  it('that are refused say why', async () => {
    const reason = 'entry_outside_workspace';
    api.states.failure = new AppError('snapshot_refused', { reason, detail: 'In our words.' });
    const reply = await importBytes(zstdCompressSync(Buffer.from('archive')));
    expect(new Checker(Problem).fields(reply.json())).toEqual([]);
    expect(reply.json()).toMatchObject({
      status: 422,
      code: 'snapshot_refused',
      reason,
      detail: 'In our words.',
    });
  });

  it.each([
    ['POST', '/api/sessions/demo/snapshots', { label: '' }, '/label'],
    ['POST', '/api/sessions/demo/snapshots', { name: 'x' }, '/name'],
    ['PATCH', '/api/sessions/demo/snapshots/7', {}, '/label'],
    ['PATCH', '/api/sessions/demo/snapshots/7', { label: '' }, '/label'],
    ['POST', '/api/sessions/demo/rollback', {}, '/version'],
    ['POST', '/api/sessions/demo/rollback', { version: 1, label: 'x' }, '/version'],
    ['POST', '/api/sessions/demo/rollback', { version: 0 }, '/version'],
    ['POST', '/api/sessions/demo/rollback', { version: '1' }, '/version'],
    ['GET', '/api/sessions/demo/snapshots/zero', undefined, ':version'],
    ['GET', '/api/sessions/demo/snapshots?limit=0', undefined, '?limit'],
  ] as const)('refuse %s %s %j and name the field', async (method, url, payload, field) => {
    const reply = await ask(method, url, payload);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().fields.map((each: { field: string }) => each.field)).toContain(field);
    expect(api.states.calls).toEqual([]);
  });
});

describe('a session', () => {
  it.each(['pause', 'hibernate', 'resume'] as const)('can be told to %s', async (verb) => {
    const reply = await post(`/api/sessions/demo/${verb}`);
    expect(reply.statusCode).toBe(200);
    expect(new Checker(Session).fields(reply.json())).toEqual([]);
    expect(api.states.callsOf(verb)).toEqual([['default', 'demo']]);
  });

  it('is rolled back to a version', async () => {
    const reply = await post('/api/sessions/demo/rollback', { version: 2 });
    expect(new Checker(Session).fields(reply.json())).toEqual([]);
    expect(api.states.callsOf('rollback')).toEqual([['default', 'demo', { version: 2 }]]);
    await post('/api/sessions/demo/rollback', { label: 'good' });
    expect(api.states.callsOf('rollback').at(-1)).toEqual(['default', 'demo', { label: 'good' }]);
  });
});

describe('an archive', () => {
  it('is one of so many that are downloaded at a time, and none is downloaded for ever', async () => {
    await api.server.close();
    api = await ApiFixture.open({ bounds: { archiveDownloadsMax: 1, transferMsMax: 60_000 } });
    api.sessions.add({ name: 'demo' });
    const url = `${await api.listen()}/api/sessions/demo/snapshots/2/archive`;
    api.states.endless = true;
    const stuck = await fetch(url, { headers });
    expect(stuck.status).toBe(200);
    const refused = await fetch(url, { headers });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect(await refused.json()).toMatchObject({ code: 'overloaded' });
    api.clock.advance(60_000);
    await expect(stuck.arrayBuffer()).rejects.toThrow();
    api.states.endless = false;
    await expect.poll(async () => (await fetch(url, { headers })).status).toBe(200);
  });

  it('that nobody reads any more makes room for another', async () => {
    await api.server.close();
    api = await ApiFixture.open({ bounds: { archiveDownloadsMax: 1 } });
    api.sessions.add({ name: 'demo' });
    const url = `${await api.listen()}/api/sessions/demo/snapshots/2/archive`;
    api.states.endless = true;
    const leaving = new AbortController();
    await fetch(url, { headers, signal: leaving.signal });
    leaving.abort();
    api.states.endless = false;
    await expect.poll(async () => (await fetch(url, { headers })).status).toBe(200);
  });

  it('is downloaded compressed, under a name', async () => {
    const reply = await ask('GET', '/api/sessions/demo/snapshots/2/archive');
    expect(reply.headers['content-type']).toBe('application/zstd');
    expect(reply.headers['content-disposition']).toContain('ses-1-2.tar.zst');
    expect(zstdDecompressSync(reply.rawPayload).equals(api.states.content)).toBe(true);
  });

  it('is imported', async () => {
    const reply = await importBytes(zstdCompressSync('content'), '?label=mine');
    expect(reply.statusCode).toBe(201);
    expect(new Checker(Snapshot).fields(reply.json())).toEqual([]);
    expect(reply.json()).toMatchObject({ session: null, version: null, reason: 'imported' });
    expect(api.states.callsOf('import')).toEqual([['default', 'anarchy', 'content', 'mine']]);
  });

  it.each([
    ['no zstd', Buffer.from('not compressed at all')],
    ['cut off', zstdCompressSync(Buffer.alloc(100_000, 'x')).subarray(0, 20)],
  ])('that is %s is refused', async (_, bytes) => {
    const reply = await importBytes(bytes);
    expect(reply.statusCode).toBe(422);
    expect(reply.json().code).toBe('snapshot_refused');
    expect(reply.json().reason).toBe('compression_malformed');
  });

  it('that is refused before it has come whole is answered all the same', async () => {
    vi.spyOn(api.states, 'import').mockImplementation(async (_, __, content) => {
      for await (const _ of content) break;
      throw new AppError('snapshot_too_large');
    });
    const url = `${await api.listen()}/api/snapshots`;
    const body = zstdCompressSync(randomBytes(8 * 1024 * 1024));
    for (let i = 0; i < 10; i++) {
      const reply = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/zstd' },
        body: new Uint8Array(body),
      });
      expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([
        413,
        'snapshot_too_large',
      ]);
    }
  });

  it('of another type, or another language, is refused', async () => {
    expect((await importBytes(Buffer.from('{}'), '', 'application/json')).statusCode).toBe(415);
    expect((await importBytes(Buffer.from('x'), '', 'text/plain')).statusCode).toBe(415);
    const reply = await importBytes(zstdCompressSync('content'), '?language=cobol');
    expect(reply.json().code).toBe('unsupported_language');
    expect(api.states.calls).toEqual([]);
  });
});
