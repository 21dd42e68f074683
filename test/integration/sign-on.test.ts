// The service with an OpenID provider: away when it starts, with new keys later, with tokens that expire while they are used, with people
// who log in with a browser.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../helpers/browser.ts';
import { EnginelessService } from '../helpers/engineless/engineless-service.ts';
import { LiveClient } from '../helpers/live-client.ts';
import { audience, OpenidProvider, webClient } from '../helpers/openid-provider.ts';

let provider: OpenidProvider;
let service: EnginelessService;
beforeAll(async () => {
  provider = await OpenidProvider.open({
    claims: {
      robot: { tenant: 'red', role: 'developer' },
      watcher: { tenant: 'blue', role: 'developer' },
    },
  });
  await provider.goAway();
  service = await EnginelessService.open({
    CELLAR_OIDC_ISSUER: provider.issuer,
    CELLAR_OIDC_AUDIENCE: audience,
    CELLAR_OIDC_COOLDOWN_MS: '100',
    CELLAR_OIDC_CLOCK_TOLERANCE_MS: '0',
  });
  for (const id of ['red', 'blue'])
    expect((await service.request('POST', '/api/tenants', { id })).status).toBe(201);
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
});

const shownBy = (token: string) => ({ authorization: `Bearer ${token}` });
const whoami = (token: string) => service.request('GET', '/api/whoami', undefined, shownBy(token));

describe('tokens', () => {
  it('wait for a provider that is away, and work once it is there', async () => {
    const token = await provider.forge(Date.now(), { tenant: 'red', role: 'developer' });
    const away = await whoami(token);
    expect([away.status, away.body.code]).toEqual([503, 'provider_unavailable']);
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await service.request('GET', '/api/whoami')).status).toBe(200);
    await provider.comeBack();
    await expect.poll(async () => (await whoami(token)).status, { timeout: 10_000 }).toBe(200);
  });

  it('of two tenants work side by side and see nothing of each other', async () => {
    const [robot, watcher] = [await provider.token('robot'), await provider.token('watcher')];
    const made = await service.request('POST', '/api/sessions', { name: 'work' }, shownBy(robot));
    expect([made.status, made.body.tenant]).toEqual([201, 'red']);
    const run = (token: string) =>
      service.request(
        'POST',
        `/api/sessions/${made.body.id}/execute`,
        { code: '6 * 7' },
        shownBy(token),
      );
    expect((await run(robot)).body.result.value).toBe(42);
    expect((await run(watcher)).body.code).toBe('session_not_found');
  });

  it('with new keys of the provider are accepted, those with old ones are not', async () => {
    const old = await provider.token('robot');
    expect((await whoami(old)).status).toBe(200);
    await provider.changeKeys();
    const fresh = await provider.token('robot');
    await expect.poll(async () => (await whoami(fresh)).status, { timeout: 10_000 }).toBe(200);
    expect((await whoami(old)).body.reason).toBe('token_key');
  });

  it('that expire close what was opened with them', async () => {
    const make = (ms: number) =>
      provider.forge(Date.now(), {
        tenant: 'red',
        role: 'developer',
        exp: Math.ceil((Date.now() + ms) / 1000),
      });
    const [short, long] = [await make(3_000), await make(600_000)];
    const url = `${service.url.replace('http', 'ws')}/api/sessions/work/live`;
    const ending = await LiveClient.open(url, shownBy(short));
    const lasting = await LiveClient.open(url, shownBy(long));
    expect((await ending.execute('1')).at(-1)).toMatchObject({ result: { value: 1 } });
    expect(await ending.closing()).toEqual({ code: 4001, reason: 'unauthenticated' });
    expect((await lasting.execute('2')).at(-1)).toMatchObject({ result: { value: 2 } });
    lasting.close();
    expect((await whoami(short)).body.reason).toBe('token_expired');
    const metrics = await service.request('GET', '/metrics');
    expect(metrics.body).toMatch(/^cellar_auth_failures_total\{kind="token"\} [1-9]/m);
  });
});

/** The provider has to know the address before the service listens there. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('a browser', () => {
  it('logs in, works over a live connection, stays logged in over a restart, and logs out', async () => {
    const publicUrl = `http://localhost:${await freePort()}`;
    await using login = await OpenidProvider.open({
      claims: { kim: { tenant: 'red', groups: ['makers'] } },
      redirectUris: [`${publicUrl}/auth/callback`],
    });
    const secretFile = join(service.dataDirectory, 'client-secret');
    await writeFile(secretFile, `${webClient.secret}\n`);
    await service.kill('SIGTERM');
    const settings = {
      CELLAR_PORT: new URL(publicUrl).port,
      CELLAR_PUBLIC_URL: publicUrl,
      CELLAR_OIDC_ISSUER: login.issuer,
      CELLAR_OIDC_CLIENT_ID: webClient.id,
      CELLAR_OIDC_CLIENT_SECRET_FILE: secretFile,
      CELLAR_OIDC_SCOPES: 'openid,cellar',
      CELLAR_OIDC_ROLE_CLAIM: 'groups',
      CELLAR_OIDC_ROLES: 'makers=developer',
    };
    await service.start(settings);
    const browser = new Browser();
    const page = await browser.logIn(`${publicUrl}/auth/login?returnTo=/auth/me`, 'kim');
    expect(JSON.parse(page.text)).toMatchObject({ tenant: 'red', role: 'developer' });

    const cookie = () =>
      [...browser.cookies.get('localhost')!].map((pair) => pair.join('=')).join('; ');
    const request = (method: string, path: string, origin = publicUrl) =>
      browser.request(`${publicUrl}${path}`, {
        method,
        headers: { origin, 'content-type': 'application/json' },
        ...(path === '/api/sessions' ? { body: '{}' } : {}),
      });
    const made = await request('POST', '/api/sessions');
    expect(made.status).toBe(201);
    const { id } = JSON.parse(made.text);
    expect((await request('POST', '/api/sessions', 'http://localhost:1')).status).toBe(403);
    const url = `${publicUrl.replace('http', 'ws')}/api/sessions/${id}/live`;
    const live = await LiveClient.open(url, { cookie: cookie(), origin: publicUrl });
    expect((await live.execute('6 * 7')).at(-1)).toMatchObject({ result: { value: 42 } });
    live.close();

    await service.kill('SIGKILL');
    await service.start(settings);
    expect((await request('GET', '/auth/me')).status).toBe(200);
    const again = await LiveClient.open(url, { cookie: cookie(), origin: publicUrl });
    const shown = cookie();
    expect((await request('POST', '/auth/logout')).status).toBe(204);
    expect(await again.closing()).toEqual({ code: 4001, reason: 'unauthenticated' });
    const after = await fetch(`${publicUrl}/auth/me`, { headers: { cookie: shown } });
    expect(after.status).toBe(401);

    // Who is logged in when the meaning of claims changes has to be looked at anew.
    await browser.logIn(`${publicUrl}/auth/login`, 'kim');
    expect((await request('GET', '/auth/me')).status).toBe(200);
    await service.kill('SIGKILL');
    await service.start({ ...settings, CELLAR_OIDC_ROLES: 'makers=viewer' });
    expect((await request('GET', '/auth/me')).status).toBe(401);
    const { text } = await browser.logIn(`${publicUrl}/auth/login`, 'kim');
    expect(JSON.parse(text)).toMatchObject({ role: 'viewer' });
  });
});
