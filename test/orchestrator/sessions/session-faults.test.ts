// What sessions promise while the engine hangs, sandboxes die and the process ends in the middle of something. The registry is the
// real one.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { LiveEvent } from '../../../src/orchestrator/sessions/session-service.ts';
import { type SessionWorld, sessionManager, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const never = new Promise<void>(() => {});

let { directory, registry, clock, source, snapshots, manager } = {} as SessionWorld;

const newManager = () => sessionManager({ registry, source, snapshots, clock });
const create = async (name?: string) => {
  const wanted = { language: 'anarchy', config, ...(name ? { name } : {}) };
  return (await manager.create('default', wanted, soon())).record.sessionId;
};
const submit = async (id: string) =>
  (await manager.submit('default', id, { code: '1' })).executionId;
const ended = (id: string, executionId: string) =>
  manager.ended('default', id, executionId, soon());
const stateOf = async (id: string) => (await manager.find('default', id)).record.state;

beforeEach(async () => {
  ({ directory, registry, clock, source, snapshots, manager } = await sessionWorld());
});
afterEach(async () => {
  vi.restoreAllMocks();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

describe('a sandbox that dies', () => {
  it('leaves all that it had said', async () => {
    const id = await create();
    const executionId = await submit(id);
    source.last.emit({ type: 'started', executionId });
    for (const content of ['last ', 'words'])
      source.last.emit({ type: 'output', executionId, channel: 'stdout', content });
    source.last.lose('exited');
    const { record, output } = await ended(id, executionId);
    expect(record.status).toBe('lost');
    expect(output.map(({ content }) => content).join('')).toBe('last words');
  });

  it('is replaced at once, even when the engine hangs over its removal', async () => {
    const id = await create();
    source.last.removal = never;
    source.last.lose('exited');
    await expect.poll(() => source.started.length).toBe(2);
    await expect.poll(() => stateOf(id)).toBe('idle');
    expect(source.released).toEqual([]);
  });

  it('keeps its user id when it cannot be removed', async () => {
    const id = await create();
    const removal = Promise.reject(new AppError('runtime_unavailable'));
    removal.catch(() => {});
    source.last.removal = removal;
    await manager.delete('default', id, { force: false }, soon());
    expect(source.released).toEqual([]);
    expect(await registry.sessionsToRecover()).toEqual([]);
  });
});

describe('a start that is under way', () => {
  it('is given up with its session', async () => {
    const id = await create();
    source.engine = never;
    const undoing = Promise.withResolvers<void>();
    source.undoing = undoing.promise;
    const restarting = manager.restart('default', id, soon()).catch(() => {});
    await expect.poll(() => source.signals.length).toBe(2);
    const deleting = manager.delete('default', id, { force: true }, soon());
    await expect.poll(() => source.signals[1]!.aborted).toBe(true);
    undoing.resolve();
    await deleting;
    expect(source.released.sort()).toEqual(['sbx-1', 'sbx-2']);
    await restarting;
  });

  it('leaves no session behind when the service stops, for its client was told of none', async () => {
    source.engine = never;
    const creating = create('early');
    await expect.poll(() => source.signals.length).toBe(1);
    await manager.stop();
    await expect(creating).rejects.toMatchObject({ code: 'shutting_down' });
    expect(await registry.sessionsToRecover()).toEqual([]);
  });

  it('is made anew by the next process; what waited for it runs then', async () => {
    const id = await create();
    source.engine = never;
    source.last.lose('exited');
    await expect.poll(() => source.signals.length).toBe(2);
    const executionId = await submit(id);
    await manager.stop();

    const left = source.last;
    const { sandbox } = (await registry.sessionsToRecover())[0]!;
    source.left.set(sandbox!.sandboxId, left);
    source.engine = Promise.resolve();
    manager = newManager();
    await manager.recover();
    await expect.poll(() => source.started.length).toBe(2);
    expect(left.disposed).toBe(true);
    await expect.poll(() => source.last.executions.length).toBe(1);
    source.last.finish(executionId, 1);
    expect((await ended(id, executionId)).record.status).toBe('success');
  });
});

describe('a session', () => {
  it('whose name is taken leaves nothing that goes on', async () => {
    await create('taken');
    await expect(create('taken')).rejects.toMatchObject({ code: 'name_taken' });
    const apply = vi.spyOn(registry, 'apply');
    await create('free');
    apply.mockClear();
    clock.advance(60_000);
    await create();
    const { calls } = apply.mock;
    const known = (await registry.sessionsToRecover()).map(({ sessionId }) => sessionId);
    expect(calls.filter(([{ sessionId }]) => !known.includes(sessionId))).toEqual([]);
  });

  it('does not count any more when its deletion outlasts the request', async () => {
    const ids = [await create(), await create(), await create()];
    const removal = Promise.withResolvers<void>();
    source.last.removal = removal.promise;
    const patience = new AbortController();
    const deletion = manager.delete('default', ids[2]!, { force: false }, patience.signal);
    await expect.poll(() => source.last.disposed).toBe(true);
    patience.abort();
    await expect(deletion).rejects.toMatchObject({ code: 'deadline_exceeded' });
    removal.resolve();
    await expect.poll(() => create().catch(() => null)).not.toBeNull();
  });

  it('that cannot be tried again accepts nothing', async () => {
    const id = await create();
    source.failure = new AppError('runtime_unavailable');
    source.last.lose('exited');
    await expect.poll(() => stateOf(id)).toBe('failed');
    source.planFailure = new AppError('overloaded');
    await expect(submit(id)).rejects.toMatchObject({ code: 'overloaded' });
    expect(await registry.openExecutions(id)).toEqual([]);
  });

  it('is shown without waiting for an engine that hangs, and with what it measured last', async () => {
    const id = await create();
    const find = async () => (await manager.find('default', id)).memoryBytes;
    await expect.poll(find).toBe(1);
    source.measuring = never;
    clock.advance(60_000);
    expect(await find()).toBe(1);
    source.last.lose('exited');
    await expect.poll(() => source.started.length).toBe(2);
    await expect.poll(() => stateOf(id)).toBe('idle');
    expect(await find()).toBeNull();
  });

  it('tells an end only when it is on the disk', async () => {
    const id = await create();
    const disk = Promise.withResolvers<void>();
    const durable = vi.spyOn(registry, 'durable').mockReturnValue(disk.promise);
    const executionId = await submit(id);
    source.last.finish(executionId, 1);
    await expect.poll(() => durable.mock.calls.length).toBe(1);
    let told = false;
    const end = ended(id, executionId).then(() => (told = true));
    await expect.poll(() => stateOf(id)).toBe('idle');
    expect(told).toBe(false);
    disk.resolve();
    await end;
  });
});

describe('followers', () => {
  const follow = async (id: string, since: number, event: (event: LiveEvent) => void) => {
    await manager.follow('default', id, { connection: true, since }, { event, close: () => {} });
  };

  it('do not suffer from one that fails', async () => {
    const id = await create();
    const seen: string[] = [];
    await follow(id, 1, () => {
      throw new Error('as scripted');
    });
    await follow(id, 1, ({ type }) => void seen.push(type));
    const executionId = await submit(id);
    source.last.finish(executionId, 1);
    expect((await ended(id, executionId)).record.status).toBe('success');
    expect(seen).toContain('executionResult');
    expect(source.last.disposed).toBe(false);
  });

  it('see numbers grow, over a gap too', async () => {
    const id = await create();
    for (let i = 0; i < 4; i++) {
      const executionId = await submit(id);
      source.last.finish(executionId, i);
      await ended(id, executionId);
    }
    await registry.pruneHistory(id, { executions: 1, bytes: 100_000 });
    manager = newManager();
    source.left.set(source.last.sandboxId, source.last);
    await manager.recover();
    const events: LiveEvent[] = [];
    await follow(id, 0, (event) => void events.push(event));
    expect(events[0]!.type).toBe('gap');
    const numbers = events.map(({ seq }) => seq);
    expect(numbers.length).toBeGreaterThan(1);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
  });

  it('are given only numbers that are reserved on the disk', async () => {
    const id = await create();
    const executionId = await submit(id);
    const reserved: Promise<boolean>[] = [];
    const { last: sandbox } = source;
    await follow(id, 1, ({ seq }) => {
      const session = registry.findSession('default', id);
      reserved.push(session.then((record) => record!.seqReserved > seq));
    });
    sandbox.emit({ type: 'started', executionId });
    const write = (count: number) => {
      let seq = 0;
      for (let i = 0; i < count; i++)
        seq = sandbox.emit({ type: 'output', executionId, channel: 'stdout', content: 'x' });
      return seq;
    };
    const first = write(490);
    await expect.poll(() => sandbox.acknowledged).toBe(first);
    const last = write(600);
    await expect.poll(() => sandbox.acknowledged).toBe(last);
    expect(await Promise.all(reserved)).not.toContain(false);
  });
});
