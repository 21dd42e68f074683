// What a session's sandboxes may reach, over everything that becomes of the session. Registry and store are the real ones; a test plays the agents.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { EgressTerms } from '../../../src/orchestrator/egress/egress-terms.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { SessionConfig } from '../../../src/orchestrator/registry/records.ts';
import { ScriptedSandbox } from '../../doubles/scripted-source.ts';
import { type SessionWorld, sessionManager, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const patient = new AbortController().signal;
const tenant = 'default';
const destination = { form: 'tunnel', host: 'example.org', port: 443 } as const;
const allowlist = { policy: 'allowlist', allow: ['example.org'] } as const;

let { directory, registry, clock, source, snapshots, manager } = {} as SessionWorld;

beforeEach(async () => {
  ({ directory, registry, clock, source, snapshots, manager } = await sessionWorld());
});
afterEach(async () => {
  vi.restoreAllMocks();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function create(network: SessionConfig['network']): Promise<string> {
  const wanted = { language: 'anarchy', config: { ...config, network } };
  return (await manager.create(tenant, wanted, soon())).record.sessionId;
}
const allow = (id: string, network: SessionConfig['network']) =>
  manager.configure(tenant, id, { network }, soon());
const last = (): EgressTerms | null | undefined => source.last.permitted.at(-1);
const bytesOf = async (id: string) =>
  (await manager.find(tenant, id)).record.statistics.networkBytes;

async function use(bytes: number): Promise<void> {
  for (let left = bytes; left > 0; ) left -= await last()!.meter.take(left, 'sent', patient);
}

it('a session without a network has no way out', async () => {
  await create({ policy: 'none' });
  await create({ policy: 'allowlist', allow: [] });
  expect(source.started.map(({ permitted }) => permitted)).toEqual([[], []]);
});

it('a session may reach what its policy allows, in its own name', async () => {
  const id = await create(allowlist);
  expect(last()).toMatchObject({ tenant, sessionId: id });
  expect(last()!.allow.allows(destination)).toBe(true);
  expect(last()!.allow.allows({ ...destination, host: 'other.test' })).toBe(false);
});

it('a live session is given a network, another one, and none', async () => {
  const id = await create({ policy: 'none' });
  await allow(id, allowlist);
  expect(last()!.allow.allows(destination)).toBe(true);
  await allow(id, { policy: 'allowlist', allow: ['other.test'] });
  expect(last()!.allow.allows(destination)).toBe(false);
  await allow(id, { policy: 'none' });
  expect(last()).toBeNull();
  await manager.configure(tenant, id, { timeout: 1 }, soon());
  expect(source.last.permitted).toHaveLength(3);
});

it('a session goes no further than its tenant, as of now', async () => {
  const bounds: { allow: readonly string[] | null } = { allow: null };
  manager = sessionManager({
    registry,
    source,
    snapshots,
    clock,
    egressAllowOf: () => bounds.allow,
  });
  await create(allowlist);
  const { ceiling } = last()!;
  expect(ceiling()).toBeNull();
  bounds.allow = ['other.test'];
  expect(ceiling()?.allows(destination)).toBe(false);
});

it('a change that is not stored is no change', async () => {
  const id = await create({ policy: 'none' });
  const apply = registry.apply.bind(registry);
  vi.spyOn(registry, 'apply').mockImplementation(async (change) => {
    if (change.session?.config) throw new AppError('registry_unavailable');
    await apply(change);
  });
  await expect(allow(id, allowlist)).rejects.toThrow();
  expect(last()).toBeNull();
});

it.each([
  [
    'hibernated and resumed',
    async (id: string) => {
      await manager.states.hibernate(tenant, id, soon());
      await manager.states.resume(tenant, id, soon());
    },
  ],
  ['restarted', (id: string) => manager.restart(tenant, id, soon())],
  [
    'rolled back',
    async (id: string) => {
      const { version } = await manager.states.take(tenant, id, null, soon());
      await manager.states.rollback(tenant, id, { version: version! }, soon());
    },
  ],
  [
    'lost and replaced',
    async () => {
      source.last.lose('exited');
      await expect.poll(() => source.started.length).toBe(2);
    },
  ],
])('a session that is %s keeps its network, its rate and its budget', async (_what, change) => {
  const id = await create({ ...allowlist, bytesTotal: 100 });
  await use(60);
  await change(id);
  expect(source.started).toHaveLength(2);
  await expect.poll(() => last()?.allow.allows(destination)).toBe(true);
  expect(await last()!.meter.take(100, 'sent', patient)).toBe(40);
});

it('a session that another process takes over keeps its network and what it has used', async () => {
  const id = await create({ ...allowlist, bytesTotal: 100 });
  await use(60);
  await manager.stop();
  const left = new ScriptedSandbox({ ...source.last, token: '', uid: 1 });
  source.left.set(left.sandboxId, left);
  manager = sessionManager({ registry, source, snapshots, clock });
  await manager.recover();
  await manager.find(tenant, id);
  await expect.poll(() => left.permitted.length).toBe(1);
  expect(await left.permitted[0]!.meter.take(100, 'sent', patient)).toBe(40);
});

it('what a session uses is in its statistics when the execution has ended', async () => {
  const id = await create(allowlist);
  const { executionId } = await manager.submit(tenant, id, { code: '1' });
  await expect.poll(() => source.last.executions.length).toBe(1);
  await use(70);
  source.last.finish(executionId);
  await manager.ended(tenant, id, executionId, soon());
  expect(await bytesOf(id)).toBe(70);
});

it('what a session uses is stored while it goes on, so that a crash forgets little', async () => {
  const id = await create(allowlist);
  await use(70);
  clock.advance(1_000);
  const stored = async () => (await registry.findSession(tenant, id))?.statistics.networkBytes;
  await expect.poll(stored).toBe(70);
});

it('what a session has used is stored with it when it goes to sleep', async () => {
  const id = await create(allowlist);
  await use(70);
  await manager.states.hibernate(tenant, id, soon());
  expect((await registry.findSession(tenant, id))?.statistics.networkBytes).toBe(70);
});

it('a larger budget lets a session go on that has used up its own', async () => {
  const id = await create({ ...allowlist, bytesTotal: 50 });
  await use(50);
  expect(last()!.meter.exhausted).toBe(true);
  await allow(id, { ...allowlist, bytesTotal: 80 });
  expect(await last()!.meter.take(100, 'sent', patient)).toBe(30);
});
