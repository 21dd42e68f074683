// Every request that the server knows, by every role, in the own tenant and in another one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { clientMessages } from '../../../src/orchestrator/api/sockets/client-messages.ts';
import {
  entryFor,
  messageNeeds,
  type Need,
  routeNeeds,
} from '../../../src/orchestrator/auth/permissions.ts';
import { type Role, reaches, roles } from '../../../src/orchestrator/foundation/roles.ts';
import { AccessWorld, type Answer } from '../../helpers/access-world.ts';

type Method = Parameters<AccessWorld['ask']>[1];
type Route = { readonly method: Method; readonly url: string; readonly need: Need };

/** What the parameters of addresses stand for. */
type Ids = Record<
  'session' | 'executionId' | 'version' | 'name' | 'snapshot' | '*' | 'tenant' | 'key',
  string
>;

/** Like those that there are, and none of them. */
const noIds: Ids = {
  session: 'ses-00000000000000000000000000',
  executionId: 'exec-00000000000000000000000000',
  version: '1',
  name: 'x',
  snapshot: 'snap-00000000000000000000000000',
  '*': 'a.txt',
  tenant: 'nobody',
  key: 'key-00000000000000000000000000',
};

/** What gets past the checks of a body. */
const bodies: Partial<Record<keyof typeof routeNeeds, object | string>> = {
  'POST /api/sessions/:id/execute': { code: '1' },
  'PUT /api/sessions/:id/config': { labels: { a: 'b' } },
  'POST /api/sessions/:id/rollback': { version: 1 },
  'PATCH /api/sessions/:id/snapshots/:version': { label: 'mine' },
  'PUT /api/sessions/:id/files/*': 'content',
  'PUT /api/tenants/:id': { displayName: 'mine' },
};

let world: AccessWorld;
let routes: Route[];
let red: Record<Role, string>;
let blue: Record<Role, string>;
let redIds: Ids;
beforeAll(async () => {
  world = await AccessWorld.open();
  routes = routesOf(world);
  red = await world.tenant('red');
  blue = await world.tenant('blue');
  const session = await world.ask(red.developer, 'POST', '/api/sessions', { name: 'secret' });
  const path = `/api/sessions/${session.body.id}`;
  const snapshot = await world.ask(red.developer, 'POST', `${path}/snapshots`, { label: 'first' });
  const execution = await world.ask(
    red.developer,
    'POST',
    `${path}/execute`,
    { code: '1' },
    {
      prefer: 'respond-async',
    },
  );
  expect([session.status, snapshot.status, execution.status]).toEqual([201, 201, 202]);
  redIds = {
    ...noIds,
    session: session.body.id,
    executionId: execution.body.executionId,
    version: String(snapshot.body.version),
    snapshot: snapshot.body.id,
    tenant: 'red',
    key: await world.idOf(red.viewer),
  };
});
afterAll(() => world[Symbol.asyncDispose]());

describe('the table of permissions', () => {
  it('has an entry for every route, and no other', () => {
    expect(routes.length).toBeGreaterThan(40);
    const entries = routes.map(({ method, url }) => entryFor(method, url));
    expect(new Set(entries)).toEqual(new Set(Object.keys(routeNeeds)));
  });

  it('has an entry for every message of a live connection, and no other', () => {
    expect(Object.keys(messageNeeds).sort()).toEqual(Object.keys(clientMessages).sort());
  });
});

describe('a request', () => {
  it('without a key, or with a wrong one, gets what everyone gets and nothing else', async () => {
    for (const { method, url, need } of routes) {
      for (const key of [undefined, 'wrong']) {
        const answer = await world.ask(key, method, filled(url, redIds));
        // What is no WebSocket is told so, whoever asks.
        const isShut = answer.status === (url.endsWith('/live') ? 426 : 401);
        expect(`${method} ${url} ${isShut}`).toBe(`${method} ${url} ${need !== 'everyone'}`);
        if (answer.status === 401 && method !== 'HEAD')
          expect(answer.body.code).toBe('unauthenticated');
      }
    }
  });

  it('is answered by the role of its key', async () => {
    for (const { method, url, need } of routes) {
      for (const role of roles) {
        const answer = await world.ask(blue[role], method, filled(url, noIds));
        const wanted = need === 'everyone' || reaches(role, need);
        const isLet = answer.status !== 401 && answer.status !== 403;
        expect(`${role}: ${method} ${url} ${isLet}`).toBe(`${role}: ${method} ${url} ${wanted}`);
        if (!isLet && method !== 'HEAD') expect(answer.body.code).toBe('forbidden');
      }
    }
  });
});

describe('a message of a live connection', () => {
  const messages: { [Type in keyof typeof clientMessages]: object } = {
    execute: { code: '1' },
    cancel: { executionId: 'exec-none' },
    stdin: { executionId: 'exec-none', content: 'x' },
    inspect: { variable: 'x' },
    variables: {},
    subscribe: { events: [] },
    ping: {},
  };

  it.each(roles)('is answered by the role of its key: %s', async (role) => {
    const client = await world.live(red[role], redIds.session);
    for (const type of Object.keys(clientMessages) as (keyof typeof clientMessages)[]) {
      const id = `${role}-${type}`;
      client.send({ type, ...messages[type], id });
      // What is let through and answered later, or not at all, is told from what is refused by what comes after it.
      client.send({ type: 'ping', id: `after-${id}` });
      await client.wait((message) => message.requestId === `after-${id}`);
      const refused = client.messages.some(
        (message) => message.requestId === id && message.code === 'forbidden',
      );
      expect(`${type} ${refused}`).toBe(`${type} ${!reaches(role, messageNeeds[type])}`);
    }
  });
});

describe('what belongs to another tenant', () => {
  it('is as if it were not there, by id and by name, for every request and role', async () => {
    const foreign = [redIds, { ...redIds, session: 'secret' }];
    let compared = 0;
    for (const { method, url, need } of routes.filter(({ url }) => /[:*]/.test(url))) {
      for (const role of roles.filter((one) => need !== 'everyone' && reaches(one, need))) {
        // An admin sees every tenant itself.
        if (role === 'admin' && url.startsWith('/api/tenants')) continue;
        const body = bodies[`${method} ${url}` as keyof typeof bodies];
        const headers = { 'x-request-id': 'same' };
        const ask = (ids: Ids) => world.ask(blue[role], method, filled(url, ids), body, headers);
        const unknown = await ask({ ...redIds, ...noIds });
        if (url.endsWith('/live')) continue;
        expect(`${method} ${url} ${unknown.status}`).toBe(`${method} ${url} 404`);
        for (const ids of foreign) {
          expect(shown(await ask(ids)), `${role}: ${method} ${url}`).toEqual(shown(unknown));
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(100);
  });

  it('is not reached through ids in bodies', async () => {
    const ask = (url: string, body: object) =>
      world.ask(blue.operator, 'POST', url, body, { 'x-request-id': 'same' });
    for (const [url, foreign, unknown] of [
      ['/api/tickets', { session: redIds.session }, { session: noIds.session }],
      ['/api/tickets', { session: 'secret' }, { session: 'nothing' }],
      [
        '/api/sessions',
        { from: { session: redIds.session } },
        { from: { session: noIds.session } },
      ],
      ['/api/sessions', { from: { session: 'secret' } }, { from: { session: 'nothing' } }],
      [
        '/api/sessions',
        { from: { session: redIds.session, label: 'first' } },
        { from: { session: noIds.session, label: 'first' } },
      ],
      [
        '/api/sessions',
        { from: { snapshot: redIds.snapshot } },
        { from: { snapshot: noIds.snapshot } },
      ],
      ['/api/keys', { role: 'viewer', tenant: 'red' }, { role: 'viewer', tenant: 'nobody' }],
    ] as const) {
      const [theirs, none] = [await ask(url, foreign), await ask(url, unknown)];
      expect(`${url} ${none.status}`).toBe(`${url} 404`);
      expect(shown(theirs)).toEqual(shown(none));
    }
  });

  it('is in no list', async () => {
    for (const url of ['/api/sessions', '/api/sessions?filter=name:secret', '/api/snapshots']) {
      const list = await world.ask(blue.admin, 'GET', url);
      expect(list.status).toBe(200);
      expect(list.text).not.toMatch(new RegExp(`${redIds.session}|${redIds.snapshot}|"red"`));
    }
    const keys = await world.ask(blue.admin, 'GET', '/api/keys');
    expect(new Set(keys.body.items.map((key: { tenant: string }) => key.tenant))).toEqual(
      new Set(['blue']),
    );
  });

  it('is not opened live, neither with a key nor with a ticket', async () => {
    const refusals = [];
    for (const session of [redIds.session, 'secret', noIds.session])
      refusals.push(await refusedUpgrade(session, blue.admin));
    expect(refusals[0]).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    expect(refusals[1]).toEqual(refusals[0]);
    expect(refusals[2]).toEqual(refusals[0]);

    expect(await refusedUpgrade(redIds.session, 'wrong')).toMatchObject({ status: 401 });

    const own = (await world.ask(blue.developer, 'POST', '/api/sessions', {})).body.id;
    for (const [ticketOf, session] of [
      [blue.developer, redIds.session],
      [blue.developer, 'secret'],
      [blue.developer, noIds.session],
      [red.developer, own],
    ] as const) {
      const ticketed = ticketOf === red.developer ? redIds.session : own;
      const { ticket } = (await world.ask(ticketOf, 'POST', '/api/tickets', { session: ticketed }))
        .body;
      const protocols = ['cellar.v1', `cellar.ticket.${ticket}`];
      const client = await world.live(undefined, session, {}, protocols);
      await expect.poll(() => client.closed?.code).toBe(4004);
    }
  });

  it('is not replayed for the same idempotency key', async () => {
    const headers = { 'idempotency-key': 'shared' };
    const make = (key: string) =>
      world.ask(key, 'POST', '/api/sessions', { labels: { of: 'all' } }, headers);
    const [theirs, own] = [await make(red.developer), await make(blue.developer)];
    expect([theirs.status, own.status]).toEqual([201, 201]);
    expect(own.headers['idempotency-replayed']).toBeUndefined();
    expect(own.body.id).not.toBe(theirs.body.id);
    expect(own.body.tenant).toBe('blue');
  });

  it('has stayed as it was', async () => {
    const inRed = (url: string) => world.ask(red.operator, 'GET', url);
    const { name, config } = (await inRed(`/api/sessions/${redIds.session}`)).body;
    expect([name, config.labels]).toEqual(['secret', {}]);
    expect((await inRed(`/api/snapshots/${redIds.snapshot}`)).body.label).toBe('first');
    expect((await inRed('/api/tenants/red')).body.displayName).toBeNull();
    const { items } = (await inRed('/api/keys')).body;
    expect(items.map(({ revokedAt }: { revokedAt: unknown }) => revokedAt)).toEqual([
      null,
      null,
      null,
    ]);
  });
});

/** Every route of the server with each of its methods. */
function routesOf({ server }: AccessWorld): Route[] {
  return [...server.knownAddresses].flatMap(([url, { methods }]) =>
    [...methods].map((method) => {
      const entry = entryFor(method, url);
      return { method: method as Method, url, need: entry === null ? 'admin' : routeNeeds[entry] };
    }),
  );
}

function filled(url: string, ids: Ids): string {
  const [, , what] = url.split('/');
  const owner = what === 'tenants' ? 'tenant' : what === 'keys' ? 'key' : 'session';
  return url
    .replace(':id', ids[owner])
    .replaceAll(/:(\w+)|\*/g, (all, name) => ids[(name ?? all) as keyof Ids]);
}

/** All that a client sees of an answer. */
function shown({ status, headers, text }: Answer) {
  const { date: _date, ...others } = headers;
  return { status, headers: others, text };
}

/** What a client is told in place of a live connection. */
async function refusedUpgrade(session: string, key: string) {
  const url = `${(await world.listen()).replace('http', 'ws')}/api/sessions/${session}/live`;
  const headers = { authorization: `Bearer ${key}`, 'x-request-id': 'same' };
  const socket = new WebSocket(url, { headers });
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: unknown }>();
  socket.on('open', () => reject(new Error('it was let in')));
  socket.on('unexpected-response', (_request, response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString());
      resolve({ status: response.statusCode ?? 0, body });
    });
  });
  socket.on('error', () => {});
  return promise;
}
