// The service with a certificate of its own, as clients and its operator see it.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, it } from 'vitest';
import { Authority } from '../helpers/certificates.ts';
import { LiveClient } from '../helpers/live-client.ts';
import { startService } from '../helpers/start-service.ts';

it('is reached by HTTPS and secure WebSockets, through the change of its certificate at SIGHUP', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cellar-tls-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(directory, { recursive: true }));
  const authority = new Authority();
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const renew = async (notAfter: string) => {
    const { cert, key } = authority.issue('127.0.0.1', notAfter);
    await writeFile(certFile, cert);
    await writeFile(keyFile, key);
  };
  await renew('20500101000000Z');
  await using service = await startService({
    CELLAR_POOL_MIN: '0',
    CELLAR_TLS_CERT_FILE: certFile,
    CELLAR_TLS_KEY_FILE: keyFile,
  });
  const { port, protocol } = new URL(service.url);
  expect(protocol).toBe('https:');
  const agent = new Agent({ keepAlive: true, ca: authority.cert, maxSockets: 1 });
  cleanUp.defer(() => agent.destroy());
  const ask = async (method: string, path: string, body?: object) => {
    const headers = {
      authorization: `Bearer ${service.key}`,
      ...(body && { 'content-type': 'application/json' }),
    };
    const options: RequestOptions = { method, agent, headers };
    const asking = request(new URL(path, service.url), options);
    asking.end(body && JSON.stringify(body));
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    const { localPort } = response.socket;
    let text = '';
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode, localPort, text };
  };
  const shown = async () => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca: authority.cert });
    await once(socket, 'secureConnect');
    const { valid_to } = socket.getPeerCertificate();
    socket.destroy();
    return new Date(valid_to).getUTCFullYear();
  };

  const made = await ask('POST', '/api/sessions', { name: 'safe' });
  expect(made.status).toBe(201);
  const address = `wss://127.0.0.1:${port}/api/sessions/safe/live`;
  const live = await LiveClient.open(
    address,
    { authorization: `Bearer ${service.key}` },
    [],
    authority.cert,
  );
  await live.execute('x = 20');
  expect(await shown()).toBe(2050);
  const expiry = async () =>
    Number(
      /^cellar_tls_certificate_expiry_timestamp_seconds (\S+)$/m.exec(
        (await ask('GET', '/metrics')).text,
      )?.[1],
    );
  expect(await expiry()).toBe(Date.UTC(2050) / 1000);

  await renew('20600101000000Z');
  service.process.kill('SIGHUP');
  await expect.poll(shown, { timeout: 20_000 }).toBe(2060);
  expect(await expiry()).toBe(Date.UTC(2060) / 1000);
  expect((await ask('GET', '/api/sessions/safe')).localPort).toBe(made.localPort);
  const messages = await live.execute('x + 1');
  expect(JSON.stringify(messages)).toContain('21');
  live.close();
});

it('does not start with a key that is another’s', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cellar-tls-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(directory, { recursive: true }));
  const authority = new Authority();
  const environment = {
    CELLAR_TLS_CERT_FILE: join(directory, 'cert.pem'),
    CELLAR_TLS_KEY_FILE: join(directory, 'key.pem'),
  };
  await writeFile(environment.CELLAR_TLS_CERT_FILE, authority.issue('127.0.0.1').cert);
  await writeFile(environment.CELLAR_TLS_KEY_FILE, authority.issue('127.0.0.1').key);
  await expect(startService(environment)).rejects.toThrow('is not that of the certificate');
});
