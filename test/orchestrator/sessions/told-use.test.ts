// What sessions tell of what they use. Registry and store are the real ones; a test plays the agents.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ServiceEvent } from '../../../src/orchestrator/foundation/observe.ts';
import type { SessionConfig } from '../../../src/orchestrator/registry/records.ts';
import { type SessionWorld, sessionManager, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const tenant = 'default';

let world: SessionWorld;
let told: ServiceEvent[];

beforeEach(async () => {
  world = await sessionWorld();
  told = [];
});
afterEach(async () => {
  await world.registry.close();
  await rm(world.directory, { recursive: true, force: true });
});

function managed() {
  return sessionManager({ ...world, observe: (event) => void told.push(event) });
}

function ofType<Type extends ServiceEvent['type']>(type: Type) {
  return told.filter((event) => event.type === type);
}

async function create(
  manager: ReturnType<typeof managed>,
  network: SessionConfig['network'] = config.network,
) {
  const wanted = { language: 'anarchy', config: { ...config, network } };
  return (await manager.create(tenant, wanted, soon())).record.sessionId;
}

it('each sandbox from before it is asked for anything, whatever it is for', async () => {
  const { source } = world;
  const manager = managed();
  const sessionId = await create(manager);
  const taken = () => ofType('sandboxTaken');
  expect(taken()).toEqual([
    { type: 'sandboxTaken', tenant, sessionId, runtimeId: source.last.runtimeId },
  ]);
  await manager.states.hibernate(tenant, sessionId, soon());
  // A state that it cannot bring back was work all the same.
  const starting = manager.submit(tenant, sessionId, { code: '1' });
  await starting;
  await vi.waitFor(() => expect(taken()).toHaveLength(2));
  expect(taken()[1]).toMatchObject({ sessionId, runtimeId: source.last.runtimeId });
});

it('a sandbox that an earlier process left, when it is taken over', async () => {
  const { source } = world;
  const before = managed();
  const sessionId = await create(before);
  source.left.set(source.last.sandboxId, source.last);
  await before.stop();
  told = [];
  await managed().recover();
  expect(ofType('sandboxTaken')).toEqual([
    { type: 'sandboxTaken', tenant, sessionId, runtimeId: source.last.runtimeId },
  ]);
});

it('executions and bytes, in the session’s name', async () => {
  const { source } = world;
  const manager = managed();
  const sessionId = await create(manager, { policy: 'allowlist', allow: ['example.org'] });
  const { executionId } = await manager.submit(tenant, sessionId, { code: '1' });
  source.last.finish(executionId);
  await manager.ended(tenant, sessionId, executionId, soon());
  await vi.waitFor(() =>
    expect(ofType('executionEnded')).toMatchObject([{ tenant, sessionId, dispatched: true }]),
  );
  const { meter } = source.last.permitted.at(-1)!;
  await meter.take(10, 'sent', soon());
  await meter.take(20, 'received', soon());
  expect(ofType('networkUsed')).toEqual([
    { type: 'networkUsed', tenant, sessionId, sentBytes: 10, receivedBytes: 0 },
    { type: 'networkUsed', tenant, sessionId, sentBytes: 0, receivedBytes: 20 },
  ]);
});
