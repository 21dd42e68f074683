// Requests of programs: the real agent in a process of its own, the real proxy, real hosts on loopback.
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EgressSocket } from '../../../src/orchestrator/egress/egress-socket.ts';
import { Authority } from '../../helpers/certificates.ts';
import { terms, testEgress } from '../../helpers/egress.ts';
import { AgentProcess } from '../../helpers/start-agent.ts';
import { type Seen, silent, WebHost } from '../../helpers/web-host.ts';

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });
const authority = new Authority();

let agent: AgentProcess;
let proxy: EgressSocket | null = null;

beforeEach(async () => {
  agent = await AgentProcess.start({ network: { certificates: authority.cert } });
});
afterEach(async () => {
  await agent[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  proxy = null;
});

async function allow(...entries: readonly string[]): Promise<void> {
  const place = { path: join(agent.directory, 'egress.sock'), sandboxId: 'sbx-1' };
  const resolve = async () => ['127.0.0.1'];
  const host = testEgress({ privateAllow: ['127.0.0.1'], resolve });
  proxy = await EgressSocket.listen(host, place, terms(entries));
}

async function outputOf(code: string): Promise<string> {
  const { ended, output } = await agent.run(code);
  if (ended.status !== 'success') throw new Error(`${ended.error?.type}: ${ended.error?.message}`);
  return output.trimEnd();
}
const caught = (request: string) =>
  outputOf(`try { ${request}; print("answered") } catch (e) { print(e.type + ": " + e.message) }`);

const echo = (seen: Seen, response: ServerResponse) => {
  response.setHeader('x-one', '1');
  response.end(JSON.stringify(seen));
};

describe('a request', () => {
  it('has the response of the host', async () => {
    await using host = await WebHost.start({
      answer: (_seen, response) =>
        response.writeHead(404, { 'X-Is': 'there' }).end('no such thing'),
    });
    await allow(host.authority);
    expect(
      await outputOf(
        `r = get("${host.url}/a?b=c"); print(r.code, r.ok, r.headers["x-is"], r.body)`,
      ),
    ).toBe('404 false there no such thing');
    expect(host.seen[0]).toMatchObject({ method: 'GET', url: '/a?b=c' });
  });

  it.each([
    ['post', 'POST'],
    ['put', 'PUT'],
  ])('of %s takes data along', async (name, method) => {
    await using host = await WebHost.start({ answer: echo });
    await allow(host.authority);
    const code = `print(${name}("${host.url}/", {a: "ü"}, {headers: {"x-own": "yes"}}).json().body)`;
    expect(await outputOf(code)).toBe('{"a":"ü"}');
    const headers = { 'content-type': 'application/json', 'content-length': '10', 'x-own': 'yes' };
    expect(host.seen[0]).toMatchObject({ method, headers });
  });

  it('of delete asks for just that', async () => {
    await using host = await WebHost.start({ answer: echo });
    await allow(host.authority);
    expect(await outputOf(`print(delete("${host.url}/thing").json().method)`)).toBe('DELETE');
  });

  it('reads a response in the encoding that it says it has', async () => {
    await using host = await WebHost.start({
      answer: (seen, response) => {
        response.setHeader('content-type', `text/plain; charset=${seen.url.slice(1)}`);
        response.end(Buffer.from('grün', 'latin1'));
      },
    });
    await allow(host.authority);
    expect(await outputOf(`print(get("${host.url}/iso-8859-1").body)`)).toBe('grün');
    expect(await outputOf(`print(get("${host.url}/nonsense").body)`)).toBe('gr\ufffdn');
  });

  it('is refused in a session that has no network', async () => {
    await using alone = await AgentProcess.start();
    const { ended } = await alone.run('get("http://127.0.0.1/")');
    expect(ended.error).toMatchObject({ type: 'PermissionError' });
  });

  it('fails with the reason of the proxy', async () => {
    await using host = await WebHost.start();
    await allow('example.org', '10.0.0.1');
    const denied = `NetworkError: Host is not allowed: '${host.authority}'`;
    expect(await caught(`get("${host.url}/")`)).toBe(denied);
    expect(await caught(`post("${host.url}/", "x".repeat(5000000))`)).toBe(denied);
    expect(await caught(`get("https://${host.authority}/")`)).toBe(denied);
    expect(await caught('get("http://10.0.0.1/")')).toBe(
      "NetworkError: The address of '10.0.0.1' may not be reached",
    );
    expect(host.connections).toBe(0);
  });

  it('sends no body to where it is not taken', async () => {
    let received = 0;
    const reply =
      'HTTP/1.1 403 Forbidden\r\nProxy-Status: cellar; error=http_request_denied; details="No \\"x\\""\r\n' +
      'Content-Length: 0\r\nConnection: close\r\n\r\n';
    const refusing = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(reply));
      socket.on('data', (chunk) => {
        received += chunk.length;
      });
    });
    await new Promise<void>((listening) => {
      refusing.listen(join(agent.directory, 'egress.sock'), listening);
    });
    expect(await caught('post("http://a.test/", "x".repeat(1000000))')).toBe(
      'NetworkError: No "x"',
    );
    await new Promise((closed) => refusing.close(closed));
    expect(received).toBeLessThan(10_000);
  });

  it.each([
    ['http://user:secret@127.0.0.1/', 'An address with a password in it'],
    ['http://127.0.0.1:99999/', 'The address is not one of http or https'],
    ['http://[::1/', 'The address is not one of http or https'],
  ])('of %s is not made', async (url, reason) => {
    await allow('127.0.0.1');
    expect(await caught(`get("${url}")`)).toContain(`NetworkError: ${reason}`);
  });

  it('fails while there is no proxy', async () => {
    expect(await caught('get("http://127.0.0.1/")')).toBe(
      'NetworkError: The network of this session is not available now',
    );
  });

  it('fails where the response breaks off, or is none', async () => {
    await using half = await WebHost.startRaw((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
    });
    await using other = await WebHost.startRaw((socket) => socket.end('SSH-2.0-x\r\n'));
    await allow(half.authority, other.authority);
    expect(await caught(`get("${half.url}/")`)).toContain('NetworkError: ');
    expect(await caught(`get("${other.url}/")`)).toContain('NetworkError: ');
  });

  it('is given up after its time, and no later', async () => {
    await using host = await WebHost.startRaw(silent);
    await allow(host.authority);
    const failure = 'NetworkError: No answer within 50 ms';
    expect(await caught(`get("${host.url}/", {timeout: 50})`)).toBe(failure);
    expect(await caught(`get("https://${host.authority}/", {timeout: 50})`)).toBe(failure);
    await until(() => expect(host.open).toBe(0));
  });

  it.each([
    ['cancelled', 60_000, 'CancelledError'],
    ['timeout', 2_000, 'TimeoutError'],
  ])('ends with its execution: %s', async (status, timeoutMs, type) => {
    await using host = await WebHost.startRaw(silent);
    await allow(host.authority);
    const id = agent.submit(`kept = 1; get("${host.url}/")`, { timeoutMs });
    if (status === 'cancelled') {
      await until(() => expect(host.open).toBe(1));
      agent.link.agent.cancel(id);
    }
    const { ended } = await agent.finish(id);
    expect(ended).toMatchObject({ status, error: { type }, stateLost: false });
    await until(() => expect(host.open).toBe(0));
    expect(await outputOf('print(kept)')).toBe('1');
  });

  it('leaves the session open for questions while it waits', async () => {
    await using host = await WebHost.startRaw(silent);
    await allow(host.authority);
    const id = agent.submit(`here = 1; get("${host.url}/")`);
    await until(() => expect(host.open).toBe(1));
    const asked = { includeValues: true };
    const { items } = await agent.link.agent.variables(asked, AbortSignal.timeout(20_000));
    expect(items).toMatchObject([{ name: 'here', value: 1 }]);
    agent.link.agent.cancel(id);
    await agent.finish(id);
  });

  it('is a matter of the memory that there is: a response too large for it ends the execution', async () => {
    await using host = await WebHost.start({
      answer: (_seen, response) => {
        const write = () => {
          while (response.write(Buffer.alloc(65_536))) if (response.destroyed) return;
          response.once('drain', write);
        };
        write();
      },
    });
    await allow(host.authority);
    const { ended } = await agent.run(`get("${host.url}/")`);
    expect(ended).toMatchObject({ error: { type: 'ResourceLimitError' }, stateLost: false });
    await until(() => expect(host.open).toBe(0));
    expect(await outputOf('print(1)')).toBe('1');
  });
});

describe('a redirect', () => {
  /** Leads from `/from/<status>` to where it is told. */
  const leading = (to: string) =>
    WebHost.start({
      answer: (seen, response) => {
        const status = /^\/from\/(\d+)/.exec(seen.url)?.[1];
        if (status === undefined) echo(seen, response);
        else response.writeHead(Number(status), { location: to }).end('elsewhere');
      },
    });

  it.each([
    ['302', 'post', 'GET', ''],
    ['303', 'put', 'GET', ''],
    ['307', 'post', 'POST', 'data'],
    ['308', 'put', 'PUT', 'data'],
    ['301', 'put', 'PUT', 'data'],
  ])('of %s makes of a %s a %s', async (status, name, method, body) => {
    await using host = await leading('/to');
    await allow(host.authority);
    const asked = `${name}("${host.url}/from/${status}", "data")`;
    expect(await outputOf(`r = ${asked}.json(); print(r.url, r.method, r.body)`)).toBe(
      `/to ${method} ${body}`.trimEnd(),
    );
  });

  it('leads to other hosts without what was meant for the first', async () => {
    await using other = await WebHost.start({ answer: echo });
    await using host = await leading(`${other.url}/to`);
    await allow(host.authority, other.authority);
    const headers = '{headers: {authorization: "secret", cookie: "secret", "x-own": "yes"}}';
    await outputOf(`get("${host.url}/from/302", ${headers})`);
    expect(host.seen[0]?.headers).toMatchObject({ authorization: 'secret', cookie: 'secret' });
    expect(other.seen[0]?.headers).toMatchObject({ 'x-own': 'yes' });
    expect(JSON.stringify(other.seen)).not.toContain('secret');
  });

  it('is checked like any other request', async () => {
    await using other = await WebHost.start();
    await using host = await leading(`${other.url}/to`);
    await allow(host.authority);
    expect(await caught(`get("${host.url}/from/302")`)).toBe(
      `NetworkError: Host is not allowed: '${other.authority}'`,
    );
    expect(other.connections).toBe(0);
  });

  it.each([
    ['in a circle', '/from/302', 'leads on more than 10 times'],
    ['to what is no web address', 'file:///etc/passwd', 'leads to what is not http or https'],
    ['nowhere', 'http://[', 'leads nowhere'],
  ])('that leads %s is an error', async (_where, to, reason) => {
    await using host = await leading(to);
    await allow(host.authority);
    expect(await caught(`get("${host.url}/from/302")`)).toBe(
      `NetworkError: '${host.authority}' ${reason}`,
    );
  });
});

describe('HTTPS', () => {
  it('is spoken with the host itself, whose certificate is known', async () => {
    await using host = await WebHost.start({ identity: authority.issue('a.test'), answer: echo });
    await allow(`a.test:${host.port}`);
    const url = `https://a.test:${host.port}/path`;
    expect(await outputOf(`r = put("${url}", "data").json(); print(r.url, r.body)`)).toBe(
      '/path data',
    );
  });

  it.each([
    ['of another name', () => authority.issue('b.test')],
    ['of an authority that nobody knows', () => new Authority().issue('a.test')],
  ])('is not spoken with a certificate %s', async (_kind, identity) => {
    await using host = await WebHost.start({ identity: identity() });
    await allow(`a.test:${host.port}`);
    expect(await caught(`get("https://a.test:${host.port}/")`)).toContain(
      `NetworkError: The certificate of 'a.test:${host.port}' is not accepted`,
    );
    expect(host.seen).toEqual([]);
  });

  it('is not spoken with what does not speak it', async () => {
    await using host = await WebHost.start();
    await allow(`a.test:${host.port}`);
    expect(await caught(`get("https://a.test:${host.port}/")`)).toBe(
      `NetworkError: No secure connection to 'a.test:${host.port}'`,
    );
  });
});
