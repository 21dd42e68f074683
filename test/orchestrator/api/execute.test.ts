import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checker } from '../../../src/orchestrator/api/schemas/checker.ts';
import {
  Execution,
  ExecutionList,
  VariableList,
} from '../../../src/orchestrator/api/schemas/reply.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { ExecutionRecord } from '../../../src/orchestrator/registry/records.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

const headers = keyOf('developer');
let api: ApiFixture;
let sessionId: string;
beforeEach(async () => {
  api = await ApiFixture.open();
  sessionId = api.sessions.add({ name: 'demo' }).sessionId;
});
afterEach(() => api[Symbol.asyncDispose]());

function execute(payload: object, more: Record<string, string> = {}) {
  return api.server.inject({
    method: 'POST',
    url: '/api/sessions/demo/execute',
    headers: { ...headers, ...more },
    payload,
  });
}

/** Executions end as soon as they are submitted. */
function endAtOnce(changes: Partial<ExecutionRecord> = {}): void {
  api.sessions.onSubmit = (execution) =>
    api.sessions.end(execution, changes, [
      { channel: 'stdout', content: '10\n', at: 1_767_225_600_001 },
    ]);
}

describe('POST execute', () => {
  it('replies with the execution when it has ended', async () => {
    endAtOnce({ result: { type: 'number', value: 10, preview: '10' } });
    const reply = await execute({ code: 'let x = 10; print(x); x' });
    expect(reply.statusCode).toBe(200);
    expect(new Checker(Execution).fields(reply.json())).toEqual([]);
    expect(reply.json()).toMatchObject({
      sessionId,
      code: 'let x = 10; print(x); x',
      status: 'success',
      result: { type: 'number', value: 10, preview: '10' },
      output: [{ channel: 'stdout', content: '10\n', at: '2026-01-01T00:00:00.001Z' }],
      truncated: false,
      startedAt: '2026-01-01T00:00:00.000Z',
      duration: 15,
    });
  });

  it('replies 200 for a program that failed too', async () => {
    endAtOnce({ status: 'error', error: { type: 'TypeError', message: 'no' } });
    const reply = await execute({ code: 'oops' });
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toMatchObject({ status: 'error', error: { type: 'TypeError' } });
  });

  it('hands on every parameter', async () => {
    endAtOnce();
    await execute({ code: '1', timeout: 1234, captureOutput: false, stdin: 'a' });
    expect(api.sessions.callsOf('submit')[0]!.given).toEqual([
      'default',
      'demo',
      { code: '1', timeout: 1234, captureOutput: false, stdin: 'a' },
    ]);
  });

  it.each([
    [{}, '/code'],
    [{ code: 1 }, '/code'],
    [{ code: '1', timeout: 0 }, '/timeout'],
    [{ code: '1', timeout: '5' }, '/timeout'],
    [{ code: '1', timeout: 60_001 }, '/timeout'],
    [{ code: '1', captureOutput: 'false' }, '/captureOutput'],
    [{ code: '1', language: 'python' }, '/language'],
  ])('refuses %j', async (payload, field) => {
    const reply = await execute(payload);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().fields[0].field).toBe(field);
    expect(api.sessions.callsOf('submit')).toEqual([]);
  });

  it('refuses code that would not fit the link to the sandbox', async () => {
    const reply = await execute({ code: '\u0001'.repeat(800_000) });
    expect(reply.statusCode).toBe(413);
    expect(reply.json().code).toBe('payload_too_large');
  });

  it('passes on a full queue, with the time to wait', async () => {
    api.sessions.before.set('submit', () => {
      throw new AppError('queue_full', { retryAfterSeconds: 3 });
    });
    const reply = await execute({ code: '1' });
    expect(reply.statusCode).toBe(429);
    expect(reply.headers['retry-after']).toBe('3');
  });

  it('replies at once when it is asked to', async () => {
    const reply = await execute({ code: '1' }, { prefer: 'respond-async' });
    expect(reply.statusCode).toBe(202);
    expect(reply.headers['preference-applied']).toBe('respond-async');
    const { executionId, status } = reply.json();
    expect(status).toBe('queued');
    expect(reply.headers.location).toBe(`/api/sessions/${sessionId}/executions/${executionId}`);
    const later = await api.server.inject({ url: String(reply.headers.location), headers });
    expect(later.json()).toMatchObject({ executionId, status: 'queued', startedAt: null });
    expect(new Checker(Execution).fields(later.json())).toEqual([]);
  });

  it('gives up waiting after the time limit and the longest wait for a turn, and says where it goes on', async () => {
    const pending = execute({ code: '1', timeout: 1000 });
    await expect.poll(() => api.sessions.callsOf('ended')).toHaveLength(1);
    api.clock.advance(601_000);
    const reply = await pending;
    expect(reply.statusCode).toBe(504);
    expect(reply.headers.location).toMatch(/^\/api\/sessions\/ses-.*\/executions\/exec-/);
    expect(api.sessions.callsOf('cancel')).toEqual([]);
  });

  it('cancels the execution when the client goes away', async () => {
    const { promise: submitted, resolve } = Promise.withResolvers<ExecutionRecord>();
    api.sessions.onSubmit = resolve;
    const sent = await post({ code: 'loop' });
    const { executionId } = await submitted;
    expect(api.sessions.callsOf('cancel')).toEqual([]);
    sent.on('error', () => {});
    sent.destroy();
    await expect.poll(() => api.sessions.callsOf('cancel')).toHaveLength(1);
    expect(api.sessions.callsOf('cancel')[0]!.given[2]).toBe(executionId);
  });

  it('cancels nothing when the client has its reply', async () => {
    endAtOnce();
    const sent = await post({ code: '1' });
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    sent.destroy();
    const { server } = api.server;
    const connections = () =>
      new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
    await expect.poll(connections).toBe(0);
    expect(api.sessions.callsOf('cancel')).toEqual([]);
  });

  it('ends the wait when the service stops', async () => {
    const url = await api.listen();
    const pending = fetch(`${url}/api/sessions/demo/execute`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"code":"loop"}',
    });
    await expect.poll(() => api.sessions.callsOf('ended')).toHaveLength(1);
    const closing = api.server.close();
    const reply = await pending;
    expect(reply.status).toBe(503);
    expect(await reply.json()).toMatchObject({ code: 'shutting_down' });
    await closing;
  });

  async function post(body: object): Promise<ClientRequest> {
    const sent = request(`${await api.listen()}/api/sessions/demo/execute`, {
      agent: false,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
    });
    sent.end(JSON.stringify(body));
    return sent;
  }
});

describe('executions, variables and history', () => {
  const get = (url: string) => api.server.inject({ url, headers: keyOf('viewer') });

  it('cancels an execution, once', async () => {
    const { executionId } = (await execute({ code: '1' }, { prefer: 'respond-async' })).json();
    const cancel = () =>
      api.server.inject({
        method: 'POST',
        url: `/api/sessions/demo/executions/${executionId}/cancel`,
        headers,
      });
    const reply = await cancel();
    expect(reply.statusCode).toBe(202);
    expect(reply.json()).toMatchObject({ executionId, status: 'cancelled' });
    expect((await cancel()).json().code).toBe('execution_ended');
  });

  it('answers 404 for an execution that is not there', async () => {
    expect((await get('/api/sessions/demo/executions/exec-none')).json().code).toBe(
      'execution_not_found',
    );
  });

  it('lists variables', async () => {
    const reply = await get('/api/sessions/demo/variables?filter=x*&includeValues=true');
    expect(reply.statusCode).toBe(200);
    expect(new Checker(VariableList).fields(reply.json())).toEqual([]);
    expect(reply.json().items[0].value).toBe(10);
    expect(api.sessions.callsOf('variables')[0]!.given[2]).toEqual({
      filter: 'x*',
      includeValues: true,
    });
  });

  it('inspects a part of a variable', async () => {
    const path = encodeURIComponent('["users",0]');
    const reply = await get(`/api/sessions/demo/variables/x?depth=3&path=${path}`);
    expect(reply.json()).toEqual({
      variable: 'x',
      value: { type: 'number', preview: '10', size: 1 },
    });
    expect(api.sessions.callsOf('inspect')[0]!.given[2]).toEqual({
      variable: 'x',
      path: ['users', 0],
      depth: 3,
    });
  });

  it('refuses a path that is no list of keys, and a name that is not there', async () => {
    for (const path of ['users', '{}', '[[]]', '[-1]']) {
      const reply = await get(`/api/sessions/demo/variables/x?path=${encodeURIComponent(path)}`);
      expect(reply.json().fields[0].field).toBe('?path');
    }
    expect((await get('/api/sessions/demo/variables/y')).json().code).toBe('variable_not_found');
  });

  it('lists history newest first, with results when asked, and clears it', async () => {
    endAtOnce({ result: { type: 'number', value: 1, preview: '1' } });
    await execute({ code: 'first' });
    await execute({ code: 'second' });
    const lean = await get('/api/sessions/demo/history?limit=1');
    expect(new Checker(ExecutionList).fields(lean.json())).toEqual([]);
    expect(lean.json()).toMatchObject({ items: [{ code: 'second' }], total: 2, limit: 1, next: 1 });
    expect((await get('/api/sessions/demo/history?limit=1&offset=1')).json().next).toBeNull();
    expect((await get('/api/sessions/demo/history?offset=7')).json().next).toBeNull();
    expect(lean.json().items[0]).not.toHaveProperty('output');
    const full = await get('/api/sessions/demo/history?includeResults=true');
    expect(new Checker(ExecutionList).fields(full.json())).toEqual([]);
    expect(full.json().items[1]).toMatchObject({ code: 'first', output: [{ content: '10\n' }] });
    const cleared = await api.server.inject({
      method: 'DELETE',
      url: '/api/sessions/demo/history',
      headers,
    });
    expect(cleared.statusCode).toBe(204);
    expect((await get('/api/sessions/demo/history')).json().total).toBe(0);
  });
});
