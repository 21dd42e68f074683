// Logging in with a browser at a real OpenID provider, and what pages of others cannot do with that.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessWorld } from '../../helpers/access-world.ts';
import { Browser, type Page, sendTo } from '../../helpers/browser.ts';
import { LiveClient } from '../../helpers/live-client.ts';
import { OpenidProvider, webClient } from '../../helpers/openid-provider.ts';

const publicUrl = 'https://cellar.test';
const callbackUrl = `${publicUrl}/auth/callback`;
const atCallback = ({ href }: URL) => href.startsWith(callbackUrl);

let provider: OpenidProvider;
let world: AccessWorld;
beforeAll(async () => {
  provider = await OpenidProvider.open({
    claims: {
      kim: { tenant: 'red', role: 'developer' },
      lee: { tenant: 'red', role: 'viewer' },
      nobody: { tenant: 'green', role: 'developer' },
    },
    redirectUris: [callbackUrl],
  });
  world = await worldWith();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

async function worldWith(
  settings: Readonly<Record<string, string>> = {},
  bounds: Parameters<typeof AccessWorld.open>[0] = {},
): Promise<AccessWorld> {
  const opened = await AccessWorld.open(bounds, {
    CELLAR_OIDC_ISSUER: provider.issuer,
    CELLAR_OIDC_CLIENT_ID: webClient.id,
    CELLAR_OIDC_CLIENT_SECRET: webClient.secret,
    CELLAR_OIDC_SCOPES: 'openid,cellar',
    CELLAR_PUBLIC_URL: publicUrl,
    ...settings,
  });
  await opened.tenant('red');
  return opened;
}

const browserOf = (of = world) => new Browser(sendTo(of, publicUrl));
const own = { 'sec-fetch-site': 'same-origin' };
const bodyOf = ({ text }: Page) => JSON.parse(text);
const outcome = (page: Page) =>
  `${page.status} ${page.status < 400 ? '' : (bodyOf(page).reason ?? bodyOf(page).code)}`.trim();
const cookiesOf = (browser: Browser) => browser.cookies.get('cellar.test')!;

async function loggedIn(user: string, of = world): Promise<Browser> {
  const browser = browserOf(of);
  const page = await browser.logIn(`${publicUrl}/auth/login`, user);
  expect(outcome(page)).toBe('200');
  return browser;
}

const me = (browser: Browser) => browser.request(`${publicUrl}/auth/me`, { headers: own });
const post = (browser: Browser, path: string, headers: Record<string, string> = own, body = '{}') =>
  browser.request(`${publicUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

async function liveOf(browser: Browser, id: string, of = world, origin = publicUrl) {
  const cookie = [...cookiesOf(browser)].map((pair) => pair.join('=')).join('; ');
  return of.live(undefined, id, { host: 'cellar.test', cookie, origin });
}

describe('logging in', () => {
  it('leads to the provider and back to where the user was, with the user’s tenant and role', async () => {
    const browser = browserOf();
    const page = await browser.logIn(`${publicUrl}/auth/login?returnTo=/auth/me%3Fx=1`, 'kim');
    expect(page.url.href).toBe(`${publicUrl}/auth/me?x=1`);
    expect(bodyOf(page)).toEqual({
      tenant: 'red',
      role: 'developer',
      keyId: 'oidc:kim',
      shown: 'cookie',
      expiresAt: new Date(world.world.clock.now() + 12 * 3_600_000).toISOString(),
    });
    const [login] = browser.set.filter((text) => text.startsWith('__Host-cellar='));
    expect(login).toMatch(/^__Host-cellar=[\w-]{43}; /);
    for (const part of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'])
      expect(login!.split('; ')).toContain(part);
    expect(login).not.toMatch(/Domain/i);
    expect([...cookiesOf(browser).keys()]).toEqual(['__Host-cellar']);

    const made = await post(browser, '/api/sessions');
    expect([made.status, bodyOf(made).tenant]).toEqual([201, 'red']);
    expect(made.headers.get('cache-control')).toBe('no-store');
    expect((await me(browser)).headers.get('cache-control')).toBe('no-store');
  });

  it('is in the audit log, and so is logging out', async () => {
    const browser = await loggedIn('lee');
    expect((await post(browser, '/auth/logout')).status).toBe(204);
    await expect
      .poll(async () => {
        const { items } = (await world.ask(world.root, 'GET', '/api/audit?tenant=red')).body;
        return items
          .filter(({ key }: { key: string }) => key === 'oidc:lee')
          .map(({ action, status, target }: Record<string, unknown>) => [action, status, target]);
      })
      .toEqual([
        ['logOut', 204, '/auth/logout'],
        ['finishLogIn', 303, '/auth/callback'],
      ]);
  });

  it('has cookies without TLS on this machine only', async () => {
    await using local = await worldWith({ CELLAR_PUBLIC_URL: 'http://localhost:8080' });
    const browser = new Browser(sendTo(local, 'http://localhost:8080'));
    await browser.request('http://localhost:8080/auth/login');
    expect(browser.set).toEqual([expect.stringMatching(/^cellar-login=[^;]+; .*HttpOnly/)]);
    expect(browser.set[0]).not.toMatch(/Secure/);
  });

  it('begins under the name that the provider sends browsers back to', async () => {
    const reply = await world.ask(undefined, 'GET', '/auth/login?returnTo=/docs');
    expect([reply.status, reply.headers.location]).toEqual([
      302,
      `${publicUrl}/auth/login?returnTo=%2Fdocs&again=true`,
    ]);
    expect(reply.headers['set-cookie']).toBe(undefined);
    // A proxy may show another name all the time.
    const { pathname, search } = new URL(String(reply.headers.location));
    const again = await world.ask(undefined, 'GET', `${pathname}${search}`);
    expect(String(again.headers.location)).toMatch(new RegExp(`^${provider.issuer}/auth\\?`));
  });

  const elsewhere = [
    '//evil.test',
    'https://evil.test',
    'javascript:alert(1)',
    '/\\evil.test',
    '\\\\evil.test',
    '/\t/evil.test',
    '/a b',
    'evil.test',
    '',
  ];
  it.each(elsewhere)('leads nowhere else: returnTo=%j', async (returnTo) => {
    const url = `${publicUrl}/auth/login?returnTo=${encodeURIComponent(returnTo)}`;
    const page = await browserOf().request(url);
    expect(outcome(page)).toBe('400 invalid_request');
    expect(page.headers.get('location')).toBe(null);
  });

  it('is refused to whom nobody here knows, and told to whom the provider refuses', async () => {
    const browser = browserOf();
    const page = await browser.logIn(`${publicUrl}/auth/login`, 'nobody');
    expect(outcome(page)).toBe('403 tenant_unknown');
    expect([...cookiesOf(browser).keys()]).toEqual([]);
    const other = browserOf();
    const login = await other.visit(`${publicUrl}/auth/login`);
    const abort = /href="([^"]+\/abort)"/.exec(login.text)![1]!;
    const refused = await other.visit(new URL(abort, login.url));
    expect(outcome(refused)).toBe('400 login_refused');
    expect(bodyOf(refused).detail).toBe('The provider refused the log-in: access_denied.');
  });

  it('waits for a provider that is away', async () => {
    await using waiting = await worldWith();
    await provider.goAway();
    const page = await browserOf(waiting).request(`${publicUrl}/auth/login`);
    expect(outcome(page)).toBe('503 provider_unavailable');
    await provider.comeBack();
  });

  it('is not there where it is not set up; who one is, is', async () => {
    await using without = await AccessWorld.open();
    for (const url of ['/auth/login', '/auth/callback'])
      expect((await without.ask(undefined, 'GET', url)).status).toBe(404);
    expect((await without.ask(undefined, 'GET', '/auth/me')).status).toBe(401);
    const { body } = await without.ask(without.root, 'GET', '/auth/me');
    expect(body).toMatchObject({ tenant: 'default', role: 'admin', shown: 'key', expiresAt: null });
  });
});

describe('coming back from the provider', () => {
  /** What log-ins were begun with, by their states. */
  const nonces = new Map<string, string>();

  /** A browser that has not followed the last step yet. */
  async function back(of = world): Promise<{ browser: Browser; url: URL }> {
    const send = sendTo(of, publicUrl);
    const browser = new Browser(async (url, init) => {
      const { searchParams } = url;
      const state = searchParams.get('state');
      if (searchParams.has('nonce')) nonces.set(state!, searchParams.get('nonce')!);
      return send(url, init);
    });
    const { url } = await browser.logIn(`${publicUrl}/auth/login`, 'kim', atCallback);
    expect(atCallback(url)).toBe(true);
    return { browser, url };
  }
  const notLoggedIn = (browser: Browser) =>
    expect([...cookiesOf(browser).keys()]).not.toContain('__Host-cellar');

  it('is refused with another state, without the record of the beginning, and with one that was changed', async () => {
    const state = await back();
    state.url.searchParams.set('state', 'another');
    expect(outcome(await state.browser.visit(state.url))).toBe('400 login_answer');
    notLoggedIn(state.browser);

    const stolen = await back();
    const victim = browserOf();
    expect(outcome(await victim.visit(stolen.url))).toBe('400 login_unknown');
    notLoggedIn(victim);

    const changed = await back();
    const jar = cookiesOf(changed.browser);
    const sealed = jar.get('__Host-cellar-login')!;
    jar.set('__Host-cellar-login', `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`);
    expect(outcome(await changed.browser.visit(changed.url))).toBe('400 login_unknown');
    notLoggedIn(changed.browser);
  });

  it('is refused with the record of another log-in: a code is for the browser that asked for it', async () => {
    const [one, other] = [await back(), await back()];
    one.url.searchParams.set('state', other.url.searchParams.get('state')!);
    expect(outcome(await other.browser.visit(one.url))).toBe('400 login_code');
    notLoggedIn(other.browser);
  });

  it('is refused a second time, and after ten minutes', async () => {
    const { browser, url } = await back();
    const again = browserOf();
    again.cookies.set('cellar.test', new Map(cookiesOf(browser)));
    expect((await browser.visit(url)).status).toBe(200);
    expect(outcome(await browser.visit(url))).toBe('400 login_unknown');
    expect(outcome(await again.visit(url))).toBe('400 login_code');
    notLoggedIn(again);

    await using own = await worldWith();
    const late = await back(own);
    own.world.clock.advance(10 * 60_000);
    expect(outcome(await late.browser.visit(late.url))).toBe('400 login_unknown');
  });

  const silences: Record<string, typeof provider.instead> = {
    'breaks off': (_request, response) => {
      response.destroy();
      return true;
    },
    'has a fault': (_request, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end('oh');
      return true;
    },
    'is in the maintenance of another': (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Back soon</h1>');
      return true;
    },
    'sends elsewhere': (_request, response) => {
      response.writeHead(307, { location: `${provider.issuer}/elsewhere` }).end();
      return true;
    },
  };
  it.each(Object.entries(silences))('is 503 when the provider %s then', async (_what, instead) => {
    const { browser, url } = await back();
    provider.instead = (request, response) =>
      request.url === '/token' && instead(request, response);
    try {
      expect(outcome(await browser.visit(url))).toBe('503 provider_unavailable');
    } finally {
      provider.instead = () => false;
    }
    expect(provider.count('/elsewhere')).toBe(0);
    notLoggedIn(browser);
  });

  it('is refused with an ID token for another log-in or another client', async () => {
    const now = Date.now();
    const forged: [claims: object, expected: string][] = [
      [{ nonce: 'another' }, '400 login_answer'],
      [{ aud: 'another' }, '400 login_answer'],
      [{ iss: 'https://elsewhere.test' }, '400 login_answer'],
      [{ exp: now / 1000 - 3600 }, '400 login_answer'],
      [{}, '400 token_signature'],
    ];
    for (const [claims, expected] of forged) {
      const { browser, url } = await back();
      let nonce = '';
      provider.instead = (request, response) => {
        if (request.url !== '/token') return false;
        const usual = { aud: webClient.id, tenant: 'red', role: 'operator', nonce };
        void provider.forge(now, { ...usual, ...claims }).then((token) => {
          // The last of them has all that it needs, and the signature of nobody.
          const idToken = expected.endsWith('signature') ? `${token.slice(0, -8)}AAAAAAAA` : token;
          const answer = { access_token: 'x', token_type: 'bearer', id_token: idToken };
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify(answer));
        });
        return true;
      };
      nonce = nonces.get(url.searchParams.get('state')!)!;
      try {
        expect(outcome(await browser.visit(url))).toBe(expected);
      } finally {
        provider.instead = () => false;
      }
      notLoggedIn(browser);
    }
  });

  it('is counted with wrong keys when it fails', async () => {
    await using bounded = await worldWith({}, { failedLoginsPerMinuteMax: 2 });
    const browser = browserOf(bounded);
    const attempt = async () => outcome(await browser.request(`${callbackUrl}?code=x&state=y`));
    expect([await attempt(), await attempt(), await attempt()]).toEqual([
      '400 login_unknown',
      '400 login_unknown',
      '429 rate_limited',
    ]);
    cookiesOf(browser).set('__Host-cellar', 'wrong');
    expect(outcome(await me(browser))).toBe('429 rate_limited');
    const kinds = bounded.events.flatMap((event) =>
      event.type === 'authFailed' ? [event.kind] : [],
    );
    expect(kinds).toEqual(['login', 'login', 'login', 'cookie']);
    expect((await me(await loggedIn('kim', bounded))).status).toBe(200);
  });
});

describe('a page of another origin', () => {
  let browser: Browser;
  let session: string;
  beforeAll(async () => {
    browser = await loggedIn('kim');
    session = bodyOf(await post(browser, '/api/sessions')).id;
  });

  const foreign: Record<string, Record<string, string>> = {
    'of another site': { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
    'of another site, in an old browser': { origin: 'https://evil.test' },
    'of another host of the domain': {
      origin: 'https://x.cellar.test',
      'sec-fetch-site': 'same-site',
    },
    'of the same name without TLS': { origin: 'http://cellar.test' },
    'that has no origin': { origin: 'null', 'sec-fetch-site': 'cross-site' },
    'that says nothing of itself': {},
    'that says half': { 'sec-fetch-site': 'cross-site' },
    'that was opened by hand': { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
  };
  it.each(Object.entries(foreign))('%s changes nothing', async (_what, headers) => {
    for (const path of ['/api/sessions', `/api/sessions/${session}/execute`, '/api/tickets'])
      expect(outcome(await post(browser, path, headers))).toBe('403 origin_forbidden');
    expect(outcome(await post(browser, '/auth/logout', headers))).toBe('403 origin_forbidden');
    expect((await me(browser)).status).toBe(200);
  });

  it.each([
    { origin: publicUrl },
    { origin: publicUrl, 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'same-origin' },
  ])('is none of %j', async (headers) => {
    const page = await post(browser, '/api/tickets', { ...headers }, JSON.stringify({ session }));
    expect(page.status).toBe(201);
  });

  it('reads nothing; a link that is followed shows the user what it leads to', async () => {
    const read = (headers: Record<string, string>) =>
      browser.request(`${publicUrl}/api/sessions`, { headers });
    const cross = { 'sec-fetch-site': 'cross-site' };
    const navigation = { ...cross, 'sec-fetch-mode': 'navigate' };
    expect(outcome(await read({ origin: 'https://evil.test' }))).toBe('403 origin_forbidden');
    for (const mode of ['no-cors', 'cors'])
      expect(outcome(await read({ ...cross, 'sec-fetch-mode': mode }))).toBe(
        '403 origin_forbidden',
      );
    const framed = { ...navigation, 'sec-fetch-dest': 'iframe' };
    expect(outcome(await read(framed))).toBe('403 origin_forbidden');
    expect((await read({ ...navigation, 'sec-fetch-dest': 'document' })).status).toBe(200);
    expect((await read({})).status).toBe(200);
  });

  it('opens no live connection', async () => {
    const url = `${(await world.listen()).replace('http', 'ws')}/api/sessions/${session}/live`;
    const cookie = `__Host-cellar=${cookiesOf(browser).get('__Host-cellar')}`;
    for (const headers of [{}, { origin: 'https://evil.test' }, { origin: 'http://cellar.test' }]) {
      const refused = await LiveClient.refused(url, { host: 'cellar.test', cookie, ...headers });
      expect([refused.status, refused.body.code]).toEqual([403, 'origin_forbidden']);
    }
    const live = await liveOf(browser, session);
    live.send({ type: 'ping' });
    await live.wait(({ type }) => type === 'pong');
  });

  it('is asked of nobody who shows a key', async () => {
    const headers = {
      authorization: `Bearer ${world.root}`,
      'x-cellar-tenant': 'red',
      origin: 'https://evil.test',
    };
    const page = await post(browser, '/api/tickets', headers, JSON.stringify({ session }));
    expect(page.status).toBe(201);
  });
});

describe('a log-in', () => {
  it('ends with logging out, for this browser or all of the user’s, and closes what was opened with it', async () => {
    const [first, second] = [await loggedIn('kim'), await loggedIn('kim')];
    const other = await loggedIn('lee');
    const { id } = bodyOf(await post(first, '/api/sessions'));
    const lives = [await liveOf(first, id), await liveOf(second, id), await liveOf(other, id)];
    const { ticket } = bodyOf(
      await post(first, '/api/tickets', own, JSON.stringify({ session: id })),
    );
    const shown = new Map(cookiesOf(first));
    expect((await post(first, '/auth/logout')).status).toBe(204);
    expect(await lives[0]!.closing()).toEqual({ code: 4001, reason: 'unauthenticated' });
    expect([...cookiesOf(first).keys()]).toEqual([]);
    first.cookies.set('cellar.test', shown);
    expect(outcome(await me(first))).toBe('401 login_ended');
    const late = await world.live(undefined, id, {}, ['cellar.v1', `cellar.ticket.${ticket}`]);
    expect((await late.closing()).code).toBe(4001);
    expect((await me(second)).status).toBe(200);

    const third = await loggedIn('kim');
    expect((await post(third, '/auth/logout?everywhere=true')).status).toBe(204);
    expect((await lives[1]!.closing()).code).toBe(4001);
    expect(outcome(await me(second))).toBe('401 login_ended');
    expect((await me(other)).status).toBe(200);
    expect(lives[2]!.closed).toBe(null);
    // Whoever is not logged in is logged out.
    expect((await post(browserOf(), '/auth/logout', {})).status).toBe(204);
  });

  it('is a new one each time: what the browser showed before opens nothing any more', async () => {
    const browser = await loggedIn('kim');
    const before = new Map(cookiesOf(browser));
    const page = await browser.visit(`${publicUrl}/auth/login`);
    expect(page.status).toBe(200);
    expect((await me(browser)).status).toBe(200);
    browser.cookies.set('cellar.test', before);
    expect(outcome(await me(browser))).toBe('401 login_ended');
  });

  it('ends when it was not used for a time, and an open live connection is a use', async () => {
    await using idle = await worldWith({ CELLAR_LOGIN_IDLE_MS_MAX: '60000' });
    const [used, unused, open] = [
      await loggedIn('kim', idle),
      await loggedIn('kim', idle),
      await loggedIn('kim', idle),
    ];
    const { id } = bodyOf(await post(open, '/api/sessions'));
    const live = await liveOf(open, id, idle);
    for (let i = 0; i < 5; i++) {
      idle.world.clock.advance(15_000);
      await answered(live);
      expect((await me(used)).status).toBe(200);
    }
    expect(outcome(await me(unused))).toBe('401 login_ended');
    expect(live.closed).toBe(null);
    expect((await me(open)).status).toBe(200);
  });

  it('ends after its time however much it is used, and closes what was opened with it', async () => {
    await using short = await worldWith({
      CELLAR_LOGIN_MS_MAX: '60000',
      CELLAR_LOGIN_IDLE_MS_MAX: '60000',
    });
    const browser = await loggedIn('kim', short);
    const { id } = bodyOf(await post(browser, '/api/sessions'));
    const live = await liveOf(browser, id, short);
    for (let i = 0; i < 3; i++) {
      short.world.clock.advance(15_000);
      await answered(live);
      expect((await me(browser)).status).toBe(200);
    }
    short.world.clock.advance(15_000);
    expect(await live.closing()).toEqual({ code: 4001, reason: 'unauthenticated' });
    expect(outcome(await me(browser))).toBe('401 login_ended');
  });

  it('ends when the user has too many: the one that was not used for longest', async () => {
    await using few = await worldWith({ CELLAR_LOGINS_PER_USER_MAX: '2' });
    const first = await loggedIn('kim', few);
    few.world.clock.advance(1_000);
    const second = await loggedIn('kim', few);
    const other = await loggedIn('lee', few);
    few.world.clock.advance(1_000);
    expect((await me(first)).status).toBe(200);
    await loggedIn('kim', few);
    expect(outcome(await me(second))).toBe('401 login_ended');
    for (const browser of [first, other]) expect((await me(browser)).status).toBe(200);
  });

  it('ends with its tenant', async () => {
    await using own = await worldWith();
    const browser = await loggedIn('kim', own);
    const { id } = bodyOf(await post(browser, '/api/sessions'));
    const live = await liveOf(browser, id, own);
    await own.ask(own.root, 'DELETE', '/api/tenants/red?force=true');
    expect((await live.closing()).code).toBe(4001);
    expect(outcome(await me(browser))).toBe('401 login_ended');
    expect(await own.world.registry.access.logins.all()).toEqual([]);
  });

  it('is stored without what the browser shows', async () => {
    const browser = await loggedIn('kim');
    const shown = cookiesOf(browser).get('__Host-cellar')!;
    const stored = await world.world.registry.access.logins.all();
    expect(stored.at(-1)).toMatchObject({ subject: 'kim', tenant: 'red', role: 'developer' });
    expect(JSON.stringify(stored)).not.toContain(shown);
  });
});

/** The heartbeat of the service has an answer too by then. */
async function answered(live: LiveClient): Promise<void> {
  const count = live.messages.length;
  live.send({ type: 'ping' });
  await live.wait((message) => message.type === 'pong' && live.messages.indexOf(message) >= count);
}
