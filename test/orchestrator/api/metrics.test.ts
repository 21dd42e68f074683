import { afterEach, describe, expect, it } from 'vitest';
import type { MetricsSource } from '../../../src/orchestrator/api/options.ts';
import type { ServiceEvent } from '../../../src/orchestrator/foundation/observe.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

const token = 'a-token-for-metrics-0123456789abcdef';
const source = (given: string | null): MetricsSource => ({
  token: given,
  read: async (format: 'text' | 'openMetrics') =>
    format === 'text'
      ? { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'cellar_up 1\n' }
      : { contentType: 'application/openmetrics-text; version=1.0.0', text: '# EOF\n' },
});
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

let api: ApiFixture;
afterEach(() => api[Symbol.asyncDispose]());

describe('GET /metrics', () => {
  const get = (headers: Record<string, string> = {}) =>
    api.server.inject({
      method: 'GET',
      url: '/metrics',
      headers: { host: 'localhost', ...headers },
    });

  it('gives the metrics to an administrator, and to who has the token', async () => {
    api = await ApiFixture.open({ metrics: source(token) });
    for (const headers of [keyOf('admin'), bearer(token)]) {
      const reply = await get(headers);
      expect(reply.statusCode).toBe(200);
      expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(reply.body).toBe('cellar_up 1\n');
    }
  });

  it('tells nobody else', async () => {
    api = await ApiFixture.open({ metrics: source(token) });
    expect((await get()).statusCode).toBe(401);
    expect((await get(bearer(`${token}x`))).statusCode).toBe(401);
    expect((await get(keyOf('operator'))).statusCode).toBe(403);
  });

  it('has no token where none is configured', async () => {
    api = await ApiFixture.open({ metrics: source(null) });
    for (const secret of ['', 'null', 'undefined'])
      expect((await get(bearer(secret))).statusCode).toBe(401);
  });

  it('opens nothing but the metrics', async () => {
    api = await ApiFixture.open({ metrics: source(token) });
    const headers = { host: 'localhost', ...bearer(token) };
    const reply = await api.server.inject({ method: 'GET', url: '/api/sessions', headers });
    expect(reply.statusCode).toBe(401);
  });

  it('is not there where the metrics have a listener of their own', async () => {
    api = await ApiFixture.open();
    expect((await get(keyOf('admin'))).statusCode).toBe(404);
  });
});

it('every request is told with the template of its route, never with its address', async () => {
  const events: ServiceEvent[] = [];
  api = await ApiFixture.open({ observe: (event) => events.push(event) });
  for (const url of ['/api/sessions/some-name', '/nowhere/at-all', '/healthz'])
    await api.server.inject({ url, headers: { host: 'localhost', ...keyOf('admin') } });
  expect(events).toMatchObject([
    { type: 'requestAnswered', method: 'GET', route: '/api/sessions/:id', status: 404 },
    { type: 'requestAnswered', method: 'GET', route: null, status: 404 },
    { type: 'requestAnswered', method: 'GET', route: '/healthz', status: 200 },
  ]);
});
