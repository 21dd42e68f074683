import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checker } from '../../../src/orchestrator/api/schemas/checker.ts';
import { ownMessages } from '../../../src/orchestrator/api/sockets/server-messages.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { LiveClient, type Message } from '../../helpers/live-client.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

let api: ApiFixture;
let sessionId: string;
let clients: LiveClient[];
beforeEach(async () => {
  clients = [];
  await start();
});
afterEach(async () => {
  for (const client of clients) {
    client.close();
    for (const message of client.messages) expectDocumented(message);
  }
  await api[Symbol.asyncDispose]();
});

async function start(bounds: Parameters<typeof ApiFixture.open>[0] = {}): Promise<void> {
  await api?.[Symbol.asyncDispose]();
  api = await ApiFixture.open(bounds);
  sessionId = api.sessions.add({ name: 'demo' }).sessionId;
}

const own = Object.entries(ownMessages).map(([name, schema]) => ({
  type: name === 'protocolError' ? 'error' : name,
  checker: new Checker<typeof schema>(schema),
}));

/** What was sent to one client alone is as the reference says. */
function expectDocumented(message: Message): void {
  const checkers = own.filter(({ type }) => type === message.type);
  const fields = checkers.map(({ checker }) => checker.fields(message));
  if (fields.length > 0) expect(fields).toContainEqual([]);
}

async function address(path = '/api/sessions/demo/live'): Promise<string> {
  return `${(await api.listen()).replace('http', 'ws')}${path}`;
}

async function open(
  path?: string,
  headers: Record<string, string> = keyOf('developer'),
  protocols: string[] = [],
): Promise<LiveClient> {
  const client = await LiveClient.open(await address(path), headers, protocols);
  clients.push(client);
  return client;
}

/** The connection follows the session once it answers. */
async function follow(...given: Parameters<typeof open>): Promise<LiveClient> {
  const client = await open(...given);
  client.send({ type: 'ping', id: 'ready' });
  await client.wait(({ type }) => type === 'pong');
  return client;
}

async function refused(headers: Record<string, string>, path?: string) {
  return LiveClient.refused(await address(path), headers);
}

describe('who may open a live connection', () => {
  it('lets a key in by its header', async () => {
    const client = await follow();
    expect(client.socket.protocol).toBe('');
    expect(api.sessions.callsOf('follow')[0]!.given).toEqual([
      'default',
      sessionId,
      { connection: true },
    ]);
  });

  it('refuses a missing or wrong key before the upgrade', async () => {
    for (const headers of [{}, { authorization: 'Bearer nonsense' }]) {
      const reply = await refused(headers as Record<string, string>);
      expect(reply).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    }
  });

  it('refuses an unknown session, and another tenant’s, with 404', async () => {
    const foreign = api.sessions.add({ tenant: 'other' });
    for (const id of ['nothing', foreign.sessionId]) {
      expect(await refused(keyOf('developer'), `/api/sessions/${id}/live`)).toMatchObject({
        status: 404,
        body: { code: 'session_not_found' },
      });
    }
  });

  it('opens once with a ticket, and never repeats it', async () => {
    const reply = await api.server.inject({
      method: 'POST',
      url: '/api/tickets',
      headers: keyOf('developer'),
      payload: { session: 'demo' },
    });
    expect(reply.statusCode).toBe(201);
    const { ticket } = reply.json();
    const protocols = ['cellar.v1', `cellar.ticket.${ticket}`];
    const client = await follow(undefined, {}, protocols);
    expect(client.socket.protocol).toBe('cellar.v1');
    const second = await open(undefined, {}, protocols);
    expect(await second.closing()).toEqual({ code: 4001, reason: 'unauthenticated' });
  });

  it('closes with 4003 when the ticket is for another session', async () => {
    const other = api.sessions.add({ name: 'other' });
    api.tickets.set('t', {
      principal: { tenant: 'default', role: 'developer', keyId: 'k' },
      sessionId: other.sessionId,
    });
    const client = await open(undefined, {}, ['cellar.v1', 'cellar.ticket.t']);
    expect((await client.closing()).code).toBe(4003);
  });

  it('closes with 4004 when the ticket’s session is gone', async () => {
    api.tickets.set('t', {
      principal: { tenant: 'default', role: 'developer', keyId: 'k' },
      sessionId: 'ses-gone',
    });
    const client = await open('/api/sessions/ses-gone/live', {}, ['cellar.v1', 'cellar.ticket.t']);
    expect((await client.closing()).code).toBe(4004);
  });

  it('refuses pages of foreign origins, whatever they carry', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
      expect(await refused({ ...keyOf('admin'), origin })).toMatchObject({
        status: 403,
        body: { code: 'origin_forbidden' },
      });
    }
  });

  it('lets in pages of its own host and of configured origins', async () => {
    for (const origin of [await api.listen(), 'https://console.example']) {
      await follow(undefined, { ...keyOf('developer'), origin });
    }
  });

  it('refuses more connections to one session than it may have', async () => {
    await start({ bounds: { liveConnectionsPerSessionMax: 1 } });
    await follow();
    expect(await refused(keyOf('developer'))).toMatchObject({
      status: 429,
      body: { code: 'rate_limited' },
    });
  });

  it('tells a plain request that this is a WebSocket', async () => {
    const reply = await api.server.inject({
      url: '/api/sessions/demo/live',
      headers: keyOf('developer'),
    });
    expect(reply.statusCode).toBe(426);
  });

  it('does not upgrade on other addresses', async () => {
    const client = await open('/api/sessions').catch(() => null);
    if (client) await client.closing();
    expect(api.sessions.followerCount(sessionId)).toBe(0);
  });
});

describe('what a client is sent', () => {
  it('passes on events as they were written', async () => {
    const client = await follow();
    const message = { type: 'output', executionId: 'exec-1', content: '10\n', channel: 'stdout' };
    const { seq } = api.sessions.emit(sessionId, message);
    expect(await client.wait(({ type }) => type === 'output')).toEqual({ ...message, seq });
  });

  it('sends every event to every client', async () => {
    const all = [await follow(), await follow()];
    api.sessions.emit(sessionId, { type: 'executionStart', id: 'exec-1', timestamp: 1 });
    for (const client of all) await client.wait(({ type }) => type === 'executionStart');
  });

  it('replays what was missed', async () => {
    const first = api.sessions.emit(sessionId, { type: 'progress', executionId: 'e', value: 1 });
    const second = api.sessions.emit(sessionId, { type: 'progress', executionId: 'e', value: 2 });
    const client = await follow(`/api/sessions/demo/live?since=${first.seq}`);
    expect(client.messages.filter(({ type }) => type === 'progress')).toEqual([
      JSON.parse(second.text),
    ]);
  });

  it('refuses a since that is no number', async () => {
    expect(await refused(keyOf('viewer'), '/api/sessions/demo/live?since=yesterday')).toMatchObject(
      {
        status: 400,
        body: { code: 'invalid_request' },
      },
    );
  });

  it('tells state and variables to those only who subscribed', async () => {
    const subscriber = await follow();
    const other = await follow();
    subscriber.send({ type: 'subscribe', events: ['state', 'variables'] });
    subscriber.send({ type: 'ping', id: 'subscribed' });
    await subscriber.wait(({ requestId }) => requestId === 'subscribed');
    api.sessions.emit(sessionId, { type: 'state', from: 'idle', to: 'busy', reason: 'execution' });
    api.sessions.emit(sessionId, { type: 'variablesChanged', executionId: 'e', added: ['x'] });
    api.sessions.emit(sessionId, { type: 'progress', executionId: 'e', value: 1 });
    await other.wait(({ type }) => type === 'progress');
    await subscriber.wait(({ type }) => type === 'progress');
    const typesOf = ({ messages }: LiveClient) =>
      messages.map(({ type }) => type).filter((type) => type !== 'pong');
    expect(typesOf(other)).toEqual(['progress']);
    expect(typesOf(subscriber)).toEqual(['state', 'variablesChanged', 'progress']);
  });

  it('ends subscriptions with an empty list', async () => {
    const client = await follow();
    client.send({ type: 'subscribe', events: ['state'] });
    client.send({ type: 'subscribe', events: [] });
    client.send({ type: 'ping', id: 'done' });
    await client.wait(({ requestId }) => requestId === 'done');
    api.sessions.emit(sessionId, { type: 'state', from: 'idle', to: 'busy', reason: 'execution' });
    api.sessions.emit(sessionId, { type: 'progress', executionId: 'e', value: 1 });
    await client.wait(({ type }) => type === 'progress');
    expect(client.messages.some(({ type }) => type === 'state')).toBe(false);
  });

  it('measures a session once a second for all who watch, and only while they do', async () => {
    const watchers = [await follow(), await follow()];
    for (const client of watchers) {
      client.send({ type: 'subscribe', events: ['metrics'] });
      client.send({ type: 'ping', id: 'watching' });
      await client.wait(({ requestId }) => requestId === 'watching');
    }
    api.clock.advance(1000);
    for (const client of watchers) {
      expect(await client.wait(({ type }) => type === 'metrics')).toMatchObject({
        cpuPercent: 12.5,
        memoryBytes: 2048,
        pids: 3,
      });
    }
    expect(api.sessions.callsOf('metrics')).toHaveLength(1);
    for (const client of watchers) {
      client.send({ type: 'subscribe', events: [] });
      client.send({ type: 'ping', id: 'unwatched' });
      await client.wait(({ requestId }) => requestId === 'unwatched');
    }
    api.clock.advance(1000);
    expect(api.sessions.callsOf('metrics')).toHaveLength(1);
  });

  it('closes with a code when the session is deleted or the service stops', async () => {
    const first = await follow();
    api.sessions.closeFollowers(sessionId, 'deleted');
    expect(await first.closing()).toEqual({ code: 4009, reason: 'sessionDeleted' });
    const second = await follow();
    api.sessions.closeFollowers(sessionId, 'shuttingDown');
    expect((await second.closing()).code).toBe(4010);
  });

  it('closes all connections when the server closes', async () => {
    const client = await follow();
    const closing = api.server.close();
    expect((await client.closing()).code).toBe(4010);
    await closing;
  });

  it('stops following when the client goes', async () => {
    const client = await follow();
    expect(api.sessions.followerCount(sessionId)).toBe(1);
    client.socket.close();
    await client.closing();
    await expect.poll(() => api.sessions.followerCount(sessionId)).toBe(0);
  });
});

describe('what a client may send', () => {
  it('hands an execute on with everything it says', async () => {
    const client = await follow();
    const options = { timeout: 1000, captureOutput: false, intermediateResults: true };
    client.send({ type: 'execute', code: 'let x = 10; print(x);', id: 'request-123', options });
    await expect.poll(() => api.sessions.callsOf('submit')).toHaveLength(1);
    expect(api.sessions.callsOf('submit')[0]!.given).toEqual([
      'default',
      sessionId,
      {
        code: 'let x = 10; print(x);',
        requestId: 'request-123',
        ...options,
        interactive: true,
      },
    ]);
  });

  it('asks no questions of a program whose input was given', async () => {
    const client = await follow();
    client.send({ type: 'execute', code: 'input()', options: { stdin: 'a\n' } });
    await expect.poll(() => api.sessions.callsOf('submit')).toHaveLength(1);
    expect(api.sessions.callsOf('submit')[0]!.given[2]).toMatchObject({
      stdin: 'a\n',
      interactive: false,
    });
  });

  it('tells why an execute was not taken', async () => {
    const client = await follow();
    api.sessions.before.set('submit', () => {
      throw new AppError('queue_full');
    });
    client.send({ type: 'execute', code: '1', id: 'r' });
    expect(await client.wait(({ type }) => type === 'error')).toMatchObject({
      code: 'queue_full',
      requestId: 'r',
      seq: expect.any(Number),
    });
  });

  it('keeps executes in the order in which they were sent', async () => {
    const client = await follow();
    for (let i = 0; i < 20; i++) client.send({ type: 'execute', code: String(i) });
    await expect.poll(() => api.sessions.callsOf('submit')).toHaveLength(20);
    const codes = api.sessions.callsOf('submit').map(({ given }) => given[2] as { code: string });
    expect(codes.map(({ code }) => Number(code))).toEqual([...Array(20).keys()]);
  });

  it('inspects, lists variables, cancels and gives input', async () => {
    const client = await follow();
    client.send({ type: 'inspect', variable: 'x', depth: 2, path: ['a', 0], id: 'i' });
    client.send({ type: 'variables', id: 'v', filter: 'x*' });
    expect(await client.wait(({ requestId }) => requestId === 'i')).toMatchObject({
      type: 'inspectionResult',
      variable: 'x',
      value: { type: 'number', preview: '10', size: 1 },
    });
    expect(await client.wait(({ requestId }) => requestId === 'v')).toMatchObject({
      type: 'variables',
      items: [{ name: 'x' }],
      truncated: false,
    });
    client.send({ type: 'execute', code: 'input()' });
    await expect.poll(() => api.sessions.callsOf('submit')).toHaveLength(1);
    const history = await api.sessions.history('default', sessionId, { limit: 1, offset: 0 }, true);
    const { executionId } = history.items[0]!.record;
    client.send({ type: 'stdin', executionId, content: 'Ada\n' });
    client.send({ type: 'cancel', executionId });
    await client.wait(({ type }) => type === 'executionResult');
    expect(api.sessions.callsOf('stdin')[0]!.given).toContain('Ada\n');
    client.send({ type: 'cancel', executionId, id: 'again' });
    expect(await client.wait(({ requestId }) => requestId === 'again')).toMatchObject({
      type: 'error',
      code: 'execution_ended',
    });
  });

  it('gives up on a question after its deadline', async () => {
    const client = await follow();
    const { promise: entered, resolve } = Promise.withResolvers<void>();
    api.sessions.before.set('inspect', () => {
      resolve();
      return new Promise<void>(() => {});
    });
    client.send({ type: 'inspect', variable: 'x', id: 'slow' });
    await entered;
    api.clock.advance(10_000);
    expect(await client.wait(({ requestId }) => requestId === 'slow')).toMatchObject({
      type: 'error',
      code: 'deadline_exceeded',
    });
  });

  it('lets a viewer watch but not run', async () => {
    const client = await follow(undefined, keyOf('viewer'));
    for (const message of [
      { type: 'execute', code: '1', id: 'a' },
      { type: 'cancel', executionId: 'e', id: 'b' },
      { type: 'stdin', executionId: 'e', content: '', id: 'c' },
    ]) {
      client.send(message);
      expect(await client.wait(({ requestId }) => requestId === message.id)).toMatchObject({
        type: 'error',
        code: 'forbidden',
      });
    }
    expect(api.sessions.callsOf('submit')).toEqual([]);
  });

  it.each([
    [{ type: 'run', code: '1' }, '/type'],
    [{ code: '1' }, '/type'],
    [[], '/type'],
    [null, '/type'],
    [{ type: '__proto__' }, '/type'],
    [{ type: 'execute' }, '/code'],
    [{ type: 'execute', code: 1 }, '/code'],
    [{ type: 'execute', code: '1', options: { timeout: '5' } }, '/options/timeout'],
    [{ type: 'execute', code: '1', options: { timeout: 60_001 } }, '/options/timeout'],
    [{ type: 'execute', code: '1', option: {} }, '/option'],
    [{ type: 'inspect', variable: 'x', depth: -1 }, '/depth'],
    [{ type: 'subscribe', events: ['everything'] }, '/events/0'],
    [{ type: 'cancel' }, '/executionId'],
  ])('answers %j with an error that names the field', async (message, field) => {
    const client = await follow();
    client.send(JSON.stringify(message));
    const error = await client.wait(({ type }) => type === 'error');
    expect(error).toMatchObject({ code: 'invalid_request', seq: expect.any(Number) });
    expect(error.fields[0].field).toBe(field);
  });

  it('gives the id of a message it refuses', async () => {
    const client = await follow();
    client.send({ type: 'execute', id: 'mine' });
    expect(await client.wait(({ type }) => type === 'error')).toMatchObject({ requestId: 'mine' });
  });
});

describe('clients that misbehave', () => {
  it.each([
    ['binary frames', Buffer.from('{"type":"ping"}'), 1003],
    ['malformed JSON', '{"type":', 1007],
  ])('answers %s with an error, and closes after several', async (_what, data, code) => {
    const client = await follow();
    for (let i = 0; i < 5; i++) client.socket.send(data);
    expect((await client.closing()).code).toBe(code);
    const errors = client.messages.filter(({ type }) => type === 'error');
    expect(errors).toHaveLength(5);
    expect(errors[0]).toMatchObject({ code: 'invalid_request' });
  });

  it('bears mistakes that are far apart', async () => {
    const client = await follow();
    for (let i = 0; i < 8; i++) {
      client.send('{');
      client.send({ type: 'ping', id: `p${i}` });
      await client.wait(({ requestId }) => requestId === `p${i}`);
      api.clock.advance(15_000);
    }
    expect(client.closed).toBeNull();
  });

  it('refuses a message over the limit, and ends the connection over an absurd one', async () => {
    await start({ bounds: { executeBytesMax: 1000 } });
    const client = await follow();
    client.send({ type: 'execute', code: 'x'.repeat(1000), id: 'r' });
    expect(await client.wait(({ type }) => type === 'error')).toMatchObject({
      code: 'payload_too_large',
    });
    client.send({ type: 'execute', code: 'x'.repeat(2000) });
    expect((await client.closing()).code).toBe(1009);
    expect(api.sessions.callsOf('submit')).toEqual([]);
  });

  it('closes with 4029 when messages come too fast', async () => {
    await start({ bounds: { liveMessagesPerSecondMax: 10 } });
    const client = await open();
    for (let i = 0; i < 20; i++) client.send({ type: 'ping' });
    expect((await client.closing()).code).toBe(4029);
  });

  it('closes with 4008 a client that does not read, and the others notice nothing', async () => {
    await start({ bounds: { outgoingBytesMax: 200_000 } });
    const slow = await follow();
    const quick = await follow();
    slow.socket.pause();
    const content = 'x'.repeat(50_000);
    let sent = 0;
    while (api.sessions.followerCount(sessionId) === 2 && sent < 2000) {
      api.sessions.emit(sessionId, {
        type: 'output',
        executionId: 'e',
        content,
        channel: 'stdout',
      });
      sent++;
      const last = sent;
      await expect
        .poll(() => quick.messages.filter(({ type }) => type === 'output').length, { interval: 1 })
        .toBe(last);
      if (sent > 400) slow.socket.resume();
    }
    expect((await slow.closing()).code).toBe(4008);
    expect(quick.closed).toBeNull();
    // What was sent before the close has arrived without a gap, so the client can resume after it.
    const seqs = slow.messages.filter(({ type }) => type === 'output').map(({ seq }) => seq);
    expect(seqs.length).toBeGreaterThan(0);
    expect(seqs).toEqual(seqs.map((_, i) => seqs[0]! + i));
  });

  it('drops a client that gives no sign of life', async () => {
    const dead = await follow();
    const alive = await follow();
    dead.socket.pause();
    api.clock.advance(20_000);
    await once(alive.socket, 'ping');
    alive.send({ type: 'ping', id: 'here' });
    await alive.wait(({ requestId }) => requestId === 'here');
    api.clock.advance(20_000);
    dead.socket.resume();
    expect((await dead.closing()).code).toBe(1006);
    expect(alive.closed).toBeNull();
  });

  it('stops reading from a client with too many requests under way', async () => {
    await start({ bounds: { liveRequestsMax: 2 } });
    const client = await follow();
    const { promise: gate, resolve } = Promise.withResolvers<void>();
    api.sessions.before.set('inspect', () => gate);
    client.send({ type: 'inspect', variable: 'x', id: 'a' });
    await expect.poll(() => api.sessions.callsOf('inspect')).toHaveLength(1);
    api.sessions.before.set('inspect', () => gate);
    client.send({ type: 'inspect', variable: 'x', id: 'b' });
    await expect.poll(() => api.sessions.callsOf('inspect')).toHaveLength(2);
    const [connection] = [...api.server.websocketServer.clients];
    expect(connection!.isPaused).toBe(true);
    resolve();
    await client.wait(({ requestId }) => requestId === 'b');
    expect(connection!.isPaused).toBe(false);
  });
});
