// Sessions that sleep while the service is restarted: shown without a container, woken once by all who want them at the same time.
import { expect, it } from 'vitest';
import { startService } from '../helpers/start-service.ts';

it('sleeping sessions outlast the service and wake in one container each', async () => {
  await using service = await startService({ CELLAR_POOL_MIN: '0' });
  const ids: string[] = [];
  for (const name of ['one', 'two']) {
    const { id } = await service.createSession({ name, labels: { kind: name } });
    await service.execute(id, `x = ["${name}"]; print(x[0])`);
    expect((await service.request('POST', `/api/sessions/${id}/hibernate`)).status).toBe(200);
    ids.push(id);
  }
  const containers = async () => (await service.containers()).length;
  await expect.poll(containers, { timeout: 20_000 }).toBe(0);
  await service.kill('SIGKILL');
  await service.start();

  const listed = await service.request('GET', '/api/sessions?filter=state:hibernated');
  expect(listed.body).toMatchObject({ total: 2, items: [{ name: 'two' }, { name: 'one' }] });
  const history = await service.request('GET', '/api/sessions/one/history?includeResults=true');
  expect(history.body.items[0].output).toMatchObject([{ content: 'one\n' }]);
  const archive = await service.request('GET', '/api/sessions/one/snapshots/1/archive');
  expect(archive.status).toBe(200);
  expect(await containers()).toBe(0);

  const live = await service.live(ids[0]!);
  const codes = Array.from({ length: 8 }, (_, i) => `x.push(${i}); x.length`);
  const results = await Promise.all(
    codes.map((code, i) => service.execute(i % 2 === 0 ? 'one' : ids[0]!, code)),
  );
  expect(results.map(({ result }) => result.value).sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  expect((await service.execute('one', 'x[0]')).result.value).toBe('one');
  expect(await containers()).toBe(1);
  const ends = live.messages.filter(({ type }) => type === 'executionResult');
  expect(ends).toHaveLength(9);
  expect((await service.request('GET', '/api/sessions/two')).body).toMatchObject({
    state: 'hibernated',
    sandbox: null,
  });

  expect((await service.request('DELETE', '/api/sessions/two')).status).toBe(204);
  expect(await containers()).toBe(1);
  expect((await service.request('GET', '/api/sessions')).body.total).toBe(1);
});
