// More sessions than there is room for, on the real engine with the real service.
import { expect, it } from 'vitest';
import { startService } from '../helpers/start-service.ts';

it('ten sessions share room for three, and every one of them keeps its state', async () => {
  await using service = await startService({ CELLAR_SESSIONS_MAX: '3' });
  const ids: string[] = [];
  for (let i = 0; i < 10; i++) {
    const { id } = await service.createSession({ persistence: 'hibernate' });
    await service.execute(id, `x = ${i}`);
    ids.push(id);
  }
  const awake = async () =>
    (await service.request('GET', '/api/sessions')).body.items.filter(
      ({ state }: { state: string }) => state !== 'hibernated',
    );
  expect(await awake()).toHaveLength(3);
  // All at once: they wait for one another.
  const results = await Promise.all(ids.map((id) => service.execute(id, 'x')));
  expect(results.map(({ result }) => result.value)).toEqual(ids.map((_, i) => i));
  expect((await awake()).length).toBeLessThanOrEqual(3);
});

it('who finds no room and can hope for none is told when to come again', async () => {
  await using service = await startService({ CELLAR_SESSIONS_MAX: '1' });
  const { id } = await service.createSession();
  const refused = await service.request('POST', '/api/sessions', {});
  expect(refused).toMatchObject({ status: 503, body: { code: 'overloaded' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await service.execute(id, '1 + 1')).result.value).toBe(2);
  await service.request('DELETE', `/api/sessions/${id}`);
  await service.createSession();
});

it('who has more than a tenant may have is told so', async () => {
  await using service = await startService({ CELLAR_TENANT_SESSIONS_MAX: '1' });
  await service.createSession();
  const refused = await service.request('POST', '/api/sessions', {});
  expect(refused).toMatchObject({ status: 429, body: { code: 'tenant_limit' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});
