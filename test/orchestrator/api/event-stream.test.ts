import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutionRecord } from '../../../src/orchestrator/registry/records.ts';
import { StreamClient } from '../../helpers/stream-client.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

let api: ApiFixture;
let sessionId: string;
beforeEach(() => start());
afterEach(() => api[Symbol.asyncDispose]());

async function start(options: Parameters<typeof ApiFixture.open>[0] = {}): Promise<void> {
  await api?.[Symbol.asyncDispose]();
  api = await ApiFixture.open(options);
  sessionId = api.sessions.add({ name: 'demo' }).sessionId;
}

async function stream(
  method: 'GET' | 'POST',
  path: string,
  headers: Record<string, string> = {},
  body?: object,
): Promise<StreamClient> {
  return StreamClient.open(`${await api.listen()}${path}`, {
    method,
    headers: { ...keyOf('developer'), ...headers },
    ...(body ? { body } : {}),
  });
}

/** Submits over the stream; gives both ends. */
async function execute(headers: Record<string, string> = {}) {
  const { promise, resolve } = Promise.withResolvers<ExecutionRecord>();
  api.sessions.onSubmit = resolve;
  const client = await stream('POST', '/api/sessions/demo/execute', headers, { code: '1' });
  return { client, execution: await promise };
}

function output(execution: ExecutionRecord, content: string) {
  return api.sessions.emit(sessionId, {
    type: 'output',
    executionId: execution.executionId,
    content,
    channel: 'stdout',
  });
}

describe('server-sent events', () => {
  it('sends the execution’s own events as they come, and ends with its result', async () => {
    const { client, execution } = await execute();
    expect(client.response.statusCode).toBe(200);
    expect(client.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(client.response.headers['x-request-id']).toBeTruthy();
    expect(client.response.headers.location).toBe(
      `/api/sessions/${sessionId}/executions/${execution.executionId}`,
    );
    const { seq, text } = output(execution, 'a\nb\n');
    await expect.poll(() => client.events).toHaveLength(1);
    expect(client.events[0]).toEqual({ id: String(seq), event: 'output', data: text });
    const { executionId } = execution;
    const progress = { type: 'progress', executionId, value: 1, of: 2 };
    const told = api.sessions.emit(sessionId, progress);
    await expect.poll(() => client.events).toHaveLength(2);
    expect(client.events[1]).toMatchObject({ id: String(told.seq), event: 'progress' });
    expect(JSON.parse(client.events[1]!.data!)).toEqual({ ...progress, seq: told.seq });
    api.sessions.emit(sessionId, { type: 'output', executionId: 'another', content: 'no' });
    api.sessions.emit(sessionId, { type: 'state', from: 'busy', to: 'idle', reason: 'execution' });
    api.sessions.end(execution);
    await expect.poll(() => client.ended).toBe(true);
    expect(client.events.map(({ event }) => event)).toEqual([
      'output',
      'progress',
      'executionResult',
    ]);
    expect(api.sessions.followerCount(sessionId)).toBe(0);
  });

  it('loses nothing that happens before the stream stands', async () => {
    api.sessions.onSubmit = (execution) => {
      output(execution, 'early');
      api.sessions.end(execution);
    };
    const client = await stream('POST', '/api/sessions/demo/execute', {}, { code: '1' });
    await expect.poll(() => client.ended).toBe(true);
    expect(client.events.map(({ event }) => event)).toEqual(['output', 'executionResult']);
  });

  it('does not cancel the execution when the client goes away', async () => {
    const { client, execution } = await execute();
    client.response.destroy();
    await expect.poll(() => api.sessions.followerCount(sessionId)).toBe(0);
    expect(api.sessions.callsOf('cancel')).toEqual([]);
    api.sessions.end(execution);
  });

  it('resumes at the execution’s own address after the last event seen', async () => {
    const { client, execution } = await execute();
    const seen = output(execution, 'one');
    await expect.poll(() => client.events).toHaveLength(1);
    client.response.destroy();
    output(execution, 'two');
    const address = String(client.response.headers.location);
    const resumed = await stream('GET', address, { 'last-event-id': String(seen.seq) });
    output(execution, 'three');
    api.sessions.end(execution);
    await expect.poll(() => resumed.ended).toBe(true);
    expect(resumed.events.map(({ data }) => JSON.parse(data!).content)).toEqual([
      'two',
      'three',
      undefined,
    ]);
  });

  it('gives all events of an execution that has ended, and ends', async () => {
    const { client, execution } = await execute();
    output(execution, 'one');
    api.sessions.end(execution);
    await expect.poll(() => client.ended).toBe(true);
    const again = await stream('GET', String(client.response.headers.location));
    await expect.poll(() => again.ended).toBe(true);
    expect(again.events).toEqual(client.events);
  });

  it('ends at once when the last event seen was the last', async () => {
    const { client, execution } = await execute();
    api.sessions.end(execution);
    await expect.poll(() => client.ended).toBe(true);
    const [last] = client.events;
    const again = await stream('GET', String(client.response.headers.location), {
      'last-event-id': last!.id!,
    });
    await expect.poll(() => again.ended).toBe(true);
    expect(again.response.statusCode).toBe(200);
    expect(again.events).toEqual([]);
  });

  it('runs once when the same request comes again with its key, and resumes', async () => {
    const key = { 'idempotency-key': 'k-1' };
    const { client, execution } = await execute(key);
    const seen = output(execution, 'one');
    await expect.poll(() => client.events).toHaveLength(1);
    client.response.destroy();
    output(execution, 'two');
    const again = await stream(
      'POST',
      '/api/sessions/demo/execute',
      { ...key, 'last-event-id': String(seen.seq) },
      { code: '1' },
    );
    expect(again.response.headers['idempotency-replayed']).toBe('true');
    api.sessions.end(execution);
    await expect.poll(() => again.ended).toBe(true);
    expect(again.events.map(({ event }) => event)).toEqual(['output', 'executionResult']);
    expect(api.sessions.callsOf('submit')).toHaveLength(1);
  });

  it('answers with a problem while nothing has been sent', async () => {
    const absent = await stream('GET', '/api/sessions/demo/executions/exec-none');
    expect(absent.response.statusCode).toBe(404);
    expect(absent.response.headers['content-type']).toContain('application/problem+json');
    const bad = await stream('POST', '/api/sessions/demo/execute', {}, {});
    expect(bad.response.statusCode).toBe(400);
    const wrong = await stream('GET', '/api/sessions/demo/executions/e', {
      'last-event-id': 'x',
    });
    expect(wrong.response.statusCode).toBe(400);
  });

  it('says that it is still here while nothing happens', async () => {
    const { client, execution } = await execute();
    await expect.poll(() => api.sessions.followerCount(sessionId)).toBe(1);
    api.clock.advance(20_000);
    await expect.poll(() => client.text).toContain(': still here\n\n');
    api.sessions.end(execution);
  });

  it('ends the stream of a client that does not read, with what was sent before it', async () => {
    await start({ bounds: { outgoingBytesMax: 200_000 } });
    const { client, execution } = await execute();
    await expect.poll(() => api.sessions.followerCount(sessionId)).toBe(1);
    client.response.pause();
    const content = 'x'.repeat(50_000);
    let sent = 0;
    // All in one turn: nothing can be read meanwhile, so the bound is what ends it.
    while (api.sessions.followerCount(sessionId) === 1 && sent < 2000) {
      output(execution, content);
      sent++;
      if (sent > 100) break;
    }
    client.response.resume();
    await expect.poll(() => client.ended).toBe(true);
    const seqs = client.events.map(({ id }) => Number(id));
    expect(seqs.length).toBeGreaterThan(0);
    expect(seqs.length).toBeLessThan(100);
    expect(seqs).toEqual(seqs.map((_, i) => seqs[0]! + i));
    api.sessions.end(execution);
  });

  it('ends streams when the service stops', async () => {
    const { client } = await execute();
    await expect.poll(() => api.sessions.followerCount(sessionId)).toBe(1);
    const closing = api.server.close();
    await expect.poll(() => client.ended).toBe(true);
    await closing;
  });
});
