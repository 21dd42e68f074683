// Clients that do not read what they are sent, over real sockets: what waits for them is bounded, each by itself and all together.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ApiBounds } from '../../../src/orchestrator/api/options.ts';
import type { ExecutionRecord } from '../../../src/orchestrator/registry/records.ts';
import { LiveClient } from '../../helpers/live-client.ts';
import { StreamClient } from '../../helpers/stream-client.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

const patient = { timeout: 20_000 };
const content = 'x'.repeat(100_000);

let api: ApiFixture;
let url: string;
let sessionId: string;
let opened: { close(): void }[] = [];
afterEach(async () => {
  for (const client of opened) client.close();
  opened = [];
  await api[Symbol.asyncDispose]();
});

async function start(bounds: Partial<ApiBounds>): Promise<void> {
  api = await ApiFixture.open({ bounds });
  ({ sessionId } = api.sessions.add({ name: 'demo' }));
  url = await api.listen();
}

/** It follows once this resolves. */
async function live(query = ''): Promise<LiveClient> {
  const address = `${url.replace('http', 'ws')}/api/sessions/demo/live${query}`;
  const client = await LiveClient.open(address, keyOf('developer'));
  opened.push(client);
  client.send({ type: 'ping', id: 'ready' });
  await client.wait(({ type }) => type === 'pong');
  return client;
}

/** It wants all there is, and reads nothing of it. */
async function paused(): Promise<LiveClient> {
  const address = `${url.replace('http', 'ws')}/api/sessions/demo/live?since=0`;
  const client = await LiveClient.open(address, keyOf('developer'));
  client.socket.pause();
  opened.push(client);
  return client;
}

async function stream(): Promise<{ client: StreamClient; execution: ExecutionRecord }> {
  const { promise, resolve } = Promise.withResolvers<ExecutionRecord>();
  api.sessions.onSubmit = resolve;
  const followers = api.sessions.followerCount(sessionId);
  const client = await StreamClient.open(`${url}/api/sessions/demo/execute`, {
    method: 'POST',
    headers: keyOf('developer'),
    body: { code: '1' },
  });
  opened.push(client);
  await expect.poll(() => api.sessions.followerCount(sessionId), patient).toBe(followers + 1);
  return { client, execution: await promise };
}

function emit(executionId = 'e'): number {
  return api.sessions.emit(sessionId, { type: 'output', executionId, content, channel: 'stdout' })
    .seq;
}

const outputs = (client: LiveClient) =>
  client.messages.filter(({ type }) => type === 'output').map(({ seq }) => seq);

/** What waits in the service for all live clients. */
const unsentBytes = () =>
  [...api.server.websocketServer.clients]
    .filter(({ readyState, OPEN }) => readyState === OPEN)
    .reduce((sum, { bufferedAmount }) => sum + bufferedAmount, 0);

describe('clients that do not read', () => {
  it('are closed with 4008 and come back for the rest with since', async () => {
    await start({ outgoingBytesMax: 300_000 });
    const quick = await live();
    const slow = await live();
    slow.socket.pause();
    const sent: number[] = [];
    await expect
      .poll(
        () => {
          if (api.sessions.followerCount(sessionId) === 2) sent.push(emit());
          const { readyState, OPEN } = [...api.server.websocketServer.clients].at(-1)!;
          return readyState !== OPEN;
        },
        { ...patient, interval: 1 },
      )
      .toBe(true);
    sent.push(emit());
    slow.socket.resume();
    expect(await slow.closing()).toMatchObject({ code: 4008 });
    const seen = outputs(slow);
    expect(seen).toEqual(sent.slice(0, seen.length));
    const again = await live(`?since=${seen.at(-1)}`);
    await expect.poll(() => seen.length + outputs(again).length, patient).toBe(sent.length);
    expect([...seen, ...outputs(again)]).toEqual(sent);
    await expect.poll(() => outputs(quick), patient).toEqual(sent);
    expect(quick.closed).toBeNull();
  });

  it('together hold no more than all may, and those who read see everything', async () => {
    const outgoingBytesTotalMax = 5_000_000;
    await start({ outgoingBytesTotalMax, outgoingBytesMax: 100_000_000 });
    const quick = await live();
    const slow = await Promise.all(Array.from({ length: 20 }, () => live()));
    for (const client of slow) client.socket.pause();
    const sent: number[] = [];
    let most = 0;
    for (let i = 0; i < 150; i++) {
      sent.push(emit());
      most = Math.max(most, unsentBytes());
      await expect.poll(() => outputs(quick).length, { ...patient, interval: 1 }).toBe(i + 1);
    }
    // What is under way to a client that reads is not counted as long as its connection takes it.
    expect(most).toBeLessThan(outgoingBytesTotalMax + 1_000_000);
    expect(most).toBeGreaterThan(1_000_000);
    expect(outputs(quick)).toEqual(sent);
    const left = () => api.sessions.followerCount(sessionId);
    await expect.poll(left, patient).toBeLessThan(21);
    const gone = slow.length + 1 - left();
    for (const client of slow) client.socket.resume();
    const dropped = () => slow.filter(({ closed }) => closed?.code === 1006).length;
    await expect.poll(dropped, patient).toBe(gone);
    // Those that were left get what waited for them.
    for (const client of slow) {
      if (client.closed) continue;
      await expect.poll(() => outputs(client).length, patient).toBe(sent.length);
    }
  });

  it('of event streams count among them', async () => {
    await start({ outgoingBytesTotalMax: 2_000_000, outgoingBytesMax: 100_000_000 });
    const { client, execution } = await stream();
    client.response.pause();
    const quick = await live();
    const sent: number[] = [];
    await expect
      .poll(
        () => {
          sent.push(emit(execution.executionId));
          return api.sessions.followerCount(sessionId);
        },
        { ...patient, interval: 1 },
      )
      .toBe(1);
    client.response.resume();
    await expect.poll(() => client.ended, patient).toBe(true);
    expect(client.events.length).toBeLessThan(sent.length);
    await expect.poll(() => outputs(quick), patient).toEqual(sent);
  });

  it('are sent what they missed as fast as they read it, however much it is', async () => {
    await start({ outgoingBytesMax: 3_000_000 });
    const sent = Array.from({ length: 200 }, () => emit());
    const client = await paused();
    await expect.poll(() => unsentBytes(), patient).toBeGreaterThan(1_000_000);
    expect(unsentBytes()).toBeLessThan(2_000_000);
    client.socket.resume();
    await expect.poll(() => outputs(client), patient).toEqual(sent);
  });

  it('of what they missed are closed with 4008 too', async () => {
    await start({});
    for (let i = 0; i < 200; i++) emit();
    const client = await paused();
    await expect.poll(() => unsentBytes(), patient).toBeGreaterThan(1_000_000);
    api.clock.advance(60_000);
    const [socket] = [...api.server.websocketServer.clients];
    await expect.poll(() => socket!.readyState !== socket!.OPEN, patient).toBe(true);
    client.socket.resume();
    expect(await client.closing()).toMatchObject({ code: 4008 });
    expect(outputs(client).length).toBeLessThan(200);
  });

  it('wait for their replies as long as it takes, and lose the connection when they do not read them', async () => {
    await start({ idleMsMax: 1_000 });
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    opened.push({ close: () => void socket.destroy() });
    const { promise, resolve } = Promise.withResolvers<ExecutionRecord>();
    api.sessions.onSubmit = resolve;
    const idle = connect(Number(port), '127.0.0.1');
    const body = JSON.stringify({ code: '1' });
    socket.write(
      'POST /api/sessions/demo/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        `authorization: ${keyOf('developer').authorization}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const execution = await promise;
    // One that waits for nothing shows that the time is over.
    await once(idle.resume(), 'close');
    const connections = () =>
      new Promise<number>((give) => api.server.server.getConnections((_error, n) => give(n)));
    expect(await connections()).toBe(1);
    const output = Array.from(
      { length: 200 },
      () => ({ channel: 'stdout', content, at: 0 }) as const,
    );
    api.sessions.end(execution, {}, output);
    await expect.poll(connections, patient).toBe(0);
  });

  it('cannot make the service write by asking for signs of life', async () => {
    await start({ liveMessagesPerSecondMax: 10 });
    const client = await live();
    for (let i = 0; i < 20; i++) client.socket.ping();
    expect((await client.closing()).code).toBe(4029);
  });
});
