import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await ApiFixture.open();
  api.sessions.add({ name: 'demo' });
});
afterEach(() => api[Symbol.asyncDispose]());

function post(url: string, key: string, payload: object, more: Record<string, string> = {}) {
  return api.server.inject({
    method: 'POST',
    url,
    headers: { ...keyOf('developer'), 'idempotency-key': key, ...more },
    payload,
  });
}

function importOne(content: string, label?: string) {
  return api.server.inject({
    method: 'POST',
    url: `/api/snapshots${label ? `?label=${label}` : ''}`,
    headers: {
      ...keyOf('developer'),
      'idempotency-key': 'k',
      'content-type': 'application/zstd',
    },
    payload: zstdCompressSync(content),
  });
}

/** As if the process had died between what it did and the storing of the reply. */
function cutOff() {
  for (const claim of api.replies.kept.values()) claim.reply = null;
  api.replies.ownerDied = true;
}

describe('Idempotency-Key', () => {
  it('gives the same answer to the same request, stored on the disk before it was sent', async () => {
    const first = await post('/api/sessions', 'k', { name: 'a' });
    expect(api.replies.order).toEqual(['stored', 'durable']);
    const second = await post('/api/sessions', 'k', { name: 'a' });
    expect(second.statusCode).toBe(201);
    expect(second.body).toBe(first.body);
    expect(second.headers.location).toBe(first.headers.location);
    expect(second.headers['content-type']).toBe(first.headers['content-type']);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(api.sessions.callsOf('create')).toHaveLength(1);
  });

  it('refuses another body with the same key', async () => {
    await post('/api/sessions', 'k', { name: 'a' });
    const reply = await post('/api/sessions', 'k', { name: 'b' });
    expect(reply.statusCode).toBe(409);
    expect(reply.json().code).toBe('idempotency_conflict');
  });

  it('keeps tenants, routes and sessions apart', async () => {
    api.sessions.onSubmit = (execution) => api.sessions.end(execution);
    api.sessions.add({ name: 'demo', tenant: 'other' });
    api.sessions.add({ name: 'second' });
    await post('/api/sessions', 'k', {});
    await post('/api/sessions/demo/execute', 'k', { code: '1' });
    await post('/api/sessions/second/execute', 'k', { code: '1' });
    await post('/api/sessions/demo/execute', 'k', { code: '1' }, keyOf('developer', 'other'));
    expect(api.sessions.callsOf('submit')).toHaveLength(3);
  });

  it('takes a session’s name and its id for the same session', async () => {
    api.sessions.onSubmit = (execution) => api.sessions.end(execution);
    const { sessionId } = (await api.sessions.find('default', 'demo')).record;
    const first = await post('/api/sessions/demo/execute', 'k', { code: '1' });
    const second = await post(`/api/sessions/${sessionId}/execute`, 'k', { code: '1' });
    expect(second.body).toBe(first.body);
    expect(api.sessions.callsOf('submit')).toHaveLength(1);
  });

  it('tells that the first request is still under way', async () => {
    const pending = post('/api/sessions/demo/execute', 'k', { code: '1' });
    await expect.poll(() => api.sessions.callsOf('ended')).toHaveLength(1);
    const reply = await post('/api/sessions/demo/execute', 'k', { code: '1' });
    expect(reply.statusCode).toBe(409);
    expect(reply.json().code).toBe('idempotency_in_progress');
    const { items } = await api.sessions.history('default', 'demo', { limit: 1, offset: 0 }, true);
    api.sessions.end(items[0]!.record);
    const first = await pending;
    expect((await post('/api/sessions/demo/execute', 'k', { code: '1' })).body).toBe(first.body);
  });

  it('begins anew what an earlier process had not begun', async () => {
    api.replies.ownerDied = true;
    const { promise: never } = Promise.withResolvers<void>();
    api.sessions.before.set('create', () => never);
    void post('/api/sessions', 'k', {});
    await expect.poll(() => api.sessions.callsOf('create')).toHaveLength(1);
    expect((await post('/api/sessions', 'k', {})).statusCode).toBe(201);
    api.clock.advance(60_000);
  });

  it.each([
    ['a session', '/api/sessions', { name: 'a' }],
    ['a snapshot', '/api/sessions/demo/snapshots', { label: 'a' }],
  ])('finds %s again that an earlier process made, and makes no other', async (_, url, body) => {
    const first = await post(url, 'k', body);
    cutOff();
    const again = await post(url, 'k', body);
    expect(again.statusCode).toBe(201);
    expect(again.json().id).toBe(first.json().id);
    expect(again.headers.location).toMatch(/^\/api\/sessions\/ses-\d/);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(api.replies.order.slice(-2)).toEqual(['stored', 'durable']);
    expect(api.sessions.callsOf('create').length + api.states.callsOf('take').length).toBe(1);
  });

  it('imports an archive once, also when an earlier process had just done so', async () => {
    const first = await importOne('archive');
    expect(first.statusCode).toBe(201);
    expect(first.headers.location).toBe(`/api/snapshots/${first.json().id}`);
    const second = await importOne('archive');
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(second.body).toBe(first.body);
    cutOff();
    const third = await importOne('archive');
    expect(third.statusCode).toBe(201);
    expect(third.json().id).toBe(first.json().id);
    expect(api.states.callsOf('import')).toHaveLength(1);
  });

  it('refuses an import with the same key of an archive of another size, or under another label', async () => {
    await importOne('archive');
    for (const other of [await importOne('something else'), await importOne('archive', 'good')]) {
      expect(other.statusCode).toBe(409);
      expect(other.json().code).toBe('idempotency_conflict');
    }
    expect(api.states.callsOf('import')).toHaveLength(1);
  });

  it('gives the end of an execution that an earlier process began', async () => {
    api.sessions.onSubmit = (execution) => api.sessions.end(execution, { status: 'lost' });
    const first = await post('/api/sessions/demo/execute', 'k', { code: '1' });
    cutOff();
    const again = await post('/api/sessions/demo/execute', 'k', { code: '1' });
    expect(again.statusCode).toBe(200);
    expect(again.json().status).toBe('lost');
    expect(again.body).toBe(first.body);
    expect(api.sessions.callsOf('submit')).toHaveLength(1);
  });

  it('tells where an execution is that an earlier process began in the background', async () => {
    api.sessions.onSubmit = (execution) => api.sessions.end(execution);
    const async = { prefer: 'respond-async' };
    const accepted = await post('/api/sessions/demo/execute', 'k', { code: '1' }, async);
    cutOff();
    const again = await post('/api/sessions/demo/execute', 'k', { code: '1' }, async);
    expect(again.statusCode).toBe(202);
    expect(again.headers.location).toBe(accepted.headers.location);
    expect(again.json().status).toBe('success');
  });

  it('says that nobody knows what became of a request whose effects were not stored yet', async () => {
    await post('/api/sessions', 'k', {});
    cutOff();
    for (const claim of api.replies.kept.values()) claim.made = '';
    expect((await post('/api/sessions', 'k', {})).json().code).toBe('outcome_unknown');
  });

  it('says that nobody knows when what was made has gone since', async () => {
    const { id } = (await post('/api/sessions', 'k', {})).json();
    cutOff();
    await api.sessions.delete('default', id, { force: true });
    const reply = await post('/api/sessions', 'k', {});
    expect(reply.statusCode).toBe(409);
    expect(reply.json().code).toBe('outcome_unknown');
    expect(api.sessions.callsOf('create')).toHaveLength(1);
  });

  it('frees the key when the request failed before it had an effect', async () => {
    api.sessions.before.set('create', () => {
      throw new AppError('overloaded');
    });
    expect((await post('/api/sessions', 'k', {})).statusCode).toBe(503);
    expect(api.replies.order).toEqual(['released']);
    expect((await post('/api/sessions', 'k', {})).statusCode).toBe(201);
  });

  it('never claims a key for a request that is not valid', async () => {
    await post('/api/sessions', 'k', { nmae: 1 });
    await post('/api/sessions', 'k', { idle: { pauseAfterMs: 5 } });
    await post('/api/sessions/none/execute', 'k', { code: '1' });
    expect(api.replies.kept.size).toBe(0);
  });

  it('lets a repetition wait for the same execution when the first wait was given up', async () => {
    const pending = post('/api/sessions/demo/execute', 'k', { code: '1' });
    await expect.poll(() => api.sessions.callsOf('ended')).toHaveLength(1);
    api.clock.advance(605_000);
    expect((await pending).statusCode).toBe(504);
    const again = post('/api/sessions/demo/execute', 'k', { code: '1' });
    await expect.poll(() => api.sessions.callsOf('ended')).toHaveLength(2);
    const { items } = await api.sessions.history('default', 'demo', { limit: 1, offset: 0 }, true);
    api.sessions.end(items[0]!.record);
    expect((await again).statusCode).toBe(200);
    expect((await pending).headers.location).toContain((await again).json().executionId);
    expect(api.sessions.callsOf('submit')).toHaveLength(1);
  });

  it('keeps the reply that a client was too impatient to wait for', async () => {
    const { promise: gate, resolve } = Promise.withResolvers<void>();
    api.sessions.before.set('create', () => gate);
    const pending = post('/api/sessions', 'k', {});
    await expect.poll(() => api.sessions.callsOf('create')).toHaveLength(1);
    api.clock.advance(60_000);
    expect((await pending).statusCode).toBe(504);
    resolve();
    await expect.poll(() => api.replies.order).toEqual(['stored', 'durable']);
    expect((await post('/api/sessions', 'k', {})).statusCode).toBe(201);
  });

  it.each(['', 'two words', 'ü', 'x'.repeat(256)])('refuses the key %j', async (key) => {
    const reply = await post('/api/sessions', key, {});
    expect(reply.statusCode).toBe(400);
    expect(reply.json().fields[0].field).toBe('idempotency-key');
  });
});
