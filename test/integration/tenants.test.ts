// Two tenants on one service, each with a key of its own, and the end of one of the keys.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveClient } from '../helpers/live-client.ts';
import { type Service, startService } from '../helpers/start-service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service[Symbol.asyncDispose]());

const shownBy = (key: string) => ({ authorization: `Bearer ${key}` });

/** A new tenant with one key. */
async function tenantWithKey(id: string): Promise<{ id: string; key: string; keyId: string }> {
  const tenant = await service.request('POST', '/api/tenants', { id });
  const key = await service.request('POST', '/api/keys', { tenant: id, role: 'developer' });
  expect([tenant.status, key.status]).toEqual([201, 201]);
  return { id, key: key.body.key, keyId: key.body.id };
}

/** A session of the same name in each tenant, with a live connection. */
async function liveSession(key: string): Promise<{ id: string; live: LiveClient }> {
  const headers = shownBy(key);
  const made = await service.request('POST', '/api/sessions', { name: 'work' }, headers);
  expect(made.status).toBe(201);
  const url = `${service.url.replace('http', 'ws')}/api/sessions/work/live`;
  return { id: made.body.id, live: await LiveClient.open(url, headers) };
}

describe('two tenants', () => {
  it('work side by side; a key that is revoked closes its live connection, and no other', async () => {
    const [red, blue] = [await tenantWithKey('red'), await tenantWithKey('blue')];
    const [reds, blues] = await Promise.all([liveSession(red.key), liveSession(blue.key)]);
    await Promise.all([reds.live.execute('let x = 1;'), blues.live.execute('let x = 2;')]);
    for (const [{ live }, value] of [
      [reds, 1],
      [blues, 2],
    ] as const)
      expect((await live.execute('x')).at(-1)).toMatchObject({ result: { value } });
    const foreign = await service.request(
      'POST',
      `/api/sessions/${reds.id}/execute`,
      { code: 'x' },
      shownBy(blue.key),
    );
    expect([foreign.status, foreign.body.code]).toEqual([404, 'session_not_found']);

    const inRed = { 'x-cellar-tenant': 'red' };
    const revoked = await service.request('DELETE', `/api/keys/${red.keyId}`, undefined, inRed);
    expect(revoked.status).toBe(204);
    await expect
      .poll(() => reds.live.closed, { timeout: 10_000 })
      .toEqual({ code: 4001, reason: 'unauthenticated' });
    const shut = await service.request('GET', '/api/sessions', undefined, shownBy(red.key));
    expect(shut.status).toBe(401);
    expect((await blues.live.execute('x + 1')).at(-1)).toMatchObject({ result: { value: 3 } });

    // The session is there for whoever else may see it, and after a restart neither key has changed.
    await service.kill('SIGTERM');
    await service.start();
    expect((await service.request('GET', '/api/whoami', undefined, shownBy(red.key))).status).toBe(
      401,
    );
    const again = await service.request(
      'POST',
      '/api/sessions/work/execute',
      { code: 'x' },
      shownBy(blue.key),
    );
    expect(again.body).toMatchObject({ status: 'success', result: { value: 2 } });
    const kept = await service.request('GET', `/api/sessions/${reds.id}`, undefined, inRed);
    expect(kept.body.tenant).toBe('red');

    const gone = await service.request('DELETE', '/api/tenants/red?force=true');
    expect(gone.body).toMatchObject({ id: 'red', sessions: 1 });
    const names = (await service.containers()).map(({ Names }) => Names.join());
    const { sandbox } = (
      await service.request('GET', '/api/sessions/work', undefined, shownBy(blue.key))
    ).body;
    expect(names.some((name) => name.includes(sandbox.id))).toBe(true);
    expect(names.some((name) => name.includes(kept.body.sandbox?.id ?? 'none'))).toBe(false);
  });
});
