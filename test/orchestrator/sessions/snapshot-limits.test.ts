// How much may be stored and tried at a time. Registry and snapshot store are the real ones; a test plays the agents.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { SessionConfig } from '../../../src/orchestrator/registry/records.ts';
import { type SessionWorld, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const tenant = 'default';

let { directory, registry, source, manager } = {} as SessionWorld;

beforeEach(async () => {
  ({ directory, registry, source, manager } = await sessionWorld({ snapshotsPerSessionMax: 3 }));
});
afterEach(async () => {
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function create(persistence: SessionConfig['persistence']): Promise<string> {
  const wanted = { language: 'anarchy', config: { ...config, persistence } };
  return (await manager.create(tenant, wanted, soon())).record.sessionId;
}
const take = (id: string) => manager.states.take(tenant, id, null, soon());
const totalOf = async (id: string) =>
  (await registry.listSnapshots(id, { limit: 1, offset: 0 })).total;

describe('a session with as many snapshots as it may have', () => {
  it('gets no more of them until one is deleted, and none is removed for a new one', async () => {
    const id = await create({ policy: 'none' });
    for (let i = 0; i < 3; i++) await take(id);
    await expect(take(id)).rejects.toMatchObject({ code: 'snapshot_limit_reached' });
    expect(await totalOf(id)).toBe(3);
    await manager.states.remove(tenant, id, 1);
    expect((await take(id)).version).toBe(4);
  });

  it('can still go to sleep', async () => {
    const id = await create({ policy: 'none' });
    for (let i = 0; i < 3; i++) await take(id);
    await manager.states.hibernate(tenant, id, soon());
    expect((await manager.find(tenant, id)).record.state).toBe('hibernated');
  });

  it('is told so with every execution whose state is not stored', async () => {
    const id = await create({ policy: 'execution', keep: 1 });
    for (let i = 0; i < 3; i++) await take(id);
    const { executionId } = await manager.submit(tenant, id, { code: '1' });
    source.last.finish(executionId, 1);
    const { record } = await manager.ended(tenant, id, executionId, soon());
    expect(record.warnings[0]!.message).toContain('may have 3 snapshots');
  });
});

describe('imported archives', () => {
  const archive = async function* () {
    yield Buffer.from('an archive');
  };
  const importing = (signal = soon()) =>
    manager.states.import(tenant, 'anarchy', archive(), null, signal);

  it('are tried one after another when one may be tried at a time', async () => {
    const gate = Promise.withResolvers<void>();
    source.engine = gate.promise;
    const imports = [importing(), importing(), importing()];
    await expect.poll(() => source.signals.length).toBe(1);
    gate.resolve();
    await Promise.all(imports);
    expect(source.started).toHaveLength(3);
    expect(source.started.every(({ disposed }) => disposed)).toBe(true);
  });

  it('leave nothing when nobody waits for their trial any more', async () => {
    const gate = Promise.withResolvers<void>();
    source.engine = gate.promise;
    const givingUp = new AbortController();
    const reason = new AppError('deadline_exceeded');
    const [tried, waiting] = [importing(givingUp.signal), importing(givingUp.signal)];
    await expect.poll(() => source.signals.length).toBe(1);
    // The other one stands in line by then, for what it stores is as small.
    await expect.poll(async () => (await stored()).length).toBe(2);
    givingUp.abort(reason);
    expect(await Promise.allSettled([tried, waiting])).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    expect(source.signals).toHaveLength(1);
    expect(source.released).toHaveLength(1);
    expect(await stored()).toEqual([]);
    expect((await manager.states.listAll(tenant, { limit: 1, offset: 0 })).total).toBe(0);
    gate.resolve();
    source.engine = gate.promise;
    expect((await importing()).reason).toBe('imported');
  });

  async function stored(): Promise<string[]> {
    return readdir(join(directory, 'snapshots', tenant, 'snapshots')).catch(() => []);
  }
});
