import { once } from 'node:events';
import { connect } from 'node:net';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checker } from '../../../src/orchestrator/api/schemas/checker.ts';
import { Problem, Readiness } from '../../../src/orchestrator/api/schemas/reply.ts';
import { AppError, errorTable } from '../../../src/orchestrator/foundation/errors.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

const headers = keyOf('developer');
let api: ApiFixture;
beforeEach(async () => {
  api = await ApiFixture.open();
  api.sessions.add({ name: 'demo' });
});
afterEach(() => api[Symbol.asyncDispose]());

describe('problem documents', () => {
  it('say type, title, status, detail, code and request id', async () => {
    const reply = await api.server.inject({
      url: '/api/sessions/none',
      headers: { ...headers, 'x-request-id': 'abc-1' },
    });
    expect(reply.statusCode).toBe(404);
    expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(reply.headers['x-request-id']).toBe('abc-1');
    expect(reply.json()).toEqual({
      type: 'urn:cellar:error:session_not_found',
      title: errorTable.session_not_found.title,
      status: 404,
      detail: errorTable.session_not_found.title,
      code: 'session_not_found',
      requestId: 'abc-1',
    });
  });

  it('make a request id where none, or no decent one, came in', async () => {
    for (const id of [undefined, 'a b', 'x'.repeat(200), '<script>']) {
      const reply = await api.server.inject({
        url: '/api/whoami',
        headers: { ...headers, ...(id ? { 'x-request-id': id } : {}) },
      });
      expect(reply.headers['x-request-id']).toMatch(/^req-[0-9a-z]{26}$/);
    }
  });

  it('tell nothing of what went wrong inside; the log has it', async () => {
    api.sessions.before.set('find', () => {
      throw new Error('ENOENT /var/lib/cellar/secret.db on host-7');
    });
    const reply = await api.server.inject({ url: '/api/sessions/demo', headers });
    expect(reply.statusCode).toBe(500);
    expect(reply.body).not.toMatch(/ENOENT|secret|host-7|\.ts/);
    expect(new Checker(Problem).fields(reply.json())).toEqual([]);
    expect(JSON.stringify(api.logged)).toContain('secret.db');
  });

  it('keep the cause of a known failure inside too', async () => {
    api.sessions.before.set('find', () => {
      throw new AppError('runtime_unavailable', {
        cause: new Error('connect /var/run/docker.sock'),
      });
    });
    const reply = await api.server.inject({ url: '/api/sessions/demo', headers });
    expect(reply.statusCode).toBe(503);
    expect(reply.headers['retry-after']).toBe('1');
    expect(reply.body).not.toContain('docker.sock');
  });
});

describe('addresses', () => {
  it('answer 404 where nothing is, with a problem', async () => {
    for (const url of ['/nothing', '/api/nothing', '/api/sessions/demo/nothing/at/all']) {
      const reply = await api.server.inject({ url, headers });
      expect(reply.statusCode).toBe(404);
      expect(reply.json().code).toBe('not_found');
    }
  });

  it('answer 405 with the methods there are', async () => {
    const reply = await api.server.inject({
      method: 'PATCH',
      url: '/api/sessions/demo?x=1',
      headers,
    });
    expect(reply.statusCode).toBe(405);
    expect(reply.headers.allow).toBe('DELETE, GET, HEAD');
    expect(reply.json().code).toBe('method_not_allowed');
  });

  it('answer HEAD without a body', async () => {
    const reply = await api.server.inject({ method: 'HEAD', url: '/api/sessions/demo', headers });
    expect(reply.statusCode).toBe(200);
    expect(reply.body).toBe('');
  });

  it('survive what is not an address', async () => {
    for (const url of ['/api/sessions/%E0%A4%A', '/%00', `/api/sessions/${'x'.repeat(5000)}`]) {
      const reply = await api.server.inject({ url, headers });
      expect(reply.statusCode).toBeGreaterThanOrEqual(400);
      expect(reply.statusCode).toBeLessThan(500);
      expect(new Checker(Problem).fields(reply.json())).toEqual([]);
    }
  });
});

describe('bodies', () => {
  const post = (payload: string | Buffer, type = 'application/json') =>
    api.server.inject({
      method: 'POST',
      url: '/api/sessions',
      headers: { ...headers, 'content-type': type },
      payload,
    });

  it.each([
    ['{', 'line 1, column 2'],
    ['abc', 'line 1, column 1'],
    ['{"name": demo}', 'line 1, column 10'],
    ['{\n  "name": "a",\n}', 'line 3, column 1'],
    ['{"a":1}}', 'line 1, column 8'],
    ['{"a":"\\x"}', 'line 1, column 7'],
    ['[1 2]', 'line 1, column 4'],
    ['{"a" 1}', 'line 1, column 6'],
    ['nul', 'line 1, column 1'],
    ['01', 'line 1, column 2'],
    ['"abc', 'line 1, column 5'],
  ])('that are not JSON are refused with the place: %s', async (text, place) => {
    const reply = await post(text);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().detail).toContain(place);
  });

  it.each([
    '{"__proto__":{"isAdmin":true}}',
    '{"\\u005f\\u005fproto__":{"isAdmin":true}}',
    '{"env":{"__proto__":"x"}}',
    '{"labels":{"constructor":{"prototype":{"x":1}}}}',
    '{"constructor":{"prototype":{"isAdmin":true}}}',
  ])('that reach for a prototype are refused: %s', async (text) => {
    const reply = await post(text);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().detail).toContain('not allowed in any object');
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });

  it('of a deep nesting are refused like any other wrong one', async () => {
    for (const text of ['['.repeat(100_000), `${'['.repeat(100_000)}${']'.repeat(100_000)}`]) {
      expect((await post(text)).statusCode).toBe(400);
    }
  });

  it('that are missing, empty or not an object are refused', async () => {
    for (const text of ['', 'null', '5', '"x"', '[]']) {
      expect((await post(text)).statusCode).toBe(400);
    }
    const none = await api.server.inject({ method: 'POST', url: '/api/sessions', headers });
    expect(none.statusCode).toBe(400);
  });

  it('that are not UTF-8 are refused', async () => {
    const reply = await post(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expect(reply.json().detail).toContain('UTF-8');
  });

  it('of another type are 415', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const reply = await post('{}', type);
      expect(reply.statusCode).toBe(415);
      expect(reply.json().code).toBe('unsupported_media_type');
    }
  });

  it('over the limit are 413', async () => {
    const reply = await post(JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024) }));
    expect(reply.statusCode).toBe(413);
    expect(reply.json().code).toBe('payload_too_large');
  });

  it('are answered with at most a handful of fields', async () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field${i}`, i]));
    const reply = await post(JSON.stringify(many));
    expect(reply.statusCode).toBe(400);
    expect(reply.json().fields.length).toBeLessThanOrEqual(16);
  });
});

describe('who may ask', () => {
  it('needs a key for everything under /api, whether it exists or not', async () => {
    for (const url of ['/api/sessions', '/api/version', '/api/whoami', '/api/nothing']) {
      const reply = await api.server.inject({ url });
      expect(reply.statusCode).toBe(401);
      expect(reply.headers['www-authenticate']).toBe('Bearer realm="cellar"');
      expect(reply.json().code).toBe('unauthenticated');
    }
  });

  it('refuses a request before its body is looked at', async () => {
    const reply = await api.server.inject({ method: 'POST', url: '/api/sessions', payload: '{' });
    expect(reply.statusCode).toBe(401);
  });

  it('lets viewers look and nothing more', async () => {
    const viewer = keyOf('viewer');
    expect((await api.server.inject({ url: '/api/sessions', headers: viewer })).statusCode).toBe(
      200,
    );
    for (const [method, url] of [
      ['POST', '/api/sessions'],
      ['DELETE', '/api/sessions/demo'],
      ['PUT', '/api/sessions/demo/config'],
      ['POST', '/api/sessions/demo/restart'],
      ['POST', '/api/sessions/demo/execute'],
      ['POST', '/api/sessions/demo/executions/e/cancel'],
      ['DELETE', '/api/sessions/demo/history'],
      ['PUT', '/api/sessions/demo/files/a'],
      ['DELETE', '/api/sessions/demo/files/a'],
    ] as const) {
      const reply = await api.server.inject({ method, url, headers: viewer, payload: {} });
      expect(reply.statusCode).toBe(403);
      expect(reply.json().code).toBe('forbidden');
    }
  });

  it('tells the caller who it is', async () => {
    const reply = await api.server.inject({
      url: '/api/whoami',
      headers: keyOf('operator', 'acme'),
    });
    expect(reply.json()).toEqual({ tenant: 'acme', role: 'operator', keyId: 'key-operator' });
  });

  it('answers for another tenant’s session as for none, on every route', async () => {
    const { sessionId } = api.sessions.add({ tenant: 'other' });
    for (const [method, path, payload] of [
      ['GET', '', undefined],
      ['DELETE', '', undefined],
      ['PUT', '/config', {}],
      ['POST', '/restart', undefined],
      ['POST', '/execute', { code: '1' }],
      ['GET', '/executions/e', undefined],
      ['POST', '/executions/e/cancel', undefined],
      ['GET', '/variables', undefined],
      ['GET', '/history', undefined],
      ['DELETE', '/history', undefined],
    ] as const) {
      const reply = await api.server.inject({
        method,
        url: `/api/sessions/${sessionId}${path}`,
        headers: keyOf('admin'),
        ...(payload ? { payload } : {}),
      });
      expect(`${method} ${path} ${reply.json().code}`).toBe(`${method} ${path} session_not_found`);
    }
  });
});

describe('host names', () => {
  const ask = (host: string) => api.server.inject({ url: '/healthz', headers: { host } });

  it('are loopback ones and configured ones when the service is bound to loopback', async () => {
    for (const host of [
      'localhost',
      'localhost:8080',
      '127.0.0.1:1',
      '[::1]:8080',
      'Cellar.example',
    ]) {
      expect((await ask(host)).statusCode).toBe(200);
    }
    for (const host of ['evil.example', 'localhost.evil.example:8080', '127.0.0.1.evil.example']) {
      const reply = await ask(host);
      expect(reply.statusCode).toBe(421);
      expect(reply.json().code).toBe('host_forbidden');
    }
  });

  it('are any when the service is bound elsewhere and none is configured', async () => {
    await using open = await ApiFixture.open({
      settings: { listenHost: '0.0.0.0', allowedHosts: [] },
    });
    const reply = await open.server.inject({ url: '/healthz', headers: { host: 'any.example' } });
    expect(reply.statusCode).toBe(200);
  });
});

describe('operations', () => {
  it('tells that it lives, and its version', async () => {
    expect((await api.server.inject({ url: '/healthz' })).json()).toEqual({ status: 'ok' });
    const version = await api.server.inject({ url: '/api/version', headers: keyOf('viewer') });
    expect(version.json()).toMatchObject({ name: 'cellar', version: '1.2.3' });
  });

  it('is ready when every check passes', async () => {
    await using ready = await ApiFixture.open({
      readiness: { engine: async () => {}, registry: async () => {} },
    });
    const reply = await ready.server.inject({ url: '/readyz' });
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toEqual({
      status: 'ready',
      checks: { engine: { status: 'ok' }, registry: { status: 'ok' } },
    });
  });

  it('is not ready when one fails or hangs, and says which and no more', async () => {
    await using unready = await ApiFixture.open({
      readiness: {
        engine: () => new Promise(() => {}),
        registry: async () => {
          throw new Error('EROFS /var/lib/cellar');
        },
      },
    });
    const pending = unready.server.inject({ url: '/readyz' });
    await expect.poll(() => unready.clock.pending).toBe(1);
    unready.clock.advance(5000);
    const reply = await pending;
    expect(reply.statusCode).toBe(503);
    expect(new Checker(Readiness).fields(reply.json())).toEqual([]);
    expect(reply.json().checks).toEqual({
      engine: { status: 'failed', code: 'deadline_exceeded' },
      registry: { status: 'failed', code: 'internal' },
    });
  });

  it('refuses what begins new work while there is too much, and nothing else', async () => {
    const assertCalm = () => {
      throw new AppError('overloaded', { retryAfterSeconds: 3 });
    };
    await using busy = await ApiFixture.open({ overload: { assertCalm } });
    const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) =>
      busy.server.inject({ method, url, headers, ...(payload ? { payload } : {}) });
    for (const refused of [
      await ask('POST', '/api/sessions', {}),
      await ask('POST', '/api/sessions/demo/execute', { code: '1' }),
      await ask('GET', '/api/sessions/demo/live'),
    ]) {
      expect(refused.statusCode).toBe(503);
      expect(refused.headers['retry-after']).toBe('3');
      expect(refused.json().code).toBe('overloaded');
    }
    expect((await ask('GET', '/healthz')).statusCode).toBe(200);
    expect((await ask('GET', '/api/sessions')).statusCode).toBe(200);
    expect((await ask('DELETE', '/api/sessions/none')).json().code).toBe('session_not_found');
  });

  it('writes no code, key or output into the log', async () => {
    api.sessions.onSubmit = (execution) => api.sessions.end(execution);
    await api.server.inject({
      method: 'POST',
      url: '/api/sessions/demo/execute?x=1',
      headers,
      payload: { code: 'sekrit-code' },
    });
    await api.server.inject({
      method: 'POST',
      url: '/api/sessions/demo/execute',
      headers,
      payload: { code: 'sekrit-code' },
    });
    expect(api.logged.length).toBeGreaterThan(0);
    expect(JSON.stringify(api.logged)).not.toMatch(/sekrit|default\.developer/);
  });

  it('describes itself in OpenAPI 3.1, and shows it as a page', async () => {
    const document = (await api.server.inject({ url: '/openapi.json' })).json();
    expect(document.openapi).toBe('3.1.0');
    expect(await new Validator().validate(structuredClone(document))).toMatchObject({
      valid: true,
    });
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/api/sessions',
        '/api/sessions/{id}',
        '/api/sessions/{id}/config',
        '/api/sessions/{id}/execute',
        '/api/sessions/{id}/variables',
        '/api/sessions/{id}/history',
      ]),
    );
    expect(Object.keys(document.components.schemas)).toContain('Session');
    const references = JSON.stringify(document).match(/"\$ref":"[^"]+"/g)!;
    for (const reference of new Set(references)) {
      const name = reference.match(/#\/components\/schemas\/(\w+)"/)?.[1];
      expect(document.components.schemas).toHaveProperty(name!);
    }
    for (const [path, operations] of Object.entries<Record<string, any>>(document.paths)) {
      const named = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name).sort();
      expect(path).toMatch(/^(\/(\{\w+\}|[\w.-]+))*\/?$/);
      for (const { parameters = [] } of Object.values(operations)) {
        const inPath = parameters.filter((parameter: any) => parameter.in === 'path');
        expect(inPath.map(({ name }: any) => name).sort(), path).toEqual(named);
        for (const parameter of inPath) expect(parameter.required).toBe(true);
      }
    }
    const file = document.paths['/api/sessions/{id}/files/{path}'];
    expect(Object.keys(file).sort()).toEqual(['delete', 'get', 'head', 'put']);
    expect(file.head.operationId).toBe('headFile');
    expect(JSON.stringify(file.get.parameters)).toContain('with slashes between them');
    const page = await api.server.inject({ url: '/docs/' });
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  });

  it('drops a connection that does not finish its request head', async () => {
    expect(api.server.server.headersTimeout).toBe(10_000);
    expect(api.server.server.requestTimeout).toBe(600_000);
    const { port } = new URL(await api.listen());
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GARBAGE\r\n\r\n');
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).toContain('400 Bad Request');
    expect(answer).not.toContain('at ');
  });

  it.each([
    ['of a caller', headers.authorization],
    ['of nobody', 'Bearer none'],
  ])('drops a connection whose body does not come, %s', async (_, authorization) => {
    const socket = connect(Number(new URL(await api.listen()).port), '127.0.0.1');
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    const requested = once(api.server.server, 'request');
    const head =
      'POST /api/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
    socket.write(`${head}authorization: ${authorization}\r\ncontent-length: 10\r\n\r\n{`);
    socket.resume();
    await requested;
    await new Promise(setImmediate);
    api.clock.advance(60_000);
    await closed;
  });
});
