// Tokens of a real OpenID provider, and tokens that it would never make.
import { type CryptoKey, exportSPKI, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessWorld, type Answer } from '../../helpers/access-world.ts';
import { audience, OpenidProvider } from '../../helpers/openid-provider.ts';

let provider: OpenidProvider;
let world: AccessWorld;
beforeAll(async () => {
  provider = await OpenidProvider.open({
    claims: {
      robot: { tenant: 'red', role: 'developer' },
      watcher: { tenant: 'blue', role: 'viewer' },
      stranger: { tenant: 'green', role: 'developer' },
      boss: { tenant: 'red', role: 'admin' },
    },
  });
  world = await worldWith();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** With the tenants red and blue. */
async function worldWith(
  settings: Readonly<Record<string, string>> = {},
  bounds: Parameters<typeof AccessWorld.open>[0] = {},
): Promise<AccessWorld> {
  const opened = await AccessWorld.open(bounds, {
    CELLAR_OIDC_ISSUER: provider.issuer,
    CELLAR_OIDC_AUDIENCE: audience,
    ...settings,
  });
  await opened.tenant('red');
  await opened.tenant('blue');
  return opened;
}

const now = (of = world) => of.world.clock.now();
const seconds = (of = world) => Math.floor(now(of) / 1000);
const forge = (...[claims, header]: [object?, object?]) =>
  provider.forge(now(), { tenant: 'red', role: 'developer', ...claims }, header);
const whoami = (token: string, of = world) => of.ask(token, 'GET', '/api/whoami');
const outcome = ({ status, body }: Answer) => `${status} ${body.reason ?? body.code}`;

describe('a token of the provider', () => {
  it('opens the service for the tenant and with the role that its claims name', async () => {
    const robot = await whoami(await provider.token('robot'));
    expect(robot.body).toEqual({ tenant: 'red', role: 'developer', keyId: 'oidc:robot' });
    const watcher = await provider.token('watcher');
    expect((await whoami(watcher)).body).toMatchObject({ tenant: 'blue', role: 'viewer' });
    expect(outcome(await world.ask(watcher, 'POST', '/api/sessions', {}))).toBe('403 forbidden');
  });

  it('reaches nothing of another tenant', async () => {
    const robot = await provider.token('robot');
    const made = await world.ask(robot, 'POST', '/api/sessions', { name: 'secret' });
    expect([made.status, made.body.tenant]).toEqual([201, 'red']);
    const watcher = await provider.token('watcher');
    for (const id of [made.body.id, 'secret']) {
      const answer = await world.ask(watcher, 'GET', `/api/sessions/${id}`);
      expect(outcome(answer)).toBe('404 session_not_found');
    }
    const elsewhere = { 'x-cellar-tenant': 'red' };
    const named = await world.ask(watcher, 'GET', '/api/sessions', undefined, elsewhere);
    expect(outcome(named)).toBe('403 forbidden');
    expect((await world.ask(robot, 'GET', '/api/sessions/secret')).status).toBe(200);
  });

  it('is who did it in the audit log', async () => {
    const robot = await provider.token('robot');
    await world.ask(robot, 'POST', '/api/sessions', { name: 'audited' });
    await expect
      .poll(async () => (await world.ask(world.root, 'GET', '/api/audit')).body.items)
      .toContainEqual(
        expect.objectContaining({ key: 'oidc:robot', tenant: 'red', action: 'createSession' }),
      );
  });

  it('has a rate of its own', async () => {
    await using bounded = await worldWith();
    const limits = { requestsPerMinute: 1 };
    for (const tenant of ['red', 'blue'])
      await bounded.ask(bounded.root, 'PUT', `/api/tenants/${tenant}`, { limits });
    const [robot, watcher] = [await provider.token('robot'), await provider.token('watcher')];
    expect((await whoami(robot, bounded)).status).toBe(200);
    expect(outcome(await whoami(robot, bounded))).toBe('429 rate_limited');
    expect((await whoami(watcher, bounded)).status).toBe(200);
  });

  it('is refused where its claims name no tenant or role of the service', async () => {
    expect(outcome(await whoami(await provider.token('stranger')))).toBe('403 tenant_unknown');
    // Everything in every tenant is for those whom the configuration says.
    expect(outcome(await whoami(await provider.token('boss')))).toBe('403 role_unknown');
    const both = await whoami(await forge({ tenant: ['red', 'blue'] }));
    expect(outcome(both)).toBe('403 tenant_ambiguous');
    expect(both.body.detail).toBe('The claim “tenant” names several tenants.');
  });

  it('ends with its tenant', async () => {
    await using own = await worldWith();
    const session = await own.ask(await provider.token('robot'), 'POST', '/api/sessions', {});
    const live = await own.live(await provider.token('robot'), session.body.id);
    const root = await own.ask(own.root, 'DELETE', '/api/tenants/red?force=true');
    expect(root.status).toBe(200);
    expect((await live.closing()).code).toBe(4001);
    expect(outcome(await whoami(await provider.token('robot'), own))).toBe('403 tenant_unknown');
  });
});

describe('a token that is not right', () => {
  const wrong: Record<string, () => Promise<string>> = {
    token_issuer: () => forge({ iss: 'https://elsewhere.test' }),
    token_audience: () => forge({ aud: 'https://another.test' }),
    token_expired: () => forge({ exp: seconds() - 11 }),
    token_not_yet: () => forge({ nbf: seconds() + 11 }),
    token_key: () => forge({}, { kid: 'another' }),
    token_claims: () => forge({ exp: undefined }),
    token_type: () => forge({}, { typ: 'logout+jwt' }),
    token_subject: () => forge({ sub: 'kim\u001b[2J' }),
    token_signature: async () => {
      const [head, , signature] = (await forge({})).split('.');
      const [, other] = (await forge({ role: 'operator' })).split('.');
      return [head, other, signature].join('.');
    },
    token_malformed: async () => 'eyJ.eyJ.x',
  };
  it.each(Object.entries(wrong))('is refused: %s', async (reason, make) => {
    const answer = await whoami(await make());
    expect(outcome(answer)).toBe(`401 ${reason}`);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="cellar", error="invalid_token"');
  });

  it('is the same token as one that is right, but for that', async () => {
    const right = [{}, { exp: seconds() - 9 }, { nbf: seconds() + 9 }, { aud: ['x', audience] }];
    for (const claims of right) expect((await whoami(await forge(claims))).status).toBe(200);
    for (const typ of ['JWT', 'at+jwt', 'application/at+jwt'])
      expect((await whoami(await forge({}, { typ }))).status).toBe(200);
  });

  it('is refused without a signature, and with one that the public key was the secret of', async () => {
    const { publicKey, issuer } = provider;
    const claims = { iss: issuer, aud: audience, sub: 'kim', tenant: 'red', role: 'developer' };
    const exp = seconds() + 60;
    const bare = new UnsecuredJWT({ ...claims, exp }).encode();
    expect(outcome(await whoami(bare))).toBe('401 token_algorithm');
    const key = (await importJWK(publicKey, 'RS256', { extractable: true })) as CryptoKey;
    for (const secret of [await exportSPKI(key), JSON.stringify(publicKey)]) {
      const forged = await new SignJWT({ ...claims, exp })
        .setProtectedHeader({ alg: 'HS256', kid: publicKey.kid! })
        .sign(new TextEncoder().encode(secret));
      expect(outcome(await whoami(forged))).toBe('401 token_algorithm');
    }
  });

  it('is refused when signed with a key that it brings or points to', async () => {
    await using other = await OpenidProvider.open({ claims: {} });
    const claims = { iss: provider.issuer, tenant: 'red', role: 'developer' };
    for (const header of [{ jwk: other.publicKey }, { jku: `${other.issuer}/jwks` }])
      for (const kid of [provider.publicKey.kid!, other.publicKey.kid!]) {
        const forged = await other.forge(now(), claims, { ...header, kid });
        expect((await whoami(forged)).status).toBe(401);
      }
    expect(other.asked).toEqual([]);
  });

  it('is counted with wrong keys and tickets, by kind, and past the limit told so', async () => {
    await using bounded = await worldWith({}, { failedLoginsPerMinuteMax: 3 });
    expect((await whoami('eyJ.eyJ.x', bounded)).status).toBe(401);
    expect((await whoami(await provider.token('stranger'), bounded)).status).toBe(403);
    const robot = await provider.token('robot');
    const { id } = (await bounded.ask(robot, 'POST', '/api/sessions', {})).body;
    const ticket = async () => {
      const live = await bounded.live(undefined, id, {}, ['cellar.v1', 'cellar.ticket.wrong']);
      return (await live.closing()).code;
    };
    expect([await ticket(), await ticket()]).toEqual([4001, 4029]);
    expect(outcome(await whoami('wrong', bounded))).toBe('429 rate_limited');
    expect((await whoami(robot, bounded)).status).toBe(200);
    const kinds = bounded.events.flatMap((event) =>
      event.type === 'authFailed' ? [event.kind] : [],
    );
    expect(kinds).toEqual(['token', 'claims', 'ticket', 'ticket', 'key']);
  });
});

describe('the keys of the provider', () => {
  it('may change: a token with a new one is accepted, one with the old one is not', async () => {
    await using rotated = await worldWith();
    const old = await provider.token('robot');
    expect((await whoami(old, rotated)).status).toBe(200);
    await provider.changeKeys();
    const fresh = await provider.token('robot');
    // So soon after the last look there is no other.
    expect(outcome(await whoami(fresh, rotated))).toBe('401 token_key');
    rotated.world.clock.advance(30_000);
    expect((await whoami(fresh, rotated)).status).toBe(200);
    expect(outcome(await whoami(old, rotated))).toBe('401 token_key');
  });

  it('are asked for once, however many tokens name others', async () => {
    await using own = await worldWith();
    expect((await whoami(await forge(), own)).status).toBe(200);
    own.world.clock.advance(60_000);
    const before = provider.count('/jwks');
    const tokens = await Promise.all(
      Array.from({ length: 100 }, (_, i) => forge({}, { kid: `unknown-${i}` })),
    );
    const answers = await Promise.all(tokens.map((token) => whoami(token, own)));
    expect(new Set(answers.map(outcome))).toEqual(new Set(['401 token_key']));
    expect(provider.count('/jwks') - before).toBe(1);
  });

  it('that are known go on to count for an hour while the provider is away', async () => {
    await using own = await worldWith();
    const token = await provider.forge(now(own), {
      tenant: 'red',
      role: 'developer',
      exp: seconds(own) + 7200,
    });
    expect((await whoami(token, own)).status).toBe(200);
    const unknown = await provider.forge(now(own), {}, { kid: 'new' });
    await provider.goAway();
    try {
      own.world.clock.advance(59 * 60_000);
      expect((await whoami(token, own)).status).toBe(200);
      const answer = await whoami(unknown, own);
      expect(outcome(answer)).toBe('503 provider_unavailable');
      expect(answer.headers['retry-after']).toBe('5');
      own.world.clock.advance(2 * 60_000);
      expect(outcome(await whoami(token, own))).toBe('503 provider_unavailable');
    } finally {
      await provider.comeBack();
    }
    own.world.clock.advance(5_000);
    expect((await whoami(token, own)).status).toBe(200);
  });
});

describe('a provider', () => {
  it('that is away at the start is 503 for tokens and nothing for keys', async () => {
    const token = await provider.token('robot');
    await provider.goAway();
    await using own = await worldWith();
    expect((await whoami(own.root, own)).status).toBe(200);
    for (let i = 0; i < 3; i++) {
      const answer = await whoami(token, own);
      expect(outcome(answer)).toBe('503 provider_unavailable');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    await provider.comeBack();
    own.world.clock.advance(5_000);
    expect((await whoami(token, own)).status).toBe(200);
  });

  const answers: Record<string, typeof provider.instead> = {
    'says too much': (request, response) => {
      if (!request.url!.startsWith('/.well-known')) return false;
      const description = { issuer: provider.issuer, jwks_uri: `${provider.issuer}/jwks` };
      response.end(JSON.stringify({ ...description, more: 'x'.repeat(300 * 1024) }));
      return true;
    },
    'answers without end': (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
      return true;
    },
    'never ends its answer': (_request, response) => response.write('{'),
    'sends elsewhere': (_request, response) => {
      response.writeHead(302, { location: `${provider.issuer}/elsewhere` }).end();
      return true;
    },
    'is another one': (request, response) => {
      if (!request.url!.startsWith('/.well-known')) return false;
      const jwks_uri = `${provider.issuer}/jwks`;
      response.end(JSON.stringify({ issuer: 'https://elsewhere.test', jwks_uri }));
      return true;
    },
    'has no keys': (request, response) => {
      if (request.url !== '/jwks') return false;
      response.end('{"keys":7}');
      return true;
    },
  };
  it('that says no more than it must is believed', async () => {
    const token = await provider.token('robot');
    await using own = await worldWith();
    provider.instead = (request, response) => {
      if (!request.url!.startsWith('/.well-known')) return false;
      const description = { issuer: provider.issuer, jwks_uri: `${provider.issuer}/jwks` };
      response.end(JSON.stringify({ ...description, more: 'x'.repeat(200 * 1024) }));
      return true;
    };
    try {
      expect((await whoami(token, own)).status).toBe(200);
    } finally {
      provider.instead = () => false;
    }
  });

  it.each(Object.entries(answers))('that %s is 503', async (_what, instead) => {
    const token = await provider.token('robot');
    await using own = await worldWith({ CELLAR_OIDC_REQUEST_MS_MAX: '500' });
    provider.instead = instead;
    try {
      expect(outcome(await whoami(token, own))).toBe('503 provider_unavailable');
    } finally {
      provider.instead = () => false;
    }
    expect(provider.count('/elsewhere')).toBe(0);
  });
});

describe('what is open with a token', () => {
  it('ends when that expires, and so does what its tickets opened', async () => {
    await using own = await worldWith({ CELLAR_OIDC_CLOCK_TOLERANCE_MS: '1000' });
    const make = (exp: number) =>
      provider.forge(now(own), { tenant: 'red', role: 'developer', exp: seconds(own) + exp });
    const [short, long] = [await make(2), await make(600)];
    const { id } = (await own.ask(long, 'POST', '/api/sessions', {})).body;
    const ticketed = async () => {
      const { ticket } = (await own.ask(short, 'POST', '/api/tickets', { session: id })).body;
      return () => own.live(undefined, id, {}, ['cellar.v1', `cellar.ticket.${ticket}`]);
    };
    const [early, late] = [await ticketed(), await ticketed()];
    const ending = [await own.live(short, id), await early()];
    const lasting = await own.live(long, id);
    const stream = await fetch(`${await own.listen()}/api/sessions/${id}/execute`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${short}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify({ code: 'while true {}' }),
    });
    expect(stream.status).toBe(200);
    // The clocks of the provider and of the service may differ by a second.
    own.world.clock.advance(2_000);
    expect((await whoami(short, own)).status).toBe(200);
    expect(ending.map(({ closed }) => closed)).toEqual([null, null]);
    own.world.clock.advance(1_000);
    expect(outcome(await whoami(short, own))).toBe('401 token_expired');
    for (const live of [...ending, await late()])
      expect(await live.closing()).toEqual({ code: 4001, reason: 'unauthenticated' });
    expect(await stream.text()).not.toContain('executionResult');
    expect(lasting.closed).toBe(null);
  });
});

describe('claims', () => {
  const settings = {
    CELLAR_OIDC_TENANT_CLAIM: 'organization.domain',
    CELLAR_OIDC_TENANTS: 'red.test=red,blue.test=blue',
    CELLAR_OIDC_TENANT_DEFAULT: 'blue',
    CELLAR_OIDC_ROLE_CLAIM: 'https://cellar.test/groups',
    CELLAR_OIDC_ROLES: 'staff=viewer,makers=developer,chiefs=admin',
    CELLAR_OIDC_ROLE_DEFAULT: 'viewer',
  };
  const groups = 'https://cellar.test/groups';
  const cases: [what: string, claims: object, expected: string][] = [
    ['by the maps', { organization: { domain: 'red.test' }, [groups]: 'makers' }, 'red developer'],
    [
      'by the highest role',
      { organization: { domain: 'red.test' }, [groups]: ['staff', 'chiefs', 'makers', 'x'] },
      'red admin',
    ],
    ['by the defaults', {}, 'blue viewer'],
    ['by no name that is not in the map', { [groups]: ['admin', 'developer'] }, 'blue viewer'],
    ['by no name of a tenant either', { organization: { domain: 'red' } }, '403 tenant_unknown'],
    [
      'and the default is not for those who have the claim',
      { organization: { domain: 'green.test' } },
      '403 tenant_unknown',
    ],
    ['and nothing is found in what is no claim', { organization: 'red.test' }, 'blue viewer'],
    [
      'nor in what objects inherit',
      { organization: { domain: { constructor: 1 } } },
      '403 tenant_unknown',
    ],
  ];
  it('are read as the configuration says', async () => {
    await using own = await worldWith(settings);
    for (const [what, claims, expected] of cases) {
      const answer = await whoami(await provider.forge(now(own), { ...claims }), own);
      const seen =
        answer.status === 200 ? `${answer.body.tenant} ${answer.body.role}` : outcome(answer);
      expect([what, seen]).toEqual([what, expected]);
    }
  });
});
