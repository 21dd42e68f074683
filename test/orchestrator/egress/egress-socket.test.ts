import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AllowList } from '../../../src/orchestrator/egress/allow-list.ts';
import { EgressSocket } from '../../../src/orchestrator/egress/egress-socket.ts';
import type { EgressTerms } from '../../../src/orchestrator/egress/egress-terms.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { type TestEgress, terms, testEgress } from '../../helpers/egress.ts';
import { ask, open, raw, tunnel } from '../../helpers/proxy-client.ts';
import { silent, WebHost } from '../../helpers/web-host.ts';

const loopback = { privateAllow: ['127.0.0.1/32'] };

let directory = '';
let path = '';
let proxies: EgressSocket[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'egress-'));
  path = join(directory, 'egress.sock');
  proxies = [];
});

afterEach(async () => {
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function listen(host: TestEgress, given: EgressTerms): Promise<EgressSocket> {
  const proxy = await EgressSocket.listen(host, { path, sandboxId: 'sbx-1' }, given);
  proxies.push(proxy);
  return proxy;
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

describe('a request in absolute form', () => {
  it('is made in the place of the sandbox', async () => {
    await using host = await WebHost.start();
    await listen(testEgress(loopback), terms([host.authority]));
    const answer = await ask(path, `${host.url}/a?b=c`, { headers: { 'x-own': 'yes' } });
    expect(answer).toMatchObject({ status: 200, body: 'at /a?b=c' });
    expect(host.seen[0]).toMatchObject({ method: 'GET', headers: { 'x-own': 'yes' } });
  });

  it.each([
    ['of a known length', { headers: { 'content-length': '5' }, body: 'hello' }],
    ['in chunks', { body: Readable.from(['he', 'llo']) }],
    [
      'that waits to be asked for',
      { headers: { expect: '100-continue', 'content-length': '5' }, body: 'hello' },
    ],
  ])('takes a body %s along', async (_kind, asked) => {
    await using host = await WebHost.start();
    await listen(testEgress(loopback), terms([host.authority]));
    await ask(path, host.url, { method: 'POST', ...asked });
    expect(host.seen[0]).toMatchObject({ method: 'POST', body: 'hello' });
  });

  it('names the host that it goes to, whatever else was sent as that', async () => {
    await using host = await WebHost.start();
    await listen(testEgress(loopback), terms([host.authority]));
    await ask(path, host.url, { headers: { host: 'other.example' } });
    expect(host.seen[0]?.headers.host).toBe(host.authority);
  });

  it('keeps to itself what is between two neighbours', async () => {
    await using host = await WebHost.start({
      answer: (_seen, response) => {
        response.setHeader('Proxy-Status', 'cellar; error=http_request_denied');
        response.setHeader('X-Private', '1');
        response.setHeader('Connection', 'x-private');
        response.end('done');
      },
    });
    await listen(testEgress(loopback), terms([host.authority]));
    const { headers } = await ask(path, host.url, {
      headers: {
        'proxy-authorization': 'Basic c2VjcmV0',
        'proxy-connection': 'keep-alive',
        te: 'trailers',
        'x-hop': '1',
        connection: 'x-hop',
      },
    });
    expect(Object.keys(host.seen[0]!.headers).sort()).toEqual(['connection', 'host']);
    expect(headers).not.toHaveProperty('proxy-status');
    expect(headers).not.toHaveProperty('x-private');
  });

  it('is not framed anew: a body stays a body', async () => {
    await using host = await WebHost.start();
    await listen(testEgress(loopback), terms([host.authority]));
    const hidden = `GET /hidden HTTP/1.1\r\nHost: ${host.authority}\r\n\r\n`;
    const chunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
    const head = `GET ${host.url}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
    await raw(path, head + chunk);
    expect(host.seen.map(({ url, body }) => [url, body])).toEqual([['/', hidden]]);
  });

  it('passes a redirect on and does not follow it', async () => {
    await using target = await WebHost.start();
    await using host = await WebHost.start({
      answer: (_seen, response) => response.writeHead(302, { location: target.url }).end(),
    });
    await listen(testEgress(loopback), terms([host.authority, target.authority]));
    const answer = await ask(path, host.url);
    expect(answer).toMatchObject({ status: 302, headers: { location: target.url } });
    expect(target.connections).toBe(0);
  });

  it('that is none is refused', async () => {
    await listen(testEgress(loopback), terms(['127.0.0.1']));
    expect((await ask(path, '/path')).status).toBe(400);
    expect((await ask(path, 'https://127.0.0.1/')).status).toBe(400);
    expect(await raw(path, 'nonsense\r\n\r\n')).toBe('');
  });

  it('with endless headers is cut off', async () => {
    await using host = await WebHost.start();
    await listen(testEgress(loopback), terms([host.authority]));
    const head = `GET ${host.url}/ HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`;
    expect(await raw(path, head)).toBe('');
    expect(host.connections).toBe(0);
  });
});

describe('a tunnel', () => {
  it('carries bytes either way, and the end of each', async () => {
    await using host = await WebHost.startRaw(async (socket) => {
      const all = await text(socket);
      socket.end(`heard ${all}`);
    });
    await listen(testEgress(loopback), terms([host.authority]));
    const { status, socket } = await tunnel(path, host.authority);
    expect(status).toBe(200);
    socket.end('hello');
    expect(await text(socket)).toBe('heard hello');
  });

  it('is cut when its host breaks off', async () => {
    await using host = await WebHost.startRaw((socket) => socket.resetAndDestroy());
    const egress = testEgress(loopback);
    await listen(egress, terms([host.authority]));
    const { socket } = await tunnel(path, host.authority);
    await expect(text(socket).catch(() => 'broken')).resolves.toMatch(/^(broken)?$/);
    await until(() => expect(egress.events).toHaveLength(1));
  });
});

describe('what the session does not allow', () => {
  it('is refused with the reason, and nobody is asked', async () => {
    await using host = await WebHost.start();
    const resolve = vi.fn(async () => ['127.0.0.1']);
    await listen(testEgress({ ...loopback, resolve }), terms(['example.org']));
    const denied = {
      status: 403,
      headers: { 'proxy-status': expect.stringContaining('error=http_request_denied') },
    };
    expect(await ask(path, `http://other.test:${host.port}/`)).toMatchObject(denied);
    expect(await tunnel(path, `other.test:${host.port}`)).toMatchObject(denied);
    expect((await ask(path, 'http://other.test/')).body).toBe(
      "Host is not allowed: 'other.test'\n",
    );
    expect(resolve).not.toHaveBeenCalled();
    expect(host.connections).toBe(0);
  });

  it('is refused past what the tenant allows, from one moment to the next', async () => {
    await using host = await WebHost.start();
    let ceiling: readonly string[] = [host.authority];
    const given = terms([host.authority]);
    await listen(testEgress(loopback), { ...given, ceiling: () => AllowList.of(ceiling) });
    expect((await ask(path, host.url)).status).toBe(200);
    ceiling = ['other.test'];
    expect((await ask(path, host.url)).status).toBe(403);
    expect((await tunnel(path, host.authority)).status).toBe(403);
    expect(host.connections).toBe(1);
  });

  it('is refused by its port too', async () => {
    await using host = await WebHost.start();
    await listen(testEgress(loopback), terms(['127.0.0.1']));
    expect((await ask(path, host.url)).status).toBe(403);
    expect((await tunnel(path, host.authority)).status).toBe(403);
    expect((await tunnel(path, '127.0.0.1:80')).status).toBe(403);
    expect(host.connections).toBe(0);
  });
});

describe('an address that is none of the public internet', () => {
  const forms = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0x7f000001',
    '0177.0.0.1',
    '0.0.0.0',
    '0',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '169.254.169.254',
    '[fd00:ec2::254]',
    '10.0.0.1',
    'localhost',
    'inside.test',
  ];
  const resolve = async () => ['127.0.0.1'];

  it.each(forms)('is refused as %s in either form, and nothing is dialled', async (form) => {
    await using host = await WebHost.start({ address: '0.0.0.0' });
    await using other = await WebHost.start({ address: '::1', port: host.port });
    await listen(testEgress({ resolve }), terms([`${form}:${host.port}`]));
    const denied = {
      status: 403,
      headers: { 'proxy-status': expect.stringContaining('error=destination_ip_prohibited') },
    };
    expect(await ask(path, `http://${form}:${host.port}/`)).toMatchObject(denied);
    expect(await tunnel(path, `${form}:${host.port}`)).toMatchObject(denied);
    expect([host.connections, other.connections]).toEqual([0, 0]);
  });

  it('is reached where the operator allows it', async () => {
    await using host = await WebHost.start();
    await listen(
      testEgress({ ...loopback, resolve }),
      terms([`inside.test:${host.port}`, `2130706433:${host.port}`]),
    );
    expect((await ask(path, `http://inside.test:${host.port}/`)).status).toBe(200);
    expect((await ask(path, `http://0x7f.1:${host.port}/`)).status).toBe(200);
  });

  it('is refused among good ones, and none of them is dialled', async () => {
    await using host = await WebHost.start();
    const addresses = async () => ['127.0.0.1', '127.0.0.2'];
    await listen(testEgress({ ...loopback, resolve: addresses }), terms([`a.test:${host.port}`]));
    expect((await ask(path, `http://a.test:${host.port}/`)).status).toBe(403);
    expect(host.connections).toBe(0);
  });

  it('is not reached by a name that changes its mind: what was checked is what is dialled', async () => {
    await using good = await WebHost.start();
    await using bad = await WebHost.start({ address: '127.0.0.2', port: good.port });
    let asked = 0;
    const rebinding = async () => (++asked % 2 === 1 ? ['127.0.0.1'] : ['127.0.0.2']);
    await listen(testEgress({ ...loopback, resolve: rebinding }), terms([`a.test:${good.port}`]));
    expect((await ask(path, `http://a.test:${good.port}/`)).status).toBe(200);
    expect(asked).toBe(1);
    expect((await ask(path, `http://a.test:${good.port}/`)).status).toBe(403);
    expect([good.connections, bad.connections]).toEqual([1, 0]);
  });
});

describe('a host that is not there', () => {
  it('is told apart from one that is not allowed', async () => {
    const host = await WebHost.start();
    const { url, authority } = host;
    await host[Symbol.asyncDispose]();
    await listen(testEgress(loopback), terms([authority]));
    const refused = { 'proxy-status': expect.stringContaining('error=connection_refused') };
    expect(await ask(path, url)).toMatchObject({ status: 502, headers: refused });
    expect(await tunnel(path, authority)).toMatchObject({ status: 502, headers: refused });
  });

  it('has the next of its addresses tried', async () => {
    await using host = await WebHost.start();
    const resolve = async () => ['127.0.0.3', '127.0.0.1'];
    await listen(
      testEgress({ privateAllow: ['127.0.0.0/8'], resolve }),
      terms([`a.test:${host.port}`]),
    );
    expect((await ask(path, `http://a.test:${host.port}/`)).status).toBe(200);
  });

  it('that says nothing is given up', async () => {
    await using host = await WebHost.startRaw(silent);
    await listen(testEgress({ ...loopback, limits: { idleMsMax: 50 } }), terms([host.authority]));
    expect((await ask(path, host.url)).status).toBe(504);
    await until(() => expect(host.open).toBe(0));
  });

  it('that is never done is given up', async () => {
    await using host = await WebHost.startRaw(silent);
    const clock = new FakeClock();
    await listen(testEgress({ ...loopback, clock }), terms([host.authority]));
    const answer = ask(path, host.url);
    await until(() => expect(host.connections).toBe(1));
    clock.advance(60_000);
    expect((await answer).status).toBe(504);
  });
});

describe('the budget of a session', () => {
  it('ends a transfer at the byte, and refuses the next', async () => {
    await using host = await WebHost.start({
      answer: (_seen, response) => void response.end(Buffer.alloc(1_000_000)),
    });
    const egress = testEgress(loopback);
    const given = terms([host.authority], { bytesTotal: 300_000 });
    await listen(egress, given);
    await expect(ask(path, host.url)).rejects.toThrow();
    expect(given.meter.bytes).toBe(300_000);
    expect(await ask(path, host.url)).toMatchObject({
      status: 429,
      body: 'The session has sent and received as many bytes as it may\n',
    });
    expect(host.connections).toBe(1);
    expect(egress.events[0]).toMatchObject({
      refusal: 'connection_limit_reached',
      connected: true,
    });
  });

  it('counts what is sent as well', async () => {
    await using host = await WebHost.start();
    const given = terms([host.authority], { bytesTotal: 100_000 });
    await listen(testEgress(loopback), given);
    const body = 'x'.repeat(200_000);
    await ask(path, host.url, { method: 'POST', body }).catch(() => {});
    expect(given.meter.bytes).toBe(100_000);
  });

  it('counts what tunnels carry', async () => {
    await using host = await WebHost.startRaw((socket) => socket.end(Buffer.alloc(50_000)));
    const given = terms([host.authority], { bytesTotal: 20_000 });
    await listen(testEgress(loopback), given);
    const { socket } = await tunnel(path, host.authority);
    let received = 0;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    await until(() => expect(socket.destroyed).toBe(true));
    expect(received).toBeLessThanOrEqual(20_000);
    expect(given.meter.bytes).toBe(20_000);
  });

  it('holds transfers to its rate', async () => {
    await using host = await WebHost.start({
      answer: (_seen, response) => void response.end(Buffer.alloc(100_000)),
    });
    const clock = new FakeClock();
    const given = terms([host.authority], { bytesPerSecond: 10_000 }, clock);
    await listen(testEgress({ ...loopback, clock }), given);
    let done = false;
    const answer = ask(path, host.url).finally(() => {
      done = true;
    });
    await until(() => expect(given.meter.bytes).toBeGreaterThanOrEqual(10_000));
    expect(given.meter.bytes).toBeLessThan(20_000);
    expect(done).toBe(false);
    await until(() => {
      clock.advance(500);
      expect(done).toBe(true);
    });
    expect((await answer).body.length).toBe(100_000);
  });
});

describe('other terms', () => {
  it('cut what they do not allow, and leave the rest alone', async () => {
    const answer = (_seen: unknown, response: import('node:http').ServerResponse) => {
      response.write('begun');
    };
    await using one = await WebHost.start({ answer });
    await using other = await WebHost.start({ answer });
    const egress = testEgress(loopback);
    const given = terms([one.authority, other.authority]);
    const proxy = await listen(egress, given);
    const [cut, kept] = [await open(path, one.url), await open(path, other.url)];
    const pipe = await tunnel(path, one.authority);
    proxy.change({ ...given, allow: terms([other.authority]).allow });
    await expect(text(cut)).rejects.toThrow();
    await until(() => expect(pipe.socket.destroyed).toBe(true));
    await until(() => expect(one.open).toBe(0));
    expect([other.open, kept.destroyed]).toEqual([1, false]);
    expect((await ask(path, one.url)).status).toBe(403);
    expect(egress.events.map(({ refusal }) => refusal)).toContain('http_request_denied');
    kept.on('error', () => {}).destroy();
  });

  it('cut it too where they are those of the tenant', async () => {
    const answer = (_seen: unknown, response: import('node:http').ServerResponse) => {
      response.write('begun');
    };
    await using host = await WebHost.start({ answer });
    const egress = testEgress(loopback);
    let ceiling: readonly string[] = [host.authority];
    await listen(egress, {
      ...terms([host.authority]),
      ceiling: () => AllowList.of(ceiling),
    });
    const cut = await open(path, host.url);
    ceiling = [];
    for (const proxy of egress.proxies) proxy.review();
    await expect(text(cut)).rejects.toThrow();
    await until(() => expect(host.open).toBe(0));
    expect(egress.events.map(({ refusal }) => refusal)).toEqual(['http_request_denied']);
  });

  it('hold for what is just being looked up', async () => {
    await using host = await WebHost.start();
    const looked = Promise.withResolvers<string[]>();
    const resolve = vi.fn(() => looked.promise);
    const given = terms([`a.test:${host.port}`]);
    const proxy = await listen(testEgress({ ...loopback, resolve }), given);
    const answer = ask(path, `http://a.test:${host.port}/`);
    await until(() => expect(resolve).toHaveBeenCalled());
    proxy.change({ ...given, allow: terms([]).allow });
    looked.resolve(['127.0.0.1']);
    expect((await answer).status).toBe(403);
    expect(host.connections).toBe(0);
  });

  it('end with the socket', async () => {
    await using host = await WebHost.startRaw(silent);
    const proxy = await listen(testEgress(loopback), terms([host.authority]));
    const answer = ask(path, host.url);
    const pipe = await tunnel(path, host.authority);
    await until(() => expect(host.open).toBe(2));
    await proxy[Symbol.asyncDispose]();
    await answer.catch(() => {});
    await until(() => expect([host.open, pipe.socket.destroyed]).toEqual([0, true]));
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });
});

describe('a sandbox that asks too much', () => {
  it('is refused past the connections that it may have, and served again after', async () => {
    await using host = await WebHost.startRaw(silent);
    await listen(
      testEgress({ ...loopback, limits: { connectionsMax: 2 } }),
      terms([host.authority]),
    );
    const held = [await tunnel(path, host.authority), await tunnel(path, host.authority)];
    expect((await tunnel(path, host.authority)).status).toBe(429);
    for (const { socket } of held) socket.destroy();
    await until(() => expect(host.open).toBe(0));
    expect((await tunnel(path, host.authority)).status).toBe(200);
  });

  it('is refused past the requests of a time, and served again after it', async () => {
    const clock = new FakeClock();
    await listen(
      testEgress({ clock, limits: { requestsMax: 3, windowMs: 1_000 } }),
      terms(['a.test']),
    );
    const statuses = async (count: number) => {
      const found: number[] = [];
      for (let index = 0; index < count; index++)
        found.push((await ask(path, 'http://b.test/')).status);
      return found;
    };
    expect(await statuses(5)).toEqual([403, 403, 403, 429, 429]);
    clock.advance(1_001);
    expect(await statuses(1)).toEqual([403]);
  });

  it('leaves no connection when it goes away', async () => {
    await using host = await WebHost.startRaw(silent);
    await listen(testEgress(loopback), terms([host.authority]));
    const { socket } = await tunnel(path, host.authority);
    await until(() => expect(host.open).toBe(1));
    socket.destroy();
    await until(() => expect(host.open).toBe(0));
  });

  it('holds nobody up by not hanging up', async () => {
    const resolve = vi.fn(() => new Promise<string[]>(() => {}));
    const proxy = await listen(testEgress({ resolve }), terms(['a.test']));
    const clients = ['CONNECT a.test:443', 'CONNECT b.test:443', 'GET http://a.test/'].map(
      (line) => {
        const client = connect({ path, allowHalfOpen: true });
        client.write(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`);
        return client.on('error', () => {}).resume();
      },
    );
    await until(() => expect(resolve).toHaveBeenCalledTimes(2));
    await proxy[Symbol.asyncDispose]();
    await until(() => expect(clients.every(({ readableEnded }) => readableEnded)).toBe(true));
  });

  it('leaves no request behind when it goes away', async () => {
    await using host = await WebHost.startRaw(silent);
    await listen(testEgress(loopback), terms([host.authority]));
    const client = connect(path);
    client.write(`GET ${host.url}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(() => expect(host.open).toBe(1));
    client.destroy();
    await until(() => expect(host.open).toBe(0));
  });
});

it('tells of every connection, whatever became of it', async () => {
  await using host = await WebHost.start();
  const egress = testEgress(loopback);
  const given = terms([host.authority]);
  await listen(egress, given);
  await ask(path, `${host.url}/secret?token=1`, { method: 'POST', body: 'hello' });
  await ask(path, 'http://other.test/');
  await ask(path, '/nonsense');
  await until(() => expect(egress.events).toHaveLength(3));
  const whose = { tenant: 'default', sessionId: 'ses-1', sandboxId: 'sbx-1' };
  expect(egress.events).toMatchObject([
    { ...whose, host: '127.0.0.1', port: host.port, refusal: null, connected: true },
    { ...whose, host: 'other.test', port: 80, refusal: 'http_request_denied', connected: false },
    { ...whose, host: null, port: null, refusal: 'http_request_error', connected: false },
  ]);
  const [{ sentBytes, receivedBytes }] = egress.events as [(typeof egress.events)[number]];
  expect(sentBytes + receivedBytes).toBe(given.meter.bytes);
  expect(given.counted).toEqual({ sent: sentBytes, received: receivedBytes });
  expect(sentBytes).toBeGreaterThan('hello'.length);
  expect(receivedBytes).toBeGreaterThan('at /secret?token=1'.length);
  expect(JSON.stringify(egress.events)).not.toContain('secret');
});
