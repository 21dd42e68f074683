// The whole way, once: a session is created, runs code over HTTP and over the live WebSocket, and is deleted.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, startService } from '../helpers/start-service.ts';

describe('a session', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  it('answers the published example to the letter', async () => {
    const session = await service.createSession();
    const live = await service.live(session.id);
    live.send({
      type: 'execute',
      code: 'let x = 10; print(x);',
      id: 'request-123',
      options: { timeout: 5000, captureOutput: true },
    });
    const end = await live.wait((message) => message.type === 'executionResult');
    const [start, output, result] = live.messages.filter((message) => message.type !== 'state');
    expect(start).toEqual({
      type: 'executionStart',
      id: expect.stringMatching(/^exec-/),
      requestId: 'request-123',
      timestamp: expect.any(Number),
      seq: expect.any(Number),
    });
    expect(output).toMatchObject({
      type: 'output',
      executionId: start!.id,
      content: '10\n',
      channel: 'stdout',
    });
    expect(result).toBe(end);
    expect(end).toMatchObject({
      executionId: start!.id,
      result: { type: 'number', value: 10 },
      status: 'success',
      duration: expect.any(Number),
    });

    live.send({ type: 'execute', code: 'x = ;', id: 'request-124' });
    const error = await live.wait((message) => message.type === 'error');
    expect(error).toMatchObject({
      error: {
        type: 'SyntaxError',
        message: "Unexpected token ';'",
        location: { line: 1, column: 5 },
      },
    });
    const second = await live.wait(
      (message) => message.type === 'executionResult' && message.executionId === error.executionId,
    );
    expect(second).toMatchObject({ status: 'error' });

    live.send({ type: 'inspect', variable: 'x', depth: 2 });
    const inspection = await live.wait((message) => message.type === 'inspectionResult');
    expect(inspection).toMatchObject({ variable: 'x', value: { type: 'number', preview: '10' } });
  });

  it('keeps its variables and functions from one execution to the next', async () => {
    const { id } = await service.createSession();
    await service.execute(id, 'count = 1; bump(){ count = count + 1; return count; }');
    expect((await service.execute(id, 'bump(); bump()')).result).toMatchObject({
      type: 'number',
      value: 3,
    });
    const variables = await service.request(
      'GET',
      `/api/sessions/${id}/variables?includeValues=true`,
    );
    expect(variables.body.items).toEqual([
      expect.objectContaining({ name: 'bump', kind: 'function' }),
      expect.objectContaining({ name: 'count', kind: 'variable', value: 3 }),
    ]);
  });

  it('shares nothing with another session', async () => {
    const [one, two] = await Promise.all([service.createSession(), service.createSession()]);
    await service.execute(one.id, 'secret = 42');
    expect((await service.execute(two.id, 'secret')).error).toMatchObject({
      type: 'ReferenceError',
      message: expect.stringContaining('secret is not defined'),
      location: { line: 1, column: 1 },
    });
  });

  it('runs what is asked at the same time one after another', async () => {
    const { id } = await service.createSession();
    await service.execute(id, 'n = 0');
    const runs = await Promise.all(
      Array.from({ length: 20 }, () => service.execute(id, 'n = n + 1')),
    );
    expect(runs.map((run) => run.result.value).sort((a: number, b: number) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  it('answers at once when asked to, and the result is there later', async () => {
    const { id } = await service.createSession();
    const accepted = await service.request(
      'POST',
      `/api/sessions/${id}/execute`,
      { code: 'print("later"); 7' },
      { prefer: 'respond-async' },
    );
    expect(accepted.status).toBe(202);
    const location = accepted.headers.get('location')!;
    await expect
      .poll(async () => (await service.request('GET', location)).body.status, { timeout: 10_000 })
      .toBe('success');
    expect((await service.request('GET', location)).body).toMatchObject({
      result: { value: 7 },
      output: [{ channel: 'stdout', content: 'later\n' }],
    });
  });

  it('streams events as they happen over server-sent events', async () => {
    const { id } = await service.createSession();
    const reply = await service.request(
      'POST',
      `/api/sessions/${id}/execute`,
      { code: 'print(1); print(2); 3' },
      { accept: 'text/event-stream' },
    );
    const events = [...String(reply.body).matchAll(/id: (\d+)\nevent: (\w+)\ndata: (.*)\n/g)].map(
      (match) => ({
        seq: Number(match[1]),
        type: match[2],
        data: JSON.parse(match[3]!),
      }),
    );
    expect(events[0]).toMatchObject({ type: 'executionStart' });
    expect(
      events
        .filter((event) => event.type === 'output')
        .map((event) => event.data.content)
        .join(''),
    ).toBe('1\n2\n');
    expect(events.at(-1)).toMatchObject({
      type: 'executionResult',
      data: { result: { value: 3 } },
    });
    expect(events.map((event) => event.seq)).toEqual(
      events.map((event) => event.seq).sort((a, b) => a - b),
    );
  });

  it('reads lines that were given with the execution, and lines that a client types', async () => {
    const { id } = await service.createSession();
    const given = await service.execute(id, 'input() + "/" + input()', { stdin: 'one\ntwo\n' });
    expect(given.result.value).toBe('one/two');
    const refused = await service.execute(id, 'input()');
    expect(refused.error).toMatchObject({ type: 'IOError', message: 'Input is not available' });
    const live = await service.live(id);
    live.send({ type: 'execute', code: 'name = input("Who? "); "Hello " + name', id: 'ask' });
    const request = await live.wait((message) => message.type === 'inputRequest');
    expect(request.prompt).toBe('Who? ');
    live.send({ type: 'stdin', executionId: request.executionId, content: 'Ann\n' });
    const end = await live.wait((message) => message.type === 'executionResult');
    expect(end.result).toMatchObject({ value: 'Hello Ann' });
  });

  it('tells every client of the session everything, and replays what one missed', async () => {
    const { id } = await service.createSession();
    const [one, two] = [await service.live(id), await service.live(id)];
    await one.execute('print("first")');
    const seen = await two.wait((message) => message.type === 'executionResult');
    two.close();
    await one.execute('print("second")');
    const again = await service.live(id, `?since=${seen.seq}`);
    await again.wait((message) => message.type === 'executionResult');
    expect(
      again.messages.filter((message) => message.type === 'output').map((m) => m.content),
    ).toEqual(['second\n']);
    expect(again.messages.every((message) => message.seq > seen.seq)).toBe(true);
  });

  it('tells a history of large executions in pages that fit', async () => {
    const { id } = await service.createSession({ limits: { outputBytes: 5_000_000 } });
    const code = 'line = "x".repeat(100000); for (i = 0; i < 45; i++) { print(line) } 0';
    for (let i = 0; i < 3; i++) await service.execute(id, code, { timeout: 30_000 });
    const page = async (offset: number) => {
      const path = `/api/sessions/${id}/history?includeResults=true&offset=${offset}`;
      const { items, total, next } = (await service.request('GET', path)).body;
      return { count: items.length, total, next };
    };
    expect(await page(0)).toEqual({ count: 1, total: 3, next: 1 });
    expect(await page(1)).toEqual({ count: 1, total: 3, next: 2 });
    expect(await page(2)).toEqual({ count: 1, total: 3, next: null });
  });

  it('lists its history newest first, and forgets it when asked', async () => {
    const { id } = await service.createSession();
    await service.execute(id, 'print("a")');
    await service.execute(id, '1/0');
    const history = await service.request('GET', `/api/sessions/${id}/history?includeResults=true`);
    expect(history.body).toMatchObject({
      total: 2,
      items: [
        {
          code: '1/0',
          status: 'error',
          error: { type: 'ZeroDivisionError', location: { line: 1, column: 2 } },
        },
        { code: 'print("a")', status: 'success', output: [{ content: 'a\n' }] },
      ],
    });
    expect((await service.request('DELETE', `/api/sessions/${id}/history`)).status).toBe(204);
    expect((await service.request('GET', `/api/sessions/${id}/history`)).body.total).toBe(0);
  });

  it('is found by its name, and a name is taken once', async () => {
    const session = await service.createSession({ name: 'named' });
    expect((await service.request('GET', '/api/sessions/named')).body.id).toBe(session.id);
    const again = await service.request('POST', '/api/sessions', { name: 'named' });
    expect(again).toMatchObject({ status: 409, body: { code: 'name_taken' } });
  });

  it('gives the same answer for the same idempotency key, and runs once', async () => {
    const { id } = await service.createSession();
    await service.execute(id, 'n = 0');
    const send = () =>
      service.request(
        'POST',
        `/api/sessions/${id}/execute`,
        { code: 'n = n + 1' },
        { 'idempotency-key': 'k1' },
      );
    const [first, second] = [await send(), await send()];
    expect(second.body).toEqual(first.body);
    expect((await service.execute(id, 'n')).result.value).toBe(1);
  });

  it('changes live: environment, time limit, memory and CPU', async () => {
    const { id } = await service.createSession({ env: { COLOUR: 'red' } });
    expect((await service.execute(id, 'env("COLOUR")')).result.value).toBe('red');
    const changed = await service.request('PUT', `/api/sessions/${id}/config`, {
      timeout: 1234,
      env: { COLOUR: 'blue' },
      limits: { cpus: 0.5 },
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { config: { timeout: 1234, limits: { cpus: 0.5 } } },
    });
    expect((await service.execute(id, 'env("COLOUR")')).result.value).toBe('blue');
    const refused = await service.request('PUT', `/api/sessions/${id}/config`, {
      limits: { workspaceBytes: 16777216 },
    });
    expect(refused).toMatchObject({ status: 409, body: { code: 'not_changeable' } });
  });

  it('starts afresh when restarted, with its history', async () => {
    const { id } = await service.createSession();
    await service.execute(id, 'x = 1');
    expect((await service.request('POST', `/api/sessions/${id}/restart`)).body.state).toBe('idle');
    expect((await service.execute(id, 'x')).error.type).toBe('ReferenceError');
    expect((await service.request('GET', `/api/sessions/${id}/history`)).body.total).toBe(2);
  });

  it('leaves nothing behind when it is deleted', async () => {
    const session = await service.createSession();
    const live = await service.live(session.id);
    expect((await service.containers()).map((container) => container.Names[0])).toContain(
      `/cellar-${session.sandbox.id}`,
    );
    expect((await service.request('DELETE', `/api/sessions/${session.id}`)).status).toBe(204);
    expect((await live.closing()).code).toBe(4009);
    expect((await service.request('GET', `/api/sessions/${session.id}`)).status).toBe(404);
    expect((await service.containers()).map((container) => container.Names[0])).not.toContain(
      `/cellar-${session.sandbox.id}`,
    );
    expect(await readdir(join(service.dataDirectory, 'run'))).not.toContain(session.sandbox.id);
  });

  it('is not deleted while it works, unless forced', async () => {
    const { id } = await service.createSession();
    const live = await service.live(id);
    live.send({ type: 'execute', code: 'while(true){}', id: 'loop', options: { timeout: 60_000 } });
    await live.wait((message) => message.type === 'executionStart');
    expect(await service.request('DELETE', `/api/sessions/${id}`)).toMatchObject({
      status: 409,
      body: { code: 'session_busy' },
    });
    expect((await service.request('DELETE', `/api/sessions/${id}?force=true`)).status).toBe(204);
  });
});
