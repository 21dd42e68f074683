// Files of a session as its clients reach them: when a change is acknowledged, and what happens beside it. Registry and snapshot store
// are the real ones; a test plays the agents.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionConfig } from '../../../src/orchestrator/registry/records.ts';
import { type SessionWorld, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(20_000);
const tenant = 'default';

let { directory, registry, clock, source, manager } = {} as SessionWorld;

beforeEach(async () => {
  ({ directory, registry, clock, source, manager } = await sessionWorld());
});
afterEach(async () => {
  vi.restoreAllMocks();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function create(changes: Partial<SessionConfig> = {}): Promise<string> {
  const wanted = { language: 'anarchy', config: { ...config, ...changes } };
  return (await manager.create(tenant, wanted, soon())).record.sessionId;
}
const bytesOf = async function* (text: string) {
  yield Buffer.from(text);
};
const write = (
  id: string,
  path: string,
  content: AsyncIterable<Uint8Array> = bytesOf('x'),
  signal = soon(),
) => manager.files.write(tenant, id, { path }, content, signal);
const remove = (id: string, path: string) =>
  manager.files.remove(tenant, id, { path, recursive: false }, soon());
const versionsOf = async (id: string) =>
  (await manager.states.list(tenant, id, { limit: 50, offset: 0 })).items;

/** Content that goes on when the test says so. */
function slow(): { content: AsyncGenerator<Buffer>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const content = async function* () {
    yield Buffer.from('begun, ');
    await promise;
    yield Buffer.from('ended');
  };
  return { content: content(), end: resolve };
}

describe('a change of a file', () => {
  it('is acknowledged under the policy execution when it is stored', async () => {
    const id = await create({ persistence: { policy: 'execution' } });
    const storing = Promise.withResolvers<void>();
    vi.spyOn(source.last.agent, 'snapshot').mockImplementation(async function* () {
      await storing.promise;
      yield Buffer.from('state');
    });
    let acknowledged = false;
    const writing = write(id, 'a').then(() => {
      acknowledged = true;
    });
    await expect.poll(() => source.last.files.held.has('a')).toBe(true);
    await expect.poll(() => vi.mocked(source.last.agent.snapshot).mock.calls.length).toBe(1);
    expect(acknowledged).toBe(false);
    storing.resolve();
    await writing;
    expect(await versionsOf(id)).toMatchObject([{ version: 1, reason: 'files' }]);
    await remove(id, 'a');
    expect(await versionsOf(id)).toHaveLength(2);
  });

  it('shares what is stored with others, if that was not begun before it', async () => {
    const id = await create({ persistence: { policy: 'execution' } });
    const first = Promise.withResolvers<void>();
    const { agent } = source.last;
    vi.spyOn(agent, 'snapshot').mockImplementationOnce(async function* () {
      await first.promise;
      yield Buffer.from('without the others');
    });
    const writing = [write(id, 'a')];
    await expect.poll(() => vi.mocked(agent.snapshot).mock.calls.length).toBe(1);
    for (const path of ['b', 'c', 'd', 'e']) writing.push(write(id, path));
    await expect.poll(() => source.last.files.held.size).toBe(5);
    first.resolve();
    await Promise.all(writing);
    expect(await versionsOf(id)).toHaveLength(2);
  });

  it('is not acknowledged when it cannot be stored, or its sandbox is gone', async () => {
    const id = await create({ persistence: { policy: 'execution' } });
    const { agent } = source.last;
    vi.spyOn(agent, 'snapshot').mockImplementation(async function* () {
      source.last.lose('exited');
      yield Buffer.from('half');
      await expect.poll(() => source.started.length).toBe(2);
    });
    await expect(write(id, 'a')).rejects.toMatchObject({ code: 'sandbox_lost' });
  });

  it('makes a version soon under the policy interval, and none under none', async () => {
    const id = await create({ persistence: { policy: 'interval', intervalMs: 60_000 } });
    await write(id, 'a');
    clock.advance(60_000);
    await expect.poll(async () => (await versionsOf(id)).length).toBe(1);
    const none = await create();
    await write(none, 'a');
    clock.advance(60_000);
    expect(await versionsOf(none)).toEqual([]);
  });

  it('that is larger than the workspace is refused', async () => {
    const id = await create();
    const large = async function* () {
      for (let i = 0; i < 10_000; i++) yield Buffer.alloc(1024 * 1024);
    };
    await expect(write(id, 'a', large())).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(source.last.files.held.has('a')).toBe(false);
  });
});

describe('files under way', () => {
  it('keep a session awake that nobody uses otherwise', async () => {
    const id = await create({ idle: { hibernateAfterMs: 10_000 } });
    const { content, end } = slow();
    const writing = write(id, 'a', content);
    await expect.poll(() => source.last.files.given.length).toBe(1);
    clock.advance(10_000);
    clock.advance(10_000);
    const state = async () => (await manager.find(tenant, id)).record.state;
    expect(await state()).toBe('idle');
    end();
    await writing;
    clock.advance(10_000);
    await expect.poll(state).toBe('hibernated');
  });

  it('do not take effect between the state that is stored and the sleep', async () => {
    const id = await create();
    const former = source.last;
    const storing = Promise.withResolvers<void>();
    vi.spyOn(former.agent, 'snapshot').mockImplementation(async function* () {
      await storing.promise;
      yield Buffer.from('state');
    });
    const hibernating = manager.states.hibernate(tenant, id, soon());
    await expect.poll(() => vi.mocked(former.agent.snapshot).mock.calls.length).toBe(1);
    const signal = AbortSignal.timeout(500);
    await expect(write(id, 'a', bytesOf('x'), signal)).rejects.toThrow();
    expect(former.files.held.has('a')).toBe(false);
    storing.resolve();
    await hibernating;
  });

  it('are given up by a restart, and change nothing after it', async () => {
    const id = await create();
    const former = source.last;
    const { content, end } = slow();
    const writing = write(id, 'a', content);
    await expect.poll(() => former.files.given.length).toBe(1);
    const restarted = manager.restart(tenant, id, soon());
    end();
    await expect(writing).rejects.toMatchObject({ code: 'sandbox_lost' });
    await restarted;
    expect(former.files.held.has('a')).toBe(false);
    await write(id, 'b');
    expect(source.last.files.held.has('b')).toBe(true);
  });

  it('are so many and no more', async () => {
    const id = await create();
    const uploads = Array.from({ length: 16 }, slow);
    const writing = uploads.map(({ content }, i) => write(id, `f${i}`, content));
    await expect.poll(() => source.last.files.given.length).toBe(16);
    await expect(write(id, 'one more')).rejects.toMatchObject({ code: 'rate_limited' });
    for (const { end } of uploads) end();
    await Promise.all(writing);
    await write(id, 'one more');
  });

  it('wake a session that sleeps', async () => {
    const id = await create();
    await manager.states.hibernate(tenant, id, soon());
    await write(id, 'a');
    expect(source.started).toHaveLength(2);
    expect(source.last.files.held.has('a')).toBe(true);
  });

  it('are nobody else’s', async () => {
    const id = await create();
    await expect(manager.files.read('other', id, 'a', soon())).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });
});
