// HTTPS and secure WebSockets with real certificates, over real sockets.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TlsCertificate } from '../../../src/orchestrator/api/tls-certificate.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { Authority, type Issued } from '../../helpers/certificates.ts';
import { LiveClient } from '../../helpers/live-client.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

const authority = new Authority();
const ca = authority.cert;
const certificates = [authority.issue('127.0.0.1'), authority.issue('127.0.0.1')] as const;

let directory: string;
let clock: FakeClock;
let logged: { level: number; msg: string }[];
let certificate: TlsCertificate;
let api: ApiFixture;
let url: URL;
let agent: Agent;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cellar-tls-'));
  clock = new FakeClock();
  logged = [];
});
afterEach(() => rm(directory, { recursive: true }));

const files = () => ({
  certFile: join(directory, 'cert.pem'),
  keyFile: join(directory, 'key.pem'),
});

async function write({ cert, key }: Partial<Issued>): Promise<void> {
  const { certFile, keyFile } = files();
  if (cert !== undefined) await writeFile(certFile, cert);
  if (key !== undefined) await writeFile(keyFile, key);
}

async function open(): Promise<TlsCertificate> {
  const log = pino({}, { write: (line) => void logged.push(JSON.parse(line)) });
  return await TlsCertificate.open({ ...files(), clock, log });
}

describe('a service with a certificate', () => {
  beforeEach(async () => {
    await write(certificates[0]);
    certificate = await open();
    api = await ApiFixture.open({ certificate, bounds: { anonymousConnectionsMax: 2 } });
    api.sessions.add({ name: 'one' });
    url = new URL(await api.listen());
    agent = new Agent({ keepAlive: true, ca, maxSockets: 1 });
  });
  afterEach(async () => {
    agent.destroy();
    await api[Symbol.asyncDispose]();
    certificate[Symbol.dispose]();
  });

  /** `port`: of this end, by which the connection is known again. */
  async function ask(path: string) {
    const request = get(new URL(path, url), { agent, headers: keyOf('viewer') });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const { statusCode, headers } = response;
    const port = response.socket.localPort;
    response.resume();
    await once(response, 'end');
    return { statusCode, headers, port };
  }

  const serialOf = async () => {
    const socket = connect({ host: '127.0.0.1', port: Number(url.port), ca });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };

  it('speaks HTTPS, and tells browsers to keep to it', async () => {
    expect(url.protocol).toBe('https:');
    const response = await ask('/api/sessions');
    expect(response.statusCode).toBe(200);
    expect(response.headers['strict-transport-security']).toBe('max-age=31536000');
  });

  it('has live connections over it', async () => {
    const address = `wss://127.0.0.1:${url.port}/api/sessions/one/live`;
    const live = await LiveClient.open(address, keyOf('developer'), [], ca);
    live.send({ type: 'ping' });
    await live.wait((message) => message.type === 'pong');
    live.close();
  });

  it('does not answer in plain', async () => {
    await expect(fetch(`http://127.0.0.1:${url.port}/healthz`)).rejects.toThrow();
  });

  it('refuses versions of TLS before 1.2', async () => {
    const options = { host: '127.0.0.1', port: Number(url.port), ca };
    const old = connect({
      ...options,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const [error] = await once(old, 'error');
    expect(error.code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    const recent = connect({ ...options, maxVersion: 'TLSv1.2' });
    await once(recent, 'secureConnect');
    recent.destroy();
  });

  it('shows a new certificate once its files have changed, and drops nobody', async () => {
    const before = await ask('/api/version');
    const live = await LiveClient.open(
      `wss://127.0.0.1:${url.port}/api/sessions/one/live`,
      keyOf('developer'),
      [],
      ca,
    );
    const first = await serialOf();
    await write(certificates[1]);
    clock.advance(10_000);
    await expect.poll(serialOf).not.toBe(first);
    expect((await ask('/api/version')).port).toBe(before.port);
    live.send({ type: 'ping' });
    await live.wait((message) => message.type === 'pong');
    live.close();
  });

  it('keeps the one it has while the new one is no good, and says so once', async () => {
    const first = await serialOf();
    await write({ cert: certificates[1].cert });
    await certificate.reload();
    await certificate.reload();
    expect(await serialOf()).toBe(first);
    expect(logged.filter(({ msg }) => msg === 'the new certificate is not taken')).toHaveLength(1);
    expect(JSON.stringify(logged)).not.toContain('PRIVATE KEY');
    await write({ key: certificates[1].key });
    await certificate.reload();
    expect(await serialOf()).not.toBe(first);
  });

  it('does not take clients for strangers that have shown a key', async () => {
    const { port } = await ask('/api/version');
    const strangers: TLSSocket[] = [];
    for (let i = 0; i < 4; i++) {
      const stranger = connect({ host: '127.0.0.1', port: Number(url.port), ca });
      stranger.on('error', () => {});
      await once(stranger, 'secureConnect');
      strangers.push(stranger);
    }
    await expect.poll(() => strangers.filter(({ destroyed }) => destroyed).length).toBe(2);
    expect((await ask('/api/version')).port).toBe(port);
    for (const stranger of strangers) stranger.destroy();
  });
});

describe('a certificate', () => {
  it('knows when it ends', async () => {
    await write(authority.issue('cellar.example', '20300102030405Z'));
    using opened = await open();
    expect(new Date(opened.expiresAt).toISOString()).toBe('2030-01-02T03:04:05.000Z');
    expect(logged).toEqual([]);
  });

  it('that has ended is told in the log', async () => {
    await write(authority.issue('cellar.example', '20250101000000Z'));
    using opened = await open();
    expect(opened.expiresAt).toBeLessThan(clock.now());
    expect(logged).toMatchObject([{ level: 40, msg: 'the certificate has expired' }]);
  });

  it.each<[string, Partial<Issued>, string]>([
    ['is not there', {}, 'CELLAR_TLS_CERT_FILE cannot be read'],
    ['has no key', { cert: certificates[0].cert }, 'CELLAR_TLS_KEY_FILE cannot be read'],
    ['is none', { cert: 'nothing', key: certificates[0].key }, 'is no certificate in PEM'],
    ['has a key that is none', { ...certificates[0], key: 'nothing' }, 'is no private key in PEM'],
    [
      'has the key of another one',
      { cert: certificates[0].cert, key: certificates[1].key },
      'is not that of the certificate',
    ],
  ])('that %s is refused at the start', async (_what, given, refusal) => {
    await write(given);
    await expect(open()).rejects.toThrow(refusal);
  });
});
