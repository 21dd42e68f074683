// What a sandbox reaches, with real containers, by programs: what its session allows, and nothing that is none of the public internet.
// Hosts are on loopback addresses; one service may reach 127.0.0.1 as an operator's mirror, the other has the defaults.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Authority } from '../helpers/certificates.ts';
import { NameServer } from '../helpers/name-server.ts';
import { type Service, startService } from '../helpers/start-service.ts';
import { silent, WebHost } from '../helpers/web-host.ts';

const authority = new Authority();
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 30_000, interval: 50 });

let directory = '';
let names: NameServer;
/** What names lead to; others are not there. */
const addresses = new Map<string, readonly string[] | (() => readonly string[])>();
let open: Service;
let strict: Service;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cellar-egress-'));
  const caFile = join(directory, 'authority.pem');
  await writeFile(caFile, authority.cert);
  names = await NameServer.start((name) => {
    const found = addresses.get(name) ?? null;
    return typeof found === 'function' ? found() : found;
  });
  const settings = { CELLAR_EGRESS_DNS_SERVERS: names.authority, CELLAR_EGRESS_CA_FILE: caFile };
  open = await startService({ ...settings, CELLAR_EGRESS_PRIVATE_ALLOW: '127.0.0.1/32' });
  strict = await startService({ ...settings, CELLAR_POOL_MIN: '0', CELLAR_POOL_MAX: '0' });
});
afterAll(async () => {
  await open?.[Symbol.asyncDispose]();
  await strict?.[Symbol.asyncDispose]();
  await names?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function session(service: Service, allow: readonly string[], rest = {}): Promise<string> {
  const network = { policy: 'allowlist', allow, ...rest };
  return (await service.createSession({ network })).id;
}

/** What a program learns of a request: a status, or why there is none. */
async function asked(service: Service, id: string, request: string): Promise<string> {
  const code = `try { print(${request}.code) } catch (e) { print(e.type + ": " + e.message) }`;
  const { output } = await service.execute(id, code, { timeout: 30_000 });
  return output
    .map(({ content }: { content: string }) => content)
    .join('')
    .trimEnd();
}

it('reaches an allowed host by HTTP and by HTTPS, and counts what that took', async () => {
  await using plain = await WebHost.start();
  await using secure = await WebHost.start({ identity: authority.issue('mirror.test') });
  addresses.set('mirror.test', ['127.0.0.1']);
  const id = await session(open, [`mirror.test:${plain.port}`, `mirror.test:${secure.port}`]);
  expect(await asked(open, id, `get("http://mirror.test:${plain.port}/a")`)).toBe('200');
  expect(await asked(open, id, `post("https://mirror.test:${secure.port}/b", "data")`)).toBe('200');
  expect(plain.seen[0]?.url).toBe('/a');
  expect(secure.seen[0]).toMatchObject({ url: '/b', body: 'data' });
  const { body } = await open.request('GET', `/api/sessions/${id}`);
  expect(body.statistics.networkBytes).toBeGreaterThan(1000);
  const { totals } = (await open.request('GET', `/api/sessions/${id}/usage`)).body;
  expect(totals.networkSentBytes).toBeGreaterThan(300);
  expect(totals.networkReceivedBytes).toBeGreaterThan(300);
  expect(totals.networkSentBytes + totals.networkReceivedBytes).toBe(body.statistics.networkBytes);
  expect(open.log).toContain('egress connection');
});

it('reaches nobody without a policy, and has no way out at all', async () => {
  await using host = await WebHost.start();
  const { id, sandbox } = await open.createSession();
  expect(await asked(open, id, `get("${host.url}/")`)).toBe(
    'PermissionError: Network access is not permitted in this session',
  );
  const run = join(open.dataDirectory, 'run', sandbox.id);
  expect(await readdir(run)).toEqual(['agent.sock']);
  await open.request('PUT', `/api/sessions/${id}/config`, {
    network: { policy: 'allowlist', allow: [host.authority] },
  });
  expect((await readdir(run)).sort()).toEqual(['agent.sock', 'egress.sock']);
  expect(await asked(open, id, `get("${host.url}/")`)).toBe('200');
});

it('reaches no host that its list does not name', async () => {
  await using host = await WebHost.start();
  const id = await session(open, ['mirror.test', '127.0.0.1']);
  for (const url of [`http://127.0.0.1:${host.port}/`, `https://127.0.0.1:${host.port}/`])
    expect(await asked(open, id, `get("${url}")`)).toBe(
      `NetworkError: Host is not allowed: '127.0.0.1:${host.port}'`,
    );
  expect(host.connections).toBe(0);
});

it('reaches no address that is none of the public internet, in whatever form, though its list names it', async () => {
  await using host = await WebHost.start({ address: '0.0.0.0' });
  await using other = await WebHost.start({ address: '::1', port: host.port });
  addresses.set('inside.test', ['127.0.0.1']);
  addresses.set('both.test', ['93.184.215.14', '127.0.0.1']);
  const forms = [
    ...['127.0.0.1', '127.1', '2130706433', '0x7f.0.0.1', '0177.0.0.1', '0.0.0.0', '10.0.0.1'],
    ...['169.254.169.254', '100.64.0.1', '224.0.0.1', '[::1]', '[::]', '[::ffff:127.0.0.1]'],
    ...['[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[fd00:ec2::254]', '[fe80::1]'],
    ...['inside.test', 'both.test'],
  ].map((form) => `${form}:${host.port}`);
  const id = await session(strict, forms);
  const urls = forms.flatMap((form) => [`http://${form}/`, `https://${form}/`]);
  const code = `for (url in ${JSON.stringify(urls)}) {
    try { print(url, get(url, {timeout: 20000}).code) } catch (e) { print(url, e.message) }
  }`;
  const { output } = await strict.execute(id, code, { timeout: 60_000 });
  const lines: string[] = output
    .map(({ content }: { content: string }) => content)
    .join('')
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(urls.length);
  expect(lines.filter((line) => !line.endsWith('may not be reached'))).toEqual([]);
  expect([host.connections, other.connections]).toEqual([0, 0]);
});

it('dials the address that was checked, and no other that the name has later', async () => {
  await using good = await WebHost.start();
  await using bad = await WebHost.start({ address: '127.0.0.2', port: good.port });
  let turn = 0;
  addresses.set('rebinding.test', () => (turn++ % 2 === 0 ? ['127.0.0.1'] : ['127.0.0.2']));
  const id = await session(open, [`rebinding.test:${good.port}`]);
  const url = `http://rebinding.test:${good.port}/`;
  expect(await asked(open, id, `get("${url}")`)).toBe('200');
  expect(names.asked.filter((name) => name === 'rebinding.test')).toHaveLength(1);
  expect(await asked(open, id, `get("${url}")`)).toContain('may not be reached');
  expect([good.connections, bad.connections]).toEqual([1, 0]);
});

it('is not led by a redirect to where it may not go', async () => {
  await using bad = await WebHost.start({ address: '127.0.0.2' });
  await using good = await WebHost.start({
    answer: (_seen, response) => response.writeHead(302, { location: bad.url }).end(),
  });
  const id = await session(open, [good.authority, bad.authority]);
  expect(await asked(open, id, `get("${good.url}/")`)).toContain('may not be reached');
  expect([good.connections, bad.connections]).toEqual([1, 0]);
});

it('has no more bytes than its budget, over hibernation and restart', async () => {
  await using host = await WebHost.start({
    answer: (_seen, response) => void response.end(Buffer.alloc(40_000, 'x')),
  });
  const id = await session(open, [host.authority], { bytesTotal: 100_000 });
  const ask = () => asked(open, id, `get("${host.url}/")`);
  expect(await ask()).toBe('200');
  await open.request('POST', `/api/sessions/${id}/hibernate`);
  expect(await ask()).toBe('200');
  await open.request('POST', `/api/sessions/${id}/restart`);
  expect(await ask()).toContain('NetworkError');
  expect(await ask()).toContain('as many bytes as it may');
  const { body } = await open.request('GET', `/api/sessions/${id}`);
  expect(body.statistics.networkBytes).toBe(100_000);
  expect(host.connections).toBe(3);
});

it('is held to its rate, until it is given another', async () => {
  await using host = await WebHost.start({
    answer: (_seen, response) => void response.end(Buffer.alloc(200_000, 'x')),
  });
  const slow = { policy: 'allowlist', allow: [host.authority], bytesPerSecond: 1000 };
  const { id } = await open.createSession({ network: slow });
  const request = `get("${host.url}/")`;
  // What would take minutes is stopped by the clock, not by luck.
  const { status } = await open.execute(id, request, { timeout: 2_000 });
  expect(status).toBe('timeout');
  const config = { network: { policy: 'allowlist', allow: [host.authority] } };
  await open.request('PUT', `/api/sessions/${id}/config`, config);
  expect(await asked(open, id, request)).toBe('200');
});

const begunOnly = () =>
  WebHost.startRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun');
    silent(socket);
  });

it('is cut off in the middle when its policy changes', async () => {
  await using host = await begunOnly();
  const id = await session(open, [host.authority]);
  const answer = asked(open, id, `get("${host.url}/")`);
  await until(() => expect(host.open).toBe(1));
  const reply = await open.request('PUT', `/api/sessions/${id}/config`, {
    network: { policy: 'none' },
  });
  expect(reply.body.config.network).toEqual({ policy: 'none' });
  expect(await answer).toContain('NetworkError: ');
  await until(() => expect(host.open).toBe(0));
  expect(await asked(open, id, `get("${host.url}/")`)).toContain('PermissionError');
});

it('is cut off in the middle when its tenant may reach less', async () => {
  await using host = await begunOnly();
  const id = await session(open, [host.authority]);
  const answer = asked(open, id, `get("${host.url}/")`);
  await until(() => expect(host.open).toBe(1));
  const tenantMay = (egressAllow: readonly string[] | null) =>
    open.request('PUT', '/api/tenants/default', { egressAllow });
  expect((await tenantMay(['other.test'])).status).toBe(200);
  expect(await answer).toContain('NetworkError: ');
  await until(() => expect(host.open).toBe(0));
  expect(await asked(open, id, `get("${host.url}/")`)).toContain('Host is not allowed');
  await tenantMay(null);
});

it('keeps its network when another process takes it over', async () => {
  await using host = await WebHost.start();
  const id = await session(open, [host.authority]);
  expect(await asked(open, id, `get("${host.url}/")`)).toBe('200');
  await open.kill('SIGKILL');
  await open.start();
  expect(await asked(open, id, `get("${host.url}/")`)).toBe('200');
});
