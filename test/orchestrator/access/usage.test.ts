// Who sees what was used, and in which form.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../../src/orchestrator/foundation/roles.ts';
import { AccessWorld } from '../../helpers/access-world.ts';

let world: AccessWorld;
let red: Record<Role, string>;
let blue: Record<Role, string>;
/** Ids of a session of each. */
let ids: Record<'red' | 'blue', string>;

beforeAll(async () => {
  world = await AccessWorld.open();
  red = await world.tenant('red');
  blue = await world.tenant('blue');
  ids = { red: await used(red, 'red', 3), blue: await used(blue, 'blue', 5) };
});
afterAll(() => world[Symbol.asyncDispose]());

/** A new session in which so many executions ended. */
async function used(keys: Record<Role, string>, tenant: string, executions: number, name = tenant) {
  const { id } = (await world.ask(keys.developer, 'POST', '/api/sessions', { name })).body;
  for (let i = 0; i < executions; i++)
    world.meter.observe({
      type: 'executionEnded',
      tenant,
      sessionId: id,
      status: 'success',
      error: null,
      truncated: false,
      dispatched: true,
      ms: 1,
    });
  return id;
}

const usage = (key: string, query = '', headers = {}) =>
  world.ask(key, 'GET', `/api/usage${query}`, undefined, headers);

describe('what was used', () => {
  it('in a tenant is seen by everybody in it, and by admins', async () => {
    for (const [key, query] of [
      [red.viewer, ''],
      [red.viewer, '?tenant=red'],
      [red.operator, ''],
      [world.root, '?tenant=red'],
    ] as const) {
      const { status, body } = await usage(key, query);
      expect(status).toBe(200);
      expect(body).toMatchObject({ limit: 50, next: null });
      expect(body.items).toMatchObject([
        { tenant: 'red', session: null, name: null, executions: 3, cpuSeconds: 0 },
      ]);
    }
  });

  it('in another tenant is refused in the same words, whether there is one or not', async () => {
    for (const key of [red.viewer, red.operator]) {
      const headers = { 'x-request-id': 'same' };
      const [theirs, nobody] = [
        await usage(key, '?tenant=blue', headers),
        await usage(key, '?tenant=nobody', headers),
      ];
      expect([theirs.status, theirs.body.code]).toEqual([403, 'forbidden']);
      expect(theirs.text).toBe(nobody.text);
    }
  });

  it('in all tenants is seen by admins alone, with all sessions', async () => {
    const { items } = (await usage(world.root)).body;
    expect(items.map(({ tenant, executions }: any) => [tenant, executions])).toEqual([
      ['blue', 5],
      ['red', 3],
    ]);
    const sessions = (await usage(world.root, '?by=session')).body.items;
    expect(sessions.map(({ session, name }: any) => [session, name])).toEqual([
      [ids.blue, 'blue'],
      [ids.red, 'red'],
    ]);
  });

  it('is told in pages', async () => {
    const found = [];
    let query = '?limit=1';
    for (let next: string | null = ''; next !== null; query = `?limit=1&cursor=${next}`) {
      const { items, next: after }: any = (await usage(world.root, query)).body;
      found.push(...items.map(({ tenant }: any) => tenant));
      next = after;
    }
    expect(found).toEqual(['blue', 'red']);
    const asRed = await usage(red.viewer, query.replace(/null$/, 'WyJibHVlIiwiIiwwXQ'));
    expect(asRed.body.items).toMatchObject([{ tenant: 'red' }]);
  });

  it('is told for whole hours and days, and for as many as one may ask for', async () => {
    const { from, to } = (await usage(red.viewer, '?from=2025-12-31T22:10:00Z')).body;
    expect([from, to]).toEqual(['2025-12-31T22:00:00.000Z', '2026-01-01T01:00:00.000Z']);
    const days = (await usage(red.viewer, '?interval=day&to=2026-01-01T00:00:01Z')).body;
    expect([days.from, days.to]).toEqual(['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z']);
    for (const query of [
      '?from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z',
      '?from=2027-01-01T00:00:00Z',
      '?from=2020-01-01T00:00:00Z',
      '?interval=hour&from=2025-11-01T00:00:00Z',
      '?from=yesterday',
      '?cursor=bm90aGluZw',
      '?by=key',
      '?limit=201',
    ]) {
      const { status, body } = await usage(red.viewer, query);
      expect([query, status, body.code]).toEqual([query, 400, 'invalid_request']);
    }
  });

  it('is told as CSV to whoever asks for it', async () => {
    for (const [query, headers] of [
      ['?format=csv', {}],
      ['', { accept: 'text/csv' }],
    ] as const) {
      const reply = await usage(world.root, query, headers);
      expect(reply.headers['content-type']).toBe('text/csv; charset=utf-8');
      const [header, ...rows] = reply.text.split('\r\n');
      expect(header).toMatch(/^tenant,session,name,from,to,cpuSeconds,.*,executions$/);
      expect(rows.map((row) => row.replace(/,.*,/, ' '))).toEqual(['blue 5', 'red 3', '']);
    }
    const json = await usage(world.root, '?format=json', { accept: 'text/csv' });
    expect(json.body.items).toHaveLength(2);
    expect((await usage(world.root, '?format=csv&limit=1')).text.split('\r\n')).toHaveLength(3);
  });

  it('in one session is seen in its tenant', async () => {
    const ask = (key: string, id: string) =>
      world.ask(key, 'GET', `/api/sessions/${id}/usage`, undefined, { 'x-request-id': 'same' });
    for (const id of [ids.red, 'red'])
      expect((await ask(red.viewer, id)).body).toMatchObject({
        session: ids.red,
        totals: { executions: 3 },
        points: [],
      });
    const [theirs, nobodys] = [await ask(red.admin, ids.blue), await ask(red.admin, 'ses-none')];
    expect([theirs.status, theirs.body.code]).toEqual([404, 'session_not_found']);
    expect(theirs.text).toBe(nobodys.text);
  });

  it('stays when the tenant is deleted, for admins', async () => {
    const green = await world.tenant('green');
    const id = await used(green, 'green', 1);
    await world.ask(green.developer, 'DELETE', `/api/sessions/${id}`);
    const deleted = await world.ask(world.root, 'DELETE', '/api/tenants/green?force=true');
    expect(deleted.status).toBe(200);
    expect((await usage(world.root, '?tenant=green')).body.items).toMatchObject([
      { tenant: 'green', executions: 1 },
    ]);
    expect((await usage(green.viewer)).status).toBe(401);
  });

  it('stays when the session is deleted', async () => {
    const id = await used(blue, 'blue', 2, 'gone');
    expect((await world.ask(blue.developer, 'DELETE', `/api/sessions/${id}`)).status).toBe(204);
    const { items } = (await usage(blue.viewer, '?by=session')).body;
    expect(items.find(({ session }: any) => session === id)).toMatchObject({
      name: null,
      executions: 2,
    });
  });
});
