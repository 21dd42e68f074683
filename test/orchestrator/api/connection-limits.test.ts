// How many connections and requests clients may have at a time, over real sockets.
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LiveClient } from '../../helpers/live-client.ts';
import { StreamClient } from '../../helpers/stream-client.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

let api: ApiFixture;
let url: string;
let opened: { close(): void }[];
beforeEach(() => {
  opened = [];
});
afterEach(async () => {
  for (const client of opened) client.close();
  await api[Symbol.asyncDispose]();
});

const patient = { timeout: 20_000 };

async function start(bounds: NonNullable<Parameters<typeof ApiFixture.open>[0]>['bounds'] = {}) {
  api = await ApiFixture.open({ bounds });
  for (const name of ['a', 'b', 'c']) api.sessions.add({ name });
  api.sessions.add({ name: 'd', tenant: 'other' });
  url = await api.listen();
}

const addressOf = (session: string) => `${url.replace('http', 'ws')}/api/sessions/${session}/live`;

async function live(session: string, tenant?: string): Promise<LiveClient> {
  const client = await LiveClient.open(addressOf(session), keyOf('developer', tenant));
  opened.push(client);
  return client;
}

const refusedLive = (session: string, tenant?: string) =>
  LiveClient.refused(addressOf(session), keyOf('developer', tenant));

async function request(method: string, path: string, body?: object, tenant?: string) {
  const response = await fetch(`${url}/api/sessions/${path}`, {
    method,
    headers: {
      ...keyOf('developer', tenant),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as { code?: string } };
}

async function stream(session: string, tenant?: string): Promise<StreamClient> {
  const client = await StreamClient.open(`${url}/api/sessions/${session}/execute`, {
    method: 'POST',
    headers: keyOf('developer', tenant),
    body: { code: '1' },
  });
  opened.push(client);
  return client;
}

describe('live connections', () => {
  it('are so many of one tenant, whatever the session, and others are not kept out by them', async () => {
    await start({ tenantLiveConnectionsMax: 2 });
    const first = await live('a');
    await live('b');
    const reply = await refusedLive('c');
    expect(reply).toMatchObject({ status: 429, body: { code: 'tenant_limit' } });
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    await live('d', 'other');
    first.close();
    await expect.poll(() => api.server.websocketServer.clients.size, patient).toBe(2);
    await live('c');
  });

  it('are so many of all tenants', async () => {
    await start({ liveConnectionsMax: 2 });
    await live('a');
    await live('d', 'other');
    const reply = await refusedLive('b');
    expect(reply).toMatchObject({ status: 503, body: { code: 'overloaded' } });
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('are so many even when all come at the same time', async () => {
    await start({ liveConnectionsPerSessionMax: 3 });
    const tries = await Promise.allSettled(Array.from({ length: 30 }, () => live('a')));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  it.each([
    ['tenantLiveConnectionsMax', 4029],
    ['liveConnectionsMax', 1013],
  ])('past %s are closed with a code where a browser opened them', async (bound, code) => {
    await start({ [bound]: 1 });
    await live('a');
    const { record } = await api.sessions.find('default', 'b');
    const principal = { tenant: 'default', role: 'developer', keyId: 'k' } as const;
    api.tickets.set('t', { principal, sessionId: record.sessionId });
    const late = await LiveClient.open(addressOf('b'), {}, ['cellar.v1', 'cellar.ticket.t']);
    opened.push(late);
    expect((await late.closing()).code).toBe(code);
  });

  it('give back their place when they are refused for another reason', async () => {
    await start({ liveConnectionsMax: 1 });
    api.sessions.before.set('follow', () => {
      throw new Error('a failure');
    });
    const failed = await live('a');
    expect((await failed.closing()).code).toBe(1011);
    for (let i = 0; i < 3; i++) expect((await refusedLive('none')).status).toBe(404);
    await live('a');
  });
});

describe('event streams', () => {
  it.each([
    ['eventStreamsPerSessionMax', 'a', 429, 'rate_limited'],
    ['tenantEventStreamsMax', 'b', 429, 'tenant_limit'],
    ['eventStreamsMax', 'd', 503, 'overloaded'],
  ])(
    'are bounded by %s, and nothing runs whose events cannot be told',
    async (bound, session, status, code) => {
      await start({ [bound]: 1 });
      const first = await stream('a');
      expect(first.status).toBe(200);
      const tenant = session === 'd' ? 'other' : 'default';
      const second = await stream(session, tenant);
      expect(second.status).toBe(status);
      expect(Number(second.response.headers['retry-after'])).toBeGreaterThan(0);
      await expect.poll(() => second.ended).toBe(true);
      expect(JSON.parse(second.text)).toMatchObject({ code });
      expect(api.sessions.callsOf('submit')).toHaveLength(1);
      // What resumes one needs a place as well.
      const resumed = await StreamClient.open(`${url}${first.response.headers.location}`, {
        method: 'GET',
        headers: keyOf('developer'),
      });
      expect(resumed.status).toBe(status);
      first.close();
      await expect.poll(async () => (await stream(session, tenant)).status, patient).toBe(200);
    },
  );
});

describe('requests under way', () => {
  it.each([
    ['tenantRequestsMax', 'default', 429, 'tenant_limit'],
    ['requestsMax', 'other', 503, 'overloaded'],
  ])('that wait for an end are bounded by %s', async (bound, tenant, status, code) => {
    await start({ [bound]: 2 });
    const session = tenant === 'other' ? 'd' : 'b';
    const waiting = ['a', 'a'].map(() => request('POST', 'a/execute', { code: '1' }));
    await expect.poll(() => api.sessions.callsOf('ended'), patient).toHaveLength(2);
    const reply = await request('POST', `${session}/execute`, { code: '1' }, tenant);
    expect(reply).toMatchObject({ status, body: { code } });
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(api.sessions.callsOf('submit')).toHaveLength(2);
    // Looking and cancelling is not kept out by them, and makes room.
    const { body } = await request('GET', 'a/history');
    const [{ executionId }] = (body as { items: [{ executionId: string }] }).items;
    expect((await request('POST', `a/executions/${executionId}/cancel`)).status).toBe(202);
    await Promise.race(waiting);
    const next = request('POST', `${session}/execute`, { code: '1' }, tenant);
    await expect.poll(() => api.sessions.callsOf('ended'), patient).toHaveLength(3);
    for (const { given } of api.sessions.callsOf('ended')) {
      const [owner, sessionId, id] = given as [string, string, string];
      const view = await api.sessions.execution(owner, sessionId, id);
      if (view.record.endedAt === null) api.sessions.end(view.record);
    }
    expect((await next).status).toBe(200);
    expect((await Promise.all(waiting)).map((reply) => reply.status)).toEqual([200, 200]);
  });
});

describe('connections of nobody', () => {
  const count = 5_000;
  const most = 100;

  it('do not keep out those who have a key, however many there are', async () => {
    await start({ anonymousConnectionsMax: most, tcpConnectionsMax: 2 * most });
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await answerOver(kept)).toEqual({ status: 200, reused: false });
    const client = await live('a');
    let accepted = 0;
    api.server.server.on('connection', () => accepted++);
    const sockets: Socket[] = [];
    const { port } = new URL(url);
    const heads = [
      '',
      'GET /api/sessions HTTP/1.1\r\n',
      'POST /api/sessions HTTP/1.1\r\nHost: x\r\nX-',
    ];
    for (let i = 0; i < count; i++) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      socket.write(heads[i % heads.length]!);
      sockets.push(socket);
      if (i % 100 === 99) await once(socket, 'connect');
    }
    opened.push({ close: () => sockets.forEach((socket) => void socket.destroy()) });
    await expect.poll(() => accepted, patient).toBe(count);
    // A connection from before, a new one, and one that is live.
    expect(await answerOver(kept)).toEqual({ status: 200, reused: true });
    expect(await answerOver(new Agent())).toEqual({ status: 200, reused: false });
    client.send({ type: 'ping', id: 'still' });
    await client.wait(({ requestId }) => requestId === 'still');
    const closed = () => sockets.filter((socket) => socket.closed).length;
    await expect.poll(closed, patient).toBeGreaterThanOrEqual(count - most);
    kept.destroy();
  });
});

/** To a request with a key, and whether it went over a connection from before. */
async function answerOver(agent: Agent): Promise<{ status: number; reused: boolean }> {
  const sent = get(`${url}/api/sessions`, { agent, headers: keyOf('developer') });
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode!, reused: sent.reusedSocket };
}
