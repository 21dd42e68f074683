import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { MetricsListener } from '../../../src/orchestrator/api/metrics-server.ts';
import { defaultBounds } from '../../../src/orchestrator/api/options.ts';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { StartError } from '../../../src/orchestrator/foundation/start-error.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { settings } from './api-fixture.ts';

const token = 'a-token-for-metrics-0123456789abcdef';

function listener(host: string, given: string | null, port: number | undefined = 0) {
  const parts = {
    metrics: {
      token: given,
      read: async () => ({ contentType: 'text/plain', text: 'cellar_up 1\n' }),
    },
    authenticator: { authenticate: () => null, watch: () => () => {} },
    overload: { assertCalm: () => {} },
    settings: { ...settings, bounds: defaultBounds },
    log: createLog('silent'),
    clock: new FakeClock(),
  };
  return MetricsListener.make(parts, host, port);
}

async function get(address: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${address}/metrics`, { headers });
  return { status: response.status, text: await response.text() };
}

describe('a listener for the metrics alone', () => {
  it('is not made where no port is set', async () => {
    expect(await MetricsListener.make({} as never, '127.0.0.1', undefined)).toBeNull();
  });

  it('lets whoever reaches it look, on a loopback address and without a token', async () => {
    await using open = await listener('127.0.0.1', null);
    await open!.listen();
    expect(await get(open!.address!)).toEqual({ status: 200, text: 'cellar_up 1\n' });
  });

  it('wants the token where there is one, also on a loopback address', async () => {
    await using closed = await listener('127.0.0.1', token);
    await closed!.listen();
    expect((await get(closed!.address!)).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    expect((await get(closed!.address!, headers)).status).toBe(200);
  });

  it('is not opened to others without a token', async () => {
    await expect(listener('0.0.0.0', null)).rejects.toThrow(StartError);
    await using closed = await listener('0.0.0.0', token);
    expect(closed).not.toBeNull();
  });

  it('has nothing else, and refuses names that a page could make point here', async () => {
    await using open = await listener('127.0.0.1', null);
    await open!.listen();
    const response = await fetch(`${open!.address}/api/sessions`);
    expect(response.status).toBe(404);
    await response.text();
    // fetch says its own.
    const asked = request(`${open!.address}/metrics`, { headers: { host: 'evil.example' } }).end();
    const [reply] = await once(asked, 'response');
    reply.resume();
    expect(reply.statusCode).toBe(421);
  });
});
