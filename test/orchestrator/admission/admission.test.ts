// Who gets room, who waits, and who is refused.
import { beforeEach, describe, expect, it } from 'vitest';
import { Admission, type AdmissionOptions } from '../../../src/orchestrator/admission/admission.ts';
import type { Amounts } from '../../../src/orchestrator/admission/amounts.ts';
import type { Room, RoomOwner } from '../../../src/orchestrator/admission/room.ts';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

const limits = { memoryBytes: 100, cpus: 1 };
const service: Amounts = { sandboxes: 3, memoryBytes: 1000, milliCpus: 100_000 };
const never = new AbortController().signal;

let clock: FakeClock;
let admission: Admission;

const make = (options: Partial<AdmissionOptions> = {}, tenant: Partial<Amounts> = {}) => {
  admission = new Admission({
    limits: { service, tenantOf: () => ({ ...service, ...tenant }) },
    startsAtOnceMax: 10,
    waitMsMax: 5000,
    waitingMax: 10,
    waitingPerTenantMax: 8,
    clock,
    log: createLog('silent'),
    ...options,
  });
};

beforeEach(() => {
  clock = new FakeClock();
  make();
});

const turn = () => new Promise(setImmediate);

/** Enters, and notes in `order` when it has. */
const order: string[] = [];
async function enter(tenant: string, name = tenant, signal = never): Promise<Room> {
  const room = await admission.enter(tenant, limits, signal);
  order.push(name);
  return room;
}

function owner(changes: Partial<RoomOwner> = {}): RoomOwner {
  return {
    idleSince: null,
    keepsState: true,
    canPause: true,
    reclaim: async () => {},
    ...changes,
  };
}

/** So many rooms of a tenant whose sessions are in use. */
async function occupied(count: number, tenant = 'x'): Promise<Room[]> {
  const rooms = await Promise.all(Array.from({ length: count }, () => enter(tenant)));
  for (const room of rooms) room.belongTo(owner());
  order.length = 0;
  return rooms;
}

describe('room', () => {
  it('is given as far as it goes, and again when it comes back', async () => {
    const [first] = await occupied(3);
    const waiting = enter('a');
    await turn();
    expect(admission.figures).toMatchObject({ waiting: 1, used: { sandboxes: 3 } });
    first![Symbol.dispose]();
    first![Symbol.dispose]();
    await waiting;
    expect(admission.figures).toMatchObject({
      waiting: 0,
      used: { sandboxes: 3, memoryBytes: 300, milliCpus: 3000 },
    });
  });

  it('goes to tenants in turn, however many one of them has waiting', async () => {
    const rooms = await occupied(3);
    const waiting = ['a1', 'a2', 'a3', 'b1', 'b2'].map((name) => enter(name[0]!, name));
    await turn();
    for (const room of rooms) room[Symbol.dispose]();
    for (const each of waiting) (await each)[Symbol.dispose]();
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('is asked back from the one that nobody used for longest', async () => {
    const rooms = await occupied(3);
    const asked: number[] = [];
    for (const [index, room] of rooms.entries()) {
      const reclaim = async () => {
        asked.push(index);
        room.releaseAfter(Promise.resolve());
      };
      room.belongTo(owner({ idleSince: 10 - index, reclaim }));
    }
    const room = await enter('a');
    expect(asked).toEqual([2]);
    expect(admission.figures).toMatchObject({ reclaimed: 1, used: { sandboxes: 3 } });
    room[Symbol.dispose]();
  });

  it('is not asked back twice for one who waits', async () => {
    const rooms = await occupied(3);
    const asked: number[] = [];
    const goOn = Promise.withResolvers<void>();
    for (const [index, room] of rooms.entries()) {
      const reclaim = async () => {
        asked.push(index);
        await goOn.promise;
        room[Symbol.dispose]();
      };
      room.belongTo(owner({ idleSince: index, reclaim }));
    }
    const first = enter('a');
    await turn();
    admission.look();
    await turn();
    expect(asked).toEqual([0]);
    const second = enter('a');
    await turn();
    expect(asked).toEqual([0, 1]);
    goOn.resolve();
    await Promise.all([first, second]);
    expect(asked).toEqual([0, 1]);
  });

  it('is asked from another one when the first cannot give it back', async () => {
    const rooms = await occupied(3);
    const asked: string[] = [];
    const failing = async () => {
      asked.push('used');
      throw new Error('used now');
    };
    const giving = async () => {
      asked.push('idle');
      rooms[1]![Symbol.dispose]();
    };
    rooms[0]!.belongTo(owner({ idleSince: 1, reclaim: failing }));
    rooms[1]!.belongTo(owner({ idleSince: 2, reclaim: giving }));
    await enter('a');
    expect(asked).toEqual(['used', 'idle']);
  });

  it('is waited for while somebody may come to rest, until the deadline', async () => {
    await occupied(3);
    const waiting = enter('a');
    const refused = expect(waiting).rejects.toMatchObject({
      code: 'overloaded',
      retryAfterSeconds: expect.any(Number),
    });
    await turn();
    clock.advance(4999);
    await turn();
    expect(admission.figures.waiting).toBe(1);
    clock.advance(1);
    await refused;
    expect(admission.figures).toMatchObject({ waiting: 0, refused: 1 });
  });

  it('is refused at once where nobody can give any back', async () => {
    const rooms = await occupied(3);
    for (const room of rooms) room.belongTo(owner({ idleSince: 1, keepsState: false }));
    await expect(enter('a')).rejects.toMatchObject({ code: 'overloaded' });
    const rich = admission.enter('a', { memoryBytes: 10_000, cpus: 1 }, never);
    await expect(rich).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('is refused with another code where only the tenant has too much', async () => {
    make({}, { sandboxes: 1 });
    const [own] = await occupied(1, 'a');
    own!.belongTo(owner({ keepsState: false }));
    await expect(enter('a')).rejects.toMatchObject({
      code: 'tenant_limit',
      retryAfterSeconds: expect.any(Number),
    });
    await enter('b');
  });

  it('is not kept for a tenant that has to wait for itself', async () => {
    make({}, { sandboxes: 1 });
    const [own] = await occupied(1, 'a');
    const waiting = enter('a', 'a2');
    await turn();
    await enter('b');
    own![Symbol.dispose]();
    await waiting;
    expect(order).toEqual(['b', 'a2']);
  });

  it('is not waited for any more by one who has gone', async () => {
    const [first] = await occupied(3);
    const gone = new AbortController();
    const waiting = enter('a', 'a1', gone.signal);
    const next = enter('a', 'a2');
    await turn();
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(admission.figures.waiting).toBe(1);
    first![Symbol.dispose]();
    await next;
    expect(order).toEqual(['a2']);
  });

  it('comes back from one who went in the moment when it was served', async () => {
    const [first] = await occupied(3);
    const gone = new AbortController();
    const waiting = enter('a', 'a1', gone.signal);
    waiting.catch(() => {});
    await turn();
    first![Symbol.dispose]();
    queueMicrotask(() => gone.abort());
    await turn();
    const used = admission.figures.used.sandboxes;
    expect(used).toBe(await waiting.then(() => 3).catch(() => 2));
  });

  it('has an end for those who wait, of one tenant and of all', async () => {
    make({ waitingMax: 3, waitingPerTenantMax: 2 });
    for (let i = 0; i < 3; i++) await occupied(1);
    const waiting = ['a', 'a', 'b'].map((tenant) => enter(tenant));
    for (const each of waiting) each.catch(() => {});
    await expect(enter('a')).rejects.toMatchObject({ code: 'tenant_limit' });
    await expect(enter('c')).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('is given to so many at a time that are being started', async () => {
    make({ startsAtOnceMax: 2 });
    const [first] = await occupied(2);
    const third = enter('a');
    await turn();
    expect(admission.figures).toMatchObject({ starting: 2, waiting: 1 });
    first!.started();
    first!.started();
    await third;
    expect(admission.figures).toMatchObject({ starting: 2, waiting: 0 });
  });

  it('leaves to the waiting sandboxes what no session has or waits for', async () => {
    expect(admission.memoryBytesLeft).toBe(1000);
    await occupied(3);
    expect(admission.memoryBytesLeft).toBe(700);
    enter('a').catch(() => {});
    expect(admission.memoryBytesLeft).toBe(600);
  });
});

describe('processors', () => {
  beforeEach(() => {
    const few = { ...service, milliCpus: 2000 };
    make({ limits: { service: few, tenantOf: () => few } });
  });

  it('come back with a pause, and are waited for to go on', async () => {
    const [first, second] = await occupied(2);
    first!.pause();
    first!.pause();
    expect(admission.figures.used).toEqual({ sandboxes: 2, memoryBytes: 200, milliCpus: 1000 });
    const third = await enter('a');
    const resumed = first!.resume(never);
    await turn();
    expect(first!.paused).toBe(true);
    third[Symbol.dispose]();
    await resumed;
    expect(first!.paused).toBe(false);
    expect(admission.figures.used.milliCpus).toBe(2000);
    first![Symbol.dispose]();
    second![Symbol.dispose]();
    expect(admission.figures.used).toEqual({ sandboxes: 0, memoryBytes: 0, milliCpus: 0 });
  });

  it('of what is paused stay with others when it goes', async () => {
    const [first] = await occupied(2);
    first!.pause();
    first![Symbol.dispose]();
    first!.resumed();
    expect(admission.figures.used).toEqual({ sandboxes: 1, memoryBytes: 100, milliCpus: 1000 });
  });

  it('can be changed as far as they go', async () => {
    const [first] = await occupied(1);
    first!.resize({ memoryBytes: 200, cpus: 2 });
    expect(admission.figures.used).toEqual({ sandboxes: 1, memoryBytes: 200, milliCpus: 2000 });
    expect(() => first!.resize({ memoryBytes: 200, cpus: 3 })).toThrow(/processors/);
    first!.resize({ memoryBytes: 100, cpus: 0.5 });
    expect(admission.figures.used).toEqual({ sandboxes: 1, memoryBytes: 100, milliCpus: 500 });
  });
});
