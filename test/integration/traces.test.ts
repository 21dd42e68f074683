// The way of a request as a collector of traces is told it, from the client to the engine in a real sandbox and back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prometheus } from '../helpers/start-prometheus.ts';
import { type Service, startService } from '../helpers/start-service.ts';
import { type CollectedSpan, TraceCollector } from '../helpers/trace-collector.ts';

const theirs = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const traceparent = `00-${theirs.traceId}-${theirs.spanId}-01`;

const coldStart = [
  'sandbox start',
  [
    ['container start', []],
    ['agent connect', []],
    ['agent configure', []],
  ],
];
const execution = [
  'execution',
  [
    ['execution queue', []],
    ['link', [['agent', [['engine', []]]]]],
    ['execution store', []],
  ],
];

let collector: TraceCollector;
let service: Service;
let session: any;

beforeAll(async () => {
  collector = await TraceCollector.open();
  service = await startService({
    CELLAR_TRACES_ENDPOINT: collector.url,
    CELLAR_POOL_MIN: '0',
    CELLAR_METRICS_PORT: '0',
  });
  session = await service.createSession({ env: { SECRET: 'value-of-a-secret' } });
}, 180_000);
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

const created = () => collector.span('POST /api/sessions');
const ofExecution =
  (id: string) =>
  ({ attributes }: CollectedSpan) =>
    attributes['cellar.execution.id'] === id;

/** Every part lies within what it is part of. */
function expectNested(traceId: string): void {
  const spans = collector.spans.filter((span) => span.traceId === traceId);
  for (const { parentSpanId, begunAt, endedAt } of spans) {
    expect(endedAt).toBeGreaterThanOrEqual(begunAt);
    const parent = spans.find(({ spanId }) => spanId === parentSpanId);
    if (parent === undefined) continue;
    // Nanoseconds since 1970 are more than a number holds.
    expect(begunAt).toBeGreaterThanOrEqual(parent.begunAt - 0.001);
    expect(endedAt).toBeLessThanOrEqual(parent.endedAt + 0.001);
  }
}

describe('a trace', () => {
  it('of a new session has its wait for room, and the start of its container', async () => {
    const { traceId, attributes } = await created();
    expect(collector.tree(traceId)).toEqual([
      ['POST /api/sessions', [['admission', []], coldStart]],
    ]);
    expect(attributes).toMatchObject({
      'http.route': '/api/sessions',
      'http.response.status_code': 201,
      'cellar.tenant.id': 'default',
      'cellar.session.id': session.id,
      'cellar.sandbox.id': session.sandbox.id,
    });
    expectNested(traceId);
  });

  it('of an execution goes to the engine in the sandbox, and on to the disk', async () => {
    const { executionId: id } = await service.execute(session.id, 'print("hello")', {});
    const { traceId } = await collector.span('execution', ofExecution(id));
    expect(collector.tree(traceId)).toEqual([['POST /api/sessions/:id/execute', [execution]]]);
    expectNested(traceId);
    const engine = await collector.span('engine', (span) => span.traceId === traceId);
    expect(engine.endedAt).toBeGreaterThan(engine.begunAt);
  });

  it('of a live message does, too', async () => {
    const client = await service.live(session.id);
    const [start] = await client.execute('6 * 7');
    client.close();
    const { traceId, attributes } = await collector.span('execution', ofExecution(start!.id));
    expect(attributes).toMatchObject({
      'cellar.session.id': session.id,
      'cellar.tenant.id': 'default',
      'cellar.execution.status': 'success',
    });
    const [[root, parts] = ['', []]] = collector.tree(traceId);
    expect([root, parts]).toEqual(['live execute', [execution]]);
  });

  it('links to that of the client, by its header or by its message', async () => {
    const path = `/api/sessions/${session.id}/execute`;
    const { body } = await service.request('POST', path, { code: '1' }, { traceparent });
    const { traceId } = await collector.span('execution', ofExecution(body.executionId));
    const request = await collector.span(
      'POST /api/sessions/:id/execute',
      (span) => span.traceId === traceId,
    );
    expect(traceId).not.toBe(theirs.traceId);
    expect(request).toMatchObject({ parentSpanId: '', links: [theirs] });
    const client = await service.live(session.id);
    client.send({ type: 'execute', code: '2', id: 'linked', traceparent });
    const { id } = await client.wait(({ requestId }) => requestId === 'linked');
    client.close();
    const execution = await collector.span('execution', ofExecution(id as unknown as string));
    expect(
      await collector.span('live execute', (span) => span.traceId === execution.traceId),
    ).toMatchObject({ links: [theirs] });
  });

  it('tells which request failed, and why, without its words', async () => {
    const { executionId: id } = await service.execute(session.id, 'raise_of_a_name');
    expect(await collector.span('execution', ofExecution(id))).toMatchObject({
      failed: true,
      attributes: { 'error.type': 'error', 'cellar.execution.status': 'error' },
    });
  });

  it('of a session that wakes has the return of its state', async () => {
    await service.request('POST', `/api/sessions/${session.id}/hibernate`);
    const { executionId: id } = await service.execute(session.id, '3');
    const { traceId } = await collector.span('execution', ofExecution(id));
    const names = collector.spans
      .filter((span) => span.traceId === traceId)
      .map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['sandbox start', 'state restore', 'engine']));
  });

  it('has no code, no output and no secret in it', async () => {
    const words = ['marker-of-code', 'marker-of-input', 'name-of-a-session'];
    const named = await service.createSession({ name: words[2] });
    const { executionId: id } = await service.execute(
      words[2]!,
      `x = "marker-of-code"\nprint(x)\nx`,
      {
        stdin: words[1],
      },
    );
    await collector.span('execution', ofExecution(id));
    expect(named.name).toBe(words[2]);
    const told = Buffer.concat(collector.bodies).toString('latin1');
    for (const word of [...words, 'value-of-a-secret', service.key])
      expect(told).not.toContain(word);
    expect(told).toContain(id);
  });

  it('is found from the figures, by those who collect OpenMetrics', async () => {
    const [, address] = /Metrics: http:\/\/(\S+)\/metrics/.exec(service.output)!;
    const get = async (accept: string) => {
      const reply = await fetch(`http://${address}/metrics`, { headers: { accept } });
      return { type: reply.headers.get('content-type'), text: await reply.text() };
    };
    const text = await get('text/plain');
    const open = await get('application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.4');
    expect((await get('*/*')).type).toBe(text.type);
    expect(text.type).toContain('text/plain; version=0.0.4');
    expect(open.type).toContain('application/openmetrics-text; version=1.0.0');
    expect(open.text.endsWith('# EOF\n')).toBe(true);
    expect(text.text).not.toContain('trace_id');
    expect(text.text).toContain('# TYPE cellar_executions_total counter');
    const [, traceId] = /cellar_execution_duration_seconds_bucket.* # \{trace_id="(\w+)"\}/.exec(
      open.text,
    )!;
    await collector.span('execution', (span) => span.traceId === traceId);
    await using prometheus = await Prometheus.start(address!);
    await expect
      .poll(async () => (await prometheus.query('cellar_trace_spans_exported_total > 0')).length, {
        timeout: 60_000,
      })
      .toBe(1);
  });
});
