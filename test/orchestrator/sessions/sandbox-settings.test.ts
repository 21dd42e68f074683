// A session's settings and those of its sandbox are the same, whatever comes between a change of the one and of the other.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { type SessionWorld, sessionManager, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const tenant = 'default';
const MiB = 1024 * 1024;
const change = {
  limits: { ...config.limits, memoryBytes: 300 * MiB },
  env: { COLOUR: 'red' },
};

let { directory, registry, clock, source, snapshots, manager } = {} as SessionWorld;

beforeEach(async () => {
  ({ directory, registry, clock, source, snapshots, manager } = await sessionWorld());
});
afterEach(async () => {
  vi.restoreAllMocks();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

const create = async () =>
  (await manager.create(tenant, { language: 'anarchy', config }, soon())).record.sessionId;
const configure = (id: string) => manager.configure(tenant, id, change, soon());
const recordOf = async (id: string) => (await manager.find(tenant, id)).record;

async function nextProcess(): Promise<void> {
  for (const sandbox of source.started) source.left.set(sandbox.sandboxId, sandbox);
  manager = sessionManager({ registry, source, snapshots, clock });
  await manager.recover();
}

/** What the engine and the agent were told last, of the newest sandbox. */
function told() {
  const { sandboxId, configured } = source.last;
  const limits = source.updates.findLast((update) => update.sandboxId === sandboxId)?.limits;
  return { memoryBytes: limits?.memoryBytes, env: configured.at(-1)!.environment };
}
const changed = { memoryBytes: 300 * MiB, env: { COLOUR: 'red' } };
const unchanged = { memoryBytes: config.limits.memoryBytes, env: {} };

it('a change that died in the sandbox is taken back by the next process', async () => {
  const id = await create();
  const apply = registry.apply.bind(registry);
  const died = Promise.withResolvers<void>();
  const mock = vi.spyOn(registry, 'apply').mockImplementation((wanted) => {
    if (wanted.session?.config === undefined) return apply(wanted);
    died.resolve();
    return new Promise(() => {});
  });
  configure(id).catch(() => {});
  await died.promise;
  mock.mockRestore();
  expect(told()).toEqual(changed);
  await nextProcess();
  expect((await recordOf(id)).config).toEqual(config);
  expect(told()).toEqual(unchanged);
  expect((await recordOf(id)).sandbox?.changing).toBeUndefined();
});

it('a change that was stored is not told again', async () => {
  const id = await create();
  await configure(id);
  const { length } = source.updates;
  await nextProcess();
  expect((await recordOf(id)).config).toMatchObject(change);
  expect(source.updates).toHaveLength(length);
});

it('a change that the agent does not take is taken back in the engine', async () => {
  const id = await create();
  const { agent } = source.last;
  vi.spyOn(agent, 'configure').mockRejectedValueOnce(new AppError('deadline_exceeded'));
  await expect(configure(id)).rejects.toMatchObject({ code: 'deadline_exceeded' });
  expect(told()).toEqual(unchanged);
  expect((await recordOf(id)).config).toEqual(config);
});

it('a change that is not stored is taken back', async () => {
  const id = await create();
  const apply = registry.apply.bind(registry);
  vi.spyOn(registry, 'apply').mockImplementation(async (wanted) => {
    if (wanted.session?.config) throw new AppError('registry_unavailable');
    await apply(wanted);
  });
  await expect(configure(id)).rejects.toMatchObject({ code: 'registry_unavailable' });
  expect(told()).toEqual(unchanged);
  expect((await recordOf(id)).sandbox?.changing).toBeUndefined();
});

it('a change while a sandbox starts reaches it', async () => {
  const id = await create();
  await manager.states.hibernate(tenant, id, soon());
  const engine = Promise.withResolvers<void>();
  source.engine = engine.promise;
  const resumed = manager.states.resume(tenant, id, soon());
  await expect.poll(async () => (await recordOf(id)).state).toBe('creating');
  await configure(id);
  engine.resolve();
  await resumed;
  expect(told()).toEqual(changed);
});

it('a change while a session is restarted or rolled back reaches the sandbox that takes over', async () => {
  for (const act of [
    (id: string) => manager.restart(tenant, id, soon()),
    (id: string) => manager.states.rollback(tenant, id, { version: 1 }, soon()),
    async (id: string) => {
      await manager.states.hibernate(tenant, id, soon());
      await manager.states.rollback(tenant, id, { version: 1 }, soon());
    },
  ]) {
    const id = await create();
    await manager.states.take(tenant, id, null, soon());
    const former = source.last;
    const engine = Promise.withResolvers<void>();
    source.engine = engine.promise;
    const starts = source.signals.length;
    const acted = act(id);
    await expect.poll(() => source.signals.length).toBe(starts + 1);
    await configure(id);
    engine.resolve();
    await acted;
    expect(source.last).not.toBe(former);
    expect(told()).toEqual(changed);
  }
});
