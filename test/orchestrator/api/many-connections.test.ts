// Thousands of live connections on one server: what each takes, that all are told, and how they end.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { CrowdOrder } from '../../helpers/live-crowd.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

const count = 2_000;
/** Of the service's own memory; what the kernel keeps for a connection comes on top. */
const bytesPerConnectionMax = 32 * 1024;

/** What the process holds after all that is garbage has gone. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it('2000 live connections take little, are all told everything, and are closed with 4010', async () => {
  await using api = await ApiFixture.open({ bounds: { liveConnectionsPerSessionMax: count } });
  const sessions = ['a', 'b', 'c', 'd'].map((name) => api.sessions.add({ name }).sessionId);
  const url = (await api.listen()).replace('http', 'ws');
  const order: CrowdOrder = {
    addresses: sessions.map((id) => `${url}/api/sessions/${id}/live`),
    count,
    headers: keyOf('developer'),
  };
  const before = heldBytes();
  const crowd = fork(new URL('../../helpers/live-crowd.ts', import.meta.url), { execArgv: [] });
  try {
    crowd.send(order);
    expect((await once(crowd, 'message'))[0]).toBe('open');
    const followers = () =>
      sessions.reduce((sum, session) => sum + api.sessions.followerCount(session), 0);
    await expect.poll(followers, { timeout: 20_000 }).toBe(count);
    expect((heldBytes() - before) / count).toBeLessThan(bytesPerConnectionMax);
    for (const session of sessions) {
      api.sessions.emit(session, { type: 'executionStart', id: 'e', timestamp: 1 });
      api.sessions.emit(session, { type: 'output', executionId: 'e', content: 'x' });
    }
    const report = once(crowd, 'message');
    await api.server.close();
    expect((await report)[0]).toEqual({ 'executionStart output 4010': count });
    // The crowd may have heard of the end before the service has heard the answers.
    await expect.poll(followers, { timeout: 20_000 }).toBe(0);
  } finally {
    crowd.kill();
  }
});
