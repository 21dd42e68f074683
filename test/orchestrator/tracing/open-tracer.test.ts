// The tracer with a real collector at the other end.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { ServiceEvent } from '../../../src/orchestrator/foundation/observe.ts';
import { inSpan, spanned } from '../../../src/orchestrator/foundation/trace.ts';
import { openTracing, type Tracing } from '../../../src/orchestrator/tracing/open-tracer.ts';
import { TraceCollector } from '../../helpers/trace-collector.ts';

const theirs = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
};
const traceparent = `00-${theirs.traceId}-${theirs.spanId}-01`;
const waiting = { timeout: 20_000, interval: 20 };

let collector: TraceCollector;
let events: ServiceEvent[];
let logged: string[];
const opened: Tracing[] = [];

beforeEach(async () => {
  collector = await TraceCollector.open();
  events = [];
  logged = [];
});
afterEach(async () => {
  for (const tracing of opened.splice(0)) await tracing.stop();
  await collector[Symbol.asyncDispose]();
});

function open(settings: Partial<Parameters<typeof openTracing>[0]> = {}): Tracing {
  const tracing = openTracing({
    tracesEndpoint: collector.url,
    tracesRatio: 1,
    tracesTrustClients: false,
    tracesSpansMax: 100,
    tracesExportMsMax: 1_000,
    version: '1.2.3',
    instanceId: 'inst-one',
    observe: (event) => void events.push(event),
    log: pino({ level: 'debug' }, { write: (line) => void logged.push(line) }),
    ...settings,
  });
  opened.push(tracing);
  return tracing;
}

const asked = { traceparent: undefined, attributes: {} };
const dropped = (reason: string) =>
  events.reduce(
    (sum, event) =>
      event.type === 'spansDropped' && event.reason === reason ? sum + event.count : sum,
    0,
  );

describe('a span', () => {
  it('arrives with its parts, their attributes and how they ended', async () => {
    const { tracer } = open({ tracesAuthorization: 'Bearer of-the-collector' });
    const request = tracer.request('GET /api', { ...asked, attributes: { 'http.route': '/api' } })!;
    await expect(
      inSpan(tracer, request, () =>
        spanned(tracer, 'part', { 'cellar.session.id': 'ses-1' }, async () => {
          throw new AppError('queue_full');
        }),
      ),
    ).rejects.toThrow();
    const part = await collector.span('part');
    expect(part).toMatchObject({
      failed: true,
      attributes: { 'cellar.session.id': 'ses-1', 'error.type': 'queue_full' },
      traceId: request.traceId,
    });
    expect(collector.tree(request.traceId)).toEqual([['GET /api', [['part', []]]]]);
    expect(collector.resource).toMatchObject({
      'service.name': 'cellar',
      'service.version': '1.2.3',
      'service.instance.id': 'inst-one',
    });
    expect(collector.headers[0]).toMatchObject({
      authorization: 'Bearer of-the-collector',
      'content-type': 'application/x-protobuf',
    });
    await expect.poll(() => events).toContainEqual({ type: 'spansExported', count: 2 });
  });

  it('is linked to the trace of a client, which decides nothing', async () => {
    const { tracer } = open();
    tracer.request('linked', { ...asked, traceparent })!.end();
    const span = await collector.span('linked');
    expect(span).toMatchObject({ parentSpanId: '', links: [theirs] });
    expect(span.traceId).not.toBe(theirs.traceId);
    const { tracer: never } = open({ tracesRatio: 0 });
    expect(never.request('never', { ...asked, traceparent })).toBeNull();
  });

  it('is part of the trace of a client that is trusted', async () => {
    const { tracer } = open({ tracesTrustClients: true, tracesRatio: 0 });
    tracer.request('joined', { ...asked, traceparent })!.end();
    const span = await collector.span('joined');
    expect(span).toMatchObject({ traceId: theirs.traceId, parentSpanId: theirs.spanId, links: [] });
    expect(
      tracer.request('unsampled', { ...asked, traceparent: `${traceparent.slice(0, -1)}0` }),
    ).toBeNull();
  });

  it('is made for a share of the requests', () => {
    const { tracer } = open({ tracesRatio: 0.25 });
    const traced = Array.from({ length: 2000 }, () => tracer.request('some', asked)).filter(
      (span) => span !== null,
    );
    expect(traced.length).toBeGreaterThan(300);
    expect(traced.length).toBeLessThan(700);
  });

  it('is what is under way, until it ends, and for nobody else', async () => {
    const { tracer } = open();
    const span = tracer.request('under way', asked)!;
    await tracer.within(span, async () => {
      await Promise.resolve();
      expect(tracer.current).toBe(span);
      expect(tracer.within(null, () => tracer.current)).toBeNull();
      span.end();
      expect(tracer.current).toBeNull();
    });
    expect(tracer.current).toBeNull();
  });
});

describe('a collector', () => {
  it('that is away costs spans, which are counted, and one line in the log', async () => {
    const { tracer } = open();
    collector.status = 400;
    tracer.request('first', asked)!.end();
    await vi.waitUntil(() => dropped('export') === 1, waiting);
    tracer.request('second', asked)!.end();
    await vi.waitUntil(() => dropped('export') === 2, waiting);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('traces cannot be exported');
    collector.status = 200;
    tracer.request('third', asked)!.end();
    await collector.span('third');
    await vi.waitUntil(() => logged.length === 2, waiting);
    expect(logged[1]).toContain('traces are exported again');
  });

  it('that does not answer costs the spans for which there is no room, and is given up in time', async () => {
    const { tracer } = open();
    collector.status = null;
    for (let i = 0; i < 1000; i++) tracer.request(`span ${i}`, asked)!.end();
    expect(dropped('queue')).toBe(900);
    await vi.waitUntil(() => dropped('export') === 100, waiting);
    collector.status = 200;
    tracer.request('afterwards', asked)!.end();
    await collector.span('afterwards');
  });

  it('does not hold up the end of the service', async () => {
    const { tracer, stop } = open({ tracesExportMsMax: 60_000 });
    collector.status = null;
    tracer.request('last', asked)!.end();
    await stop();
    const other = open();
    collector.status = 200;
    other.tracer.request('sent at the end', asked)!.end();
    await other.stop();
    expect(collector.spans.map(({ name }) => name)).toEqual(['sent at the end']);
  });
});

describe('the library', () => {
  const orchestrator = join(import.meta.dirname, '../../../src/orchestrator');

  /** Modules of the library that a process loads which imports that one. */
  async function loadedBy(module: string): Promise<string[]> {
    const program = `
      import { registerHooks } from 'node:module';
      const loaded = new Set();
      registerHooks({
        load(url, context, nextLoad) {
          const [, name] = /node_modules\\/(@opentelemetry\\/[^/]+)/.exec(url) ?? [];
          if (name) loaded.add(name);
          return nextLoad(url, context);
        },
      });
      await import(${JSON.stringify(module)});
      process.stdout.write(JSON.stringify([...loaded]));
    `;
    const options = ['--input-type=module', '--eval', program];
    return JSON.parse((await promisify(execFile)(process.execPath, options)).stdout);
  }

  it('is loaded where requests are traced, and nowhere else', async () => {
    const sdk = '@opentelemetry/sdk-trace';
    expect(await loadedBy(join(orchestrator, 'tracing/open-tracer.ts'))).toContain(sdk);
    // What the library for metrics brings along knows no more than the form of an id.
    const others = (await loadedBy(join(orchestrator, 'assemble.ts'))).filter(
      (name) => name !== '@opentelemetry/api',
    );
    expect(others).toEqual([]);
  });
});
