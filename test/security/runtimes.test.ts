// The container runtime that is asked for is the one that runs, and the session says so.
import { expect, it } from 'vitest';
import { containerOf } from '../helpers/inside.ts';
import { docker, startService } from '../helpers/start-service.ts';

it.each([
  ['auto', /./],
  ['io.containerd.runc.v2', /^io\.containerd\.runc\.v2$/],
])('%s is what a session says, and what the engine runs', async (wanted, expected) => {
  await using service = await startService({ CELLAR_RUNTIME: wanted, CELLAR_POOL_MIN: '0' });
  const session = await service.createSession();
  expect((await service.execute(session.id, '6 * 7')).result.value).toBe(42);
  const { HostConfig } = await containerOf(session).inspect();
  expect(session.sandbox.runtime).toMatch(expected);
  expect(Reflect.get(HostConfig, 'Runtime')).toBe(session.sandbox.runtime);
  const tier = { gvisor: /runsc/, vm: /kata/, container: /runc$|runc\.v2$/ }[
    session.sandbox.tier as 'vm'
  ];
  expect(session.sandbox.runtime).toMatch(tier);
});

it('one that the engine does not have is the end of the start, and nothing runs under another', async () => {
  const { Runtimes } = await docker.info();
  const missing = 'runtime-that-is-not-there';
  const start = startService({ CELLAR_RUNTIME: missing });
  await expect(start).rejects.toThrow(
    `no runtime "${missing}". It has: ${Object.keys(Runtimes).sort()[0]}`,
  );
});
