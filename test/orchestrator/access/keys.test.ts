// API keys over HTTP, with the real registry below.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyRing } from '../../../src/orchestrator/auth/key-ring.ts';
import type { Role } from '../../../src/orchestrator/foundation/roles.ts';
import { AccessWorld, type Answer } from '../../helpers/access-world.ts';

const hourMs = 60 * 60 * 1000;

let world: AccessWorld;
let red: Record<Role, string>;
beforeEach(async () => {
  world = await AccessWorld.open();
  red = await world.tenant('red');
});
afterEach(() => world[Symbol.asyncDispose]());

const whoami = (key: string) => world.ask(key, 'GET', '/api/whoami');
const codeOf = ({ status, body }: Answer) => `${status} ${body?.code ?? ''}`;

describe('a key', () => {
  it('is shown once and opens the service for its tenant with its role', async () => {
    const made = await world.ask(red.operator, 'POST', '/api/keys', {
      role: 'developer',
      name: 'laptop',
    });
    expect(made.status).toBe(201);
    expect(made.headers['cache-control']).toBe('no-store');
    const { key, ...shown } = made.body;
    expect(shown).toEqual({
      id: expect.stringMatching(/^key-/),
      tenant: 'red',
      role: 'developer',
      name: 'laptop',
      prefix: key.slice(0, 'cellar_'.length + 12),
      createdAt: '2026-01-01T00:00:00.000Z',
      expiresAt: null,
      lastUsedAt: null,
      revokedAt: null,
      rotatedFrom: null,
    });
    expect((await whoami(key)).body).toEqual({
      tenant: 'red',
      role: 'developer',
      keyId: shown.id,
    });
    const list = await world.ask(red.operator, 'GET', '/api/keys');
    expect(list.body.items[0]).toEqual(shown);
    expect(list.text).not.toContain(key.split('_')[2]);
  });

  it('leaves no secret on the disk, not even for a request that is sent again', async () => {
    const headers = { 'idempotency-key': 'once' };
    const ask = () => world.ask(red.operator, 'POST', '/api/keys', { role: 'viewer' }, headers);
    const first = await ask();
    const again = await ask();
    expect(again.status).toBe(201);
    expect(again.headers['idempotency-replayed']).toBe('true');
    const { key, ...shown } = first.body;
    expect(again.body).toEqual(shown);
    expect((await world.ask(red.operator, 'GET', '/api/keys')).body.total).toBe(4);
    const { directory } = world.world;
    for (const file of ['registry.db', 'registry.db-wal']) {
      const content = await readFile(join(directory, file), 'latin1');
      expect(content.includes(key.split('_')[2].slice(0, 43))).toBe(false);
    }
  });

  it('with a slip is told from one that is wrong', async () => {
    const slip = `${red.viewer.slice(0, -1)}${red.viewer.endsWith('0') ? '1' : '0'}`;
    const mistyped = await whoami(slip);
    expect(codeOf(mistyped)).toBe('401 unauthenticated');
    expect(mistyped.body.detail).toContain('mistyped');
    expect((await whoami('something-else')).body.detail).not.toContain('mistyped');
  });

  it('ends when it was said to', async () => {
    const expiresAt = new Date(world.world.clock.now() + hourMs).toISOString();
    const made = await world.ask(red.operator, 'POST', '/api/keys', { role: 'viewer', expiresAt });
    expect(made.body.expiresAt).toBe(expiresAt);
    expect((await whoami(made.body.key)).status).toBe(200);
    world.world.clock.advance(hourMs);
    expect(codeOf(await whoami(made.body.key))).toBe('401 unauthenticated');
    const late = { role: 'viewer', expiresAt };
    const refused = await world.ask(red.operator, 'POST', '/api/keys', late);
    expect(codeOf(refused)).toBe('400 invalid_request');
    expect(refused.body.fields).toEqual([
      { field: '/expiresAt', message: 'must be in the future' },
    ]);
  });

  it('says when it was used last, to the minute', async () => {
    const id = await world.idOf(red.viewer);
    world.world.clock.advance(10_000);
    await expect
      .poll(async () => {
        const { items } = (await world.ask(red.operator, 'GET', '/api/keys')).body;
        return items.find((item: { id: string }) => item.id === id).lastUsedAt;
      })
      .toBe('2026-01-01T00:00:00.000Z');
  });

  it('works after a restart, unless it was revoked', async () => {
    await world.ask(red.operator, 'DELETE', `/api/keys/${await world.idOf(red.viewer)}`);
    const { clock, registry } = world.world;
    const ring = new KeyRing({ keyId: 'key-root', hash: Buffer.alloc(32) }, clock);
    for (const record of await registry.access.currentKeys(clock.now())) ring.set(record);
    expect(ring.authenticate(`Bearer ${red.developer}`)).toMatchObject({ role: 'developer' });
    expect(ring.authenticate(`Bearer ${red.viewer}`)).toBeNull();
  });

  it('is not made past the limit, and room is made of those that have ended', async () => {
    await using small = await AccessWorld.open({ keysPerTenantMax: 5 });
    const { operator, viewer } = await small.tenant('red');
    const make = () => small.ask(operator, 'POST', '/api/keys', { role: 'viewer' });
    expect((await make()).status).toBe(201);
    expect(codeOf(await make())).toBe('409 key_limit');
    await small.ask(operator, 'DELETE', `/api/keys/${await small.idOf(viewer)}`);
    expect((await make()).status).toBe(201);
    expect((await small.ask(operator, 'GET', '/api/keys')).body.total).toBe(4);
  });
});

describe('rotation', () => {
  it('gives a new key, and the old one an hour', async () => {
    const id = await world.idOf(red.developer);
    const made = await world.ask(red.operator, 'POST', `/api/keys/${id}/rotate`);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ tenant: 'red', role: 'developer', rotatedFrom: id });
    expect(made.body.id).not.toBe(id);
    for (const key of [red.developer, made.body.key]) expect((await whoami(key)).status).toBe(200);
    world.world.clock.advance(hourMs - 1);
    expect((await whoami(red.developer)).status).toBe(200);
    world.world.clock.advance(1);
    expect(codeOf(await whoami(red.developer))).toBe('401 unauthenticated');
    expect((await whoami(made.body.key)).status).toBe(200);
  });

  it('ends the old key at once where no overlap is wanted', async () => {
    const id = await world.idOf(red.developer);
    const body = { overlapMs: 0 };
    const made = await world.ask(red.operator, 'POST', `/api/keys/${id}/rotate`, body);
    expect(codeOf(await whoami(red.developer))).toBe('401 unauthenticated');
    expect((await whoami(made.body.key)).status).toBe(200);
  });

  it('never makes a key last longer, and needs one that has not ended', async () => {
    const { clock } = world.world;
    const expiresAt = new Date(clock.now() + 1000).toISOString();
    const short = await world.ask(red.operator, 'POST', '/api/keys', { role: 'viewer', expiresAt });
    const path = `/api/keys/${short.body.id}/rotate`;
    const made = await world.ask(red.operator, 'POST', path);
    expect(made.body.expiresAt).toBe(expiresAt);
    clock.advance(1000);
    for (const key of [short.body.key, made.body.key]) expect((await whoami(key)).status).toBe(401);
    expect(codeOf(await world.ask(red.operator, 'POST', path))).toBe('409 key_ended');
    const tooLong = { overlapMs: 8 * 24 * hourMs };
    const id = await world.idOf(red.viewer);
    const refused = await world.ask(red.operator, 'POST', `/api/keys/${id}/rotate`, tooLong);
    expect(codeOf(refused)).toBe('400 invalid_request');
  });
});

describe('a revoked key', () => {
  it('opens nothing more; its live connections and event streams are closed', async () => {
    const session = (await world.ask(red.developer, 'POST', '/api/sessions', {})).body.id;
    const [doomed, other] = [
      await world.live(red.developer, session),
      await world.live(red.viewer, session),
    ];
    const ticket = await world.ask(red.developer, 'POST', '/api/tickets', { session });
    const ticketed = await world.live(undefined, session, {}, [
      'cellar.v1',
      `cellar.ticket.${ticket.body.ticket}`,
    ]);
    const unused = await world.ask(red.developer, 'POST', '/api/tickets', { session });
    const id = await world.idOf(red.developer);
    expect((await world.ask(red.operator, 'DELETE', `/api/keys/${id}`)).status).toBe(204);
    const closed = { code: 4001, reason: 'unauthenticated' };
    await expect.poll(() => doomed.closed).toEqual(closed);
    await expect.poll(() => ticketed.closed).toEqual(closed);
    expect(codeOf(await whoami(red.developer))).toBe('401 unauthenticated');
    const late = await world.live(undefined, session, {}, [
      'cellar.v1',
      `cellar.ticket.${unused.body.ticket}`,
    ]);
    await expect.poll(() => late.closed).toEqual(closed);
    other.send({ type: 'ping' });
    await other.wait((message) => message.type === 'pong');
    expect((await world.ask(red.operator, 'DELETE', `/api/keys/${id}`)).status).toBe(204);
  });

  it('ends the event streams that it has opened', async () => {
    const session = (await world.ask(red.developer, 'POST', '/api/sessions', {})).body.id;
    const stream = await fetch(`${await world.listen()}/api/sessions/${session}/execute`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${red.developer}`,
        accept: 'text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ code: 'while true {}' }),
    });
    expect(stream.status).toBe(200);
    const ended = stream.text();
    const id = await world.idOf(red.developer);
    await world.ask(red.operator, 'DELETE', `/api/keys/${id}`);
    expect(await ended).not.toContain('executionResult');
  });

  it('has no live connection any more when it expires', async () => {
    const { clock } = world.world;
    const expiresAt = new Date(clock.now() + 1000).toISOString();
    const body = { role: 'viewer', expiresAt };
    const { key } = (await world.ask(red.operator, 'POST', '/api/keys', body)).body;
    const session = (await world.ask(red.developer, 'POST', '/api/sessions', {})).body.id;
    const client = await world.live(key, session);
    clock.advance(1000);
    await expect.poll(() => client.closed?.code).toBe(4001);
  });
});

describe('an operator', () => {
  it('has all keys of the tenant but those of admins', async () => {
    const list = (await world.ask(red.operator, 'GET', '/api/keys')).body;
    const rolesOf = (items: { role: string }[]) => items.map(({ role }) => role);
    expect(rolesOf(list.items)).toEqual(['operator', 'developer', 'viewer']);
    expect(list.total).toBe(3);
    const admin = await world.idOf(red.admin);
    for (const answer of [
      await world.ask(red.operator, 'DELETE', `/api/keys/${admin}`),
      await world.ask(red.operator, 'POST', `/api/keys/${admin}/rotate`),
      await world.ask(red.operator, 'DELETE', '/api/keys/key-none'),
    ])
      expect(codeOf(answer)).toBe('404 key_not_found');
    const made = await world.ask(red.operator, 'POST', '/api/keys', { role: 'admin' });
    expect(codeOf(made)).toBe('403 forbidden');
    expect((await whoami(red.admin)).status).toBe(200);
  });

  it('makes none for another tenant, whether there is one or not', async () => {
    await world.tenant('blue');
    for (const tenant of ['blue', 'none']) {
      const answer = await world.ask(red.operator, 'POST', '/api/keys', { role: 'viewer', tenant });
      expect(codeOf(answer)).toBe('404 tenant_not_found');
    }
  });
});
