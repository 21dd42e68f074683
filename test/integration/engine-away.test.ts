// The container engine cannot be reached for a while: the service says so, and works again when it is back.
import { describe, expect, it } from 'vitest';
import { EngineProxy } from '../helpers/engine-proxy.ts';
import { startService } from '../helpers/start-service.ts';

describe('a container engine that is away', () => {
  it('makes the service unready and creating impossible, until it is back', async () => {
    await using proxy = await EngineProxy.open();
    await using service = await startService({
      DOCKER_HOST: proxy.host,
      CELLAR_POOL_MIN: '0',
    });
    const session = await service.createSession();
    expect((await service.request('GET', '/readyz')).status).toBe(200);

    await proxy.cut();
    expect((await service.request('GET', '/readyz')).status).toBe(503);
    expect((await service.request('GET', '/healthz')).status).toBe(200);
    const refused = await service.request('POST', '/api/sessions', {});
    expect(refused).toMatchObject({ status: 503, body: { code: 'runtime_unavailable' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await service.execute(session.id, '1 + 1')).result.value).toBe(2);

    await proxy.connect();
    await expect
      .poll(async () => (await service.request('GET', '/readyz')).status, { timeout: 20_000 })
      .toBe(200);
    const again = await service.createSession();
    expect((await service.execute(again.id, '2 + 2')).result.value).toBe(4);
  });
});
