// What a sandbox that was taken over can do to the traces of its own executions: nothing but say how long it took.
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ended, onExecute, started } from '../doubles/agent-events.ts';
import { dialAs } from '../doubles/hostile-agent.ts';
import { EnginelessService } from '../helpers/engineless/engineless-service.ts';
import { TraceCollector } from '../helpers/trace-collector.ts';

let collector: TraceCollector;
let service: EnginelessService;
const sockets: Socket[] = [];

beforeAll(async () => {
  collector = await TraceCollector.open();
  service = await EnginelessService.open({ CELLAR_TRACES_ENDPOINT: collector.url });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await service?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

/** An execution by an agent that says so of it, and what that agent was told. */
async function executed(times: unknown, hello: { traces?: true } = { traces: true }) {
  const session = await service.createSession();
  const commands: Readonly<Record<string, unknown>>[] = [];
  const inPlace = Promise.withResolvers<void>();
  const onChannel = (stream: ServerHttp2Stream) => {
    inPlace.resolve();
    onExecute(stream, (executionId, command) => {
      commands.push(command);
      const end = ended(2, executionId, times === undefined ? {} : { times });
      stream.write(started(1, executionId) + end.replaceAll('"infinite"', '1e999'));
    });
  };
  sockets.push(
    await service.takePlace(session.sandbox.id, (path, token) =>
      dialAs(path, token, { hello, onChannel }),
    ),
  );
  // Until then the one before is there, and is told what it knows.
  await inPlace.promise;
  const execution = await service.execute(session.id, '1');
  const span = await collector.span(
    'execution',
    ({ attributes }) => attributes['cellar.execution.id'] === execution.executionId,
  );
  return {
    execution,
    commands,
    trace: collector.spans.filter((one) => one.traceId === span.traceId),
  };
}

it.each([
  ['longer than it took', { begunMs: 0, endedMs: Number.MAX_SAFE_INTEGER }],
  ['a beginning after the end', { begunMs: Number.MAX_SAFE_INTEGER, endedMs: 5 }],
  ['no time at all', { begunMs: 0, endedMs: 0 }],
])('has its times cut to what the host saw: %s', async (_, times) => {
  const { trace } = await executed(times);
  const [link, agent, engine] = ['link', 'agent', 'engine'].map(
    (name) => trace.find((span) => span.name === name)!,
  );
  expect(agent!.parentSpanId).toBe(link!.spanId);
  expect(engine!.parentSpanId).toBe(agent!.spanId);
  for (const [part, whole] of [
    [agent!, link!],
    [engine!, agent!],
  ] as const) {
    expect(part.endedAt).toBeGreaterThanOrEqual(part.begunAt);
    expect(part.begunAt).toBeGreaterThanOrEqual(whole.begunAt - 0.001);
    expect(part.endedAt).toBeLessThanOrEqual(whole.endedAt + 0.001);
  }
});

it.each([
  ['before it was asked', { begunMs: -1, endedMs: 1 }],
  ['without an end', { begunMs: 0, endedMs: 'infinite' }],
  ['of a moment of its own', { begunMs: 0, endedMs: 1, begunAt: 0 }],
  ['with the ids of spans', { begunMs: 0, endedMs: 1, traceId: '1', spanId: '2' }],
])('loses its sandbox when it says what cannot be: times %s', async (_, times) => {
  const { execution, trace } = await executed(times);
  expect(execution.status).toBe('lost');
  const names = trace.map(({ name }) => name);
  expect(names).toContain('link');
  expect(names).not.toContain('agent');
});

it('is told the span that it is a part of, and nothing of the client', async () => {
  const { commands, trace } = await executed(undefined);
  const link = trace.find(({ name }) => name === 'link')!;
  expect(commands[0]?.traceparent).toBe(`00-${link.traceId}-${link.spanId}-01`);
});

it('is told nothing where it does not know what traces are', async () => {
  const { commands, trace } = await executed(undefined, {});
  expect(commands[0]).not.toHaveProperty('traceparent');
  expect(trace.map(({ name }) => name)).toContain('link');
});
