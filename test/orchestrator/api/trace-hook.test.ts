// Which requests are told to a collector of traces, and as what.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { openTracing, type Tracing } from '../../../src/orchestrator/tracing/open-tracer.ts';
import { TraceCollector } from '../../helpers/trace-collector.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

const theirs = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const traceparent = `00-${theirs.traceId}-${theirs.spanId}-01`;

let collector: TraceCollector;
let tracing: Tracing;
let api: ApiFixture;

beforeEach(async () => {
  collector = await TraceCollector.open();
  tracing = openTracing({
    tracesEndpoint: collector.url,
    tracesRatio: 1,
    tracesTrustClients: false,
    tracesSpansMax: 100,
    tracesExportMsMax: 1_000,
    version: '1',
    instanceId: 'inst-one',
    observe: () => {},
    log: createLog('silent'),
  });
  api = await ApiFixture.open({ tracer: tracing.tracer });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await tracing.stop();
  await collector[Symbol.asyncDispose]();
});

/** Over a real connection: its end is the end of the span. */
async function ask(url: string, options: RequestInit = {}): Promise<number> {
  const reply = await fetch(`${await api.listen()}${url}`, options);
  await reply.text();
  return reply.status;
}

const get = (url: string, headers: Record<string, string> = keyOf('admin')) =>
  ask(url, { headers });

/** All of them, once the last one has come. */
async function told(): Promise<string[]> {
  await get('/api/whoami');
  await collector.span('GET /api/whoami');
  return collector.spans.map(({ name }) => name).filter((name) => name !== 'GET /api/whoami');
}

it('a request is told by its route, not by its address', async () => {
  const headers = { ...keyOf('viewer', 'acme'), 'x-request-id': 'one', traceparent };
  expect(await get('/api/sessions/name-of-a-user?includeState=true', headers)).toBe(404);
  const span = await collector.span('GET /api/sessions/:id');
  expect(span).toMatchObject({
    kind: 2,
    failed: false,
    links: [theirs],
    attributes: {
      'http.request.method': 'GET',
      'http.route': '/api/sessions/:id',
      'http.response.status_code': 404,
      'cellar.request.id': 'one',
      'cellar.tenant.id': 'acme',
    },
  });
  expect(JSON.stringify(collector.spans)).not.toContain('name-of-a-user');
});

it('one that the service failed is told as that, with its code', async () => {
  api.sessions.list = () => Promise.reject(new AppError('registry_unavailable'));
  expect(await get('/api/sessions')).toBe(503);
  expect(await collector.span('GET /api/sessions')).toMatchObject({
    failed: true,
    attributes: { 'error.type': 'registry_unavailable' },
  });
});

it('those of strangers, of probes and to no address are not told', async () => {
  expect(await get('/api/sessions', { authorization: 'Bearer wrong', traceparent })).toBe(401);
  expect(await get('/api/sessions', {})).toBe(401);
  expect(await get('/healthz')).toBe(200);
  expect(await get('/api/nothing')).toBe(404);
  expect(await told()).toEqual([]);
});

it('what a handler begins is part of its request, also after its body was read', async () => {
  let traceId: string | undefined;
  api.sessions.create = () => {
    traceId = tracing.tracer.current?.traceId;
    return Promise.reject(new AppError('overloaded'));
  };
  const headers = { ...keyOf('admin'), 'content-type': 'application/json' };
  expect(await ask('/api/sessions', { method: 'POST', headers, body: '{}' })).toBe(503);
  expect((await collector.span('POST /api/sessions')).traceId).toBe(traceId);
  expect(tracing.tracer.current).toBeNull();
});

it('one whose client does not wait for the reply is told as that', async () => {
  const asked = Promise.withResolvers<void>();
  api.sessions.list = () => {
    asked.resolve();
    return new Promise(() => {});
  };
  const gone = new AbortController();
  const reply = ask('/api/sessions', { headers: keyOf('admin'), signal: gone.signal });
  await asked.promise;
  gone.abort();
  await expect(reply).rejects.toThrow();
  expect(await collector.span('GET /api/sessions')).toMatchObject({
    failed: true,
    attributes: { 'error.type': 'client_gone' },
  });
});
