// Which sessions are in memory: one object each, as long as it is used, and none after that.
import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { SessionRecord } from '../../../src/orchestrator/registry/records.ts';
import {
  type LoadableSession,
  LoadedSessions,
} from '../../../src/orchestrator/sessions/loaded-sessions.ts';
import type { Uses } from '../../../src/orchestrator/sessions/uses.ts';
import { sessionRecord } from '../../helpers/records.ts';

const tenant = 'default';

class PlayedSession implements LoadableSession {
  readonly uses: Uses;
  record: SessionRecord;
  recovered: Promise<void> = Promise.resolve();
  gone = false;
  left = false;

  constructor(record: SessionRecord, uses: Uses) {
    this.record = record;
    this.uses = uses;
  }

  get dormant(): boolean {
    return this.record.state === 'hibernated' || this.record.state === 'deleted';
  }

  recover(): Promise<void> {
    return this.recovered;
  }

  letGo(): void {
    this.gone = true;
  }

  async leave(): Promise<void> {
    this.left = true;
  }

  become(state: SessionRecord['state']): void {
    this.record = { ...this.record, state };
  }
}

describe('a session in memory', () => {
  let rows: Map<string, SessionRecord>;
  let made: PlayedSession[];
  let sessions: LoadedSessions<PlayedSession>;
  /** What reading from the registry waits for. */
  let reading: Promise<void>;
  let lookups: number;
  let recovery: Promise<void>;
  /** What a session that was just made does beside. */
  let atOnce: (uses: Uses) => void;

  const store = (changes: Partial<SessionRecord> = {}) => {
    const record = sessionRecord({ state: 'hibernated', name: 'demo', ...changes });
    rows.set(record.sessionId, record);
    return record;
  };
  const isLoaded = (sessionId = 'ses-1') => sessions.now(sessionId) !== null;

  beforeEach(() => {
    rows = new Map();
    made = [];
    reading = Promise.resolve();
    recovery = Promise.resolve();
    lookups = 0;
    atOnce = () => {};
    sessions = new LoadedSessions({
      registry: {
        findSession: async (tenant, idOrName) => {
          const found = [...rows.values()].find(
            (row) => row.tenant === tenant && (row.sessionId === idOrName || row.name === idOrName),
          );
          lookups++;
          await reading;
          return found ?? null;
        },
      },
      make: (record, uses) => {
        const session = new PlayedSession(record, uses);
        session.recovered = recovery;
        made.push(session);
        atOnce(uses);
        return session;
      },
    });
  });

  it('is one object for all who ask at the same time, by id and by name', async () => {
    store();
    const held = await Promise.all(
      ['ses-1', 'demo', 'ses-1', 'demo'].map((key) => sessions.hold(tenant, key)),
    );
    expect(made).toHaveLength(1);
    expect(new Set(held.map(({ session }) => session))).toEqual(new Set(made));
    for (const { release } of held.slice(1)) release();
    expect(isLoaded()).toBe(true);
    held[0]!.release();
    expect(isLoaded()).toBe(false);
    expect(made[0]!.gone).toBe(true);
  });

  it('is there while work with it goes on, and whatever became of the work', async () => {
    store();
    const seen = await sessions.using(tenant, 'ses-1', async (session) => {
      expect(isLoaded()).toBe(true);
      return session.record.sessionId;
    });
    expect(seen).toBe('ses-1');
    expect(isLoaded()).toBe(false);
    const failing = sessions.using(tenant, 'ses-1', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(isLoaded()).toBe(false);
  });

  it('stays as long as it is awake, used or not', async () => {
    store();
    const { session, release } = await sessions.hold(tenant, 'ses-1');
    session.become('idle');
    release();
    expect(isLoaded()).toBe(true);
    expect((await sessions.hold(tenant, 'demo')).session).toBe(session);
  });

  it('is let go of when its own work ends, not before, and a release counts once', async () => {
    store();
    const { session, release } = await sessions.hold(tenant, 'ses-1');
    const releaseOwn = session.uses.take();
    release();
    release();
    expect(isLoaded()).toBe(true);
    releaseOwn();
    expect(isLoaded()).toBe(false);
  });

  it('is not let go of when somebody has asked for it again in the meantime', async () => {
    store();
    const first = await sessions.hold(tenant, 'ses-1');
    const second = sessions.hold(tenant, 'ses-1');
    first.release();
    expect(isLoaded()).toBe(true);
    expect((await second).session).toBe(first.session);
    expect(made).toHaveLength(1);
  });

  it('is read anew after it was let go of, by what was stored last', async () => {
    store();
    const late = Promise.withResolvers<void>();
    reading = late.promise;
    // The name is looked up, and the answer is on its way, when another one comes, changes the session and goes.
    const overtaken = sessions.hold(tenant, 'demo');
    await expect.poll(() => lookups).toBe(1);
    reading = Promise.resolve();
    await sessions.using(tenant, 'ses-1', async (session) => {
      session.record = store({ ...session.record, agentSeq: 7 });
    });
    expect(made).toHaveLength(1);
    late.resolve();
    const { session } = await overtaken;
    expect(made).toHaveLength(2);
    expect(session.record.agentSeq).toBe(7);
  });

  it('is not found when it is deleted while it is being read, and leaves nothing behind', async () => {
    store();
    const late = Promise.withResolvers<void>();
    const asked = sessions.hold(tenant, 'demo');
    rows.clear();
    await expect(asked).rejects.toMatchObject({ code: 'session_not_found' });
    expect(made).toEqual([]);
    store();
    reading = late.promise;
    const again = sessions.hold(tenant, 'ses-1');
    late.resolve();
    expect((await again).session).toBe(made[0]);
  });

  it('is not found once it is deleted, even by those who waited for it', async () => {
    store();
    const { session, release } = await sessions.hold(tenant, 'ses-1');
    const waiting = sessions.hold(tenant, 'ses-1');
    session.become('deleted');
    rows.clear();
    await expect(waiting).rejects.toMatchObject({ code: 'session_not_found' });
    sessions.remove(session);
    // A new one may have its name, and even its id would be another object.
    store({ sessionId: 'ses-2' });
    const other = await sessions.hold(tenant, 'demo');
    expect(other.session).not.toBe(session);
    release();
    expect(isLoaded('ses-2')).toBe(true);
  });

  it('is nobody else’s, in memory or not', async () => {
    store();
    const none = { code: 'session_not_found' };
    await expect(sessions.hold('other', 'ses-1')).rejects.toMatchObject(none);
    const { release } = await sessions.hold(tenant, 'ses-1');
    await expect(sessions.hold('other', 'ses-1')).rejects.toMatchObject(none);
    await expect(sessions.viewing('other', 'ses-1', () => 1)).rejects.toMatchObject(none);
    release();
    expect(isLoaded()).toBe(false);
  });

  it('is only looked at without coming into memory', async () => {
    store();
    const look = () => sessions.viewing(tenant, 'demo', (record, session) => ({ record, session }));
    expect(await look()).toEqual({ record: rows.get('ses-1'), session: null });
    expect(made).toEqual([]);
    const { session, release } = await sessions.hold(tenant, 'ses-1');
    session.become('idle');
    expect((await look()).record.state).toBe('idle');
    expect((await look()).session).toBe(session);
    session.become('hibernated');
    const looking = Promise.withResolvers<void>();
    const viewed = sessions.viewing(tenant, 'demo', () => looking.promise);
    await Promise.resolve();
    await Promise.resolve();
    release();
    looking.resolve();
    await viewed;
    expect(isLoaded()).toBe(false);
  });

  it('that cannot be read fails those who ask for it, and is tried again for the next', async () => {
    store();
    const fault = new AppError('registry_unavailable');
    recovery = Promise.reject(fault);
    recovery.catch(() => {});
    const asked = [sessions.hold(tenant, 'ses-1'), sessions.hold(tenant, 'ses-1')];
    for (const one of asked) await expect(one).rejects.toBe(fault);
    recovery = Promise.resolve();
    expect((await sessions.hold(tenant, 'ses-1')).session).toBe(made[1]);
  });

  it('whose reading failed has no second owner while it still writes', async () => {
    store();
    const fault = new AppError('registry_unavailable');
    recovery = Promise.reject(fault);
    recovery.catch(() => {});
    let written = () => {};
    atOnce = (uses) => {
      written = uses.take();
    };
    const asked = sessions.hold(tenant, 'ses-1');
    await expect(asked).rejects.toBe(fault);
    await expect(sessions.hold(tenant, 'ses-1')).rejects.toBe(fault);
    expect(made).toHaveLength(1);
    written();
    recovery = Promise.resolve();
    expect((await sessions.hold(tenant, 'ses-1')).session).toBe(made[1]);
  });

  it('is left when the process ends, and none is loaded any more, not even one that is on its way', async () => {
    store();
    store({ sessionId: 'ses-2', name: 'other' });
    const { session } = await sessions.hold(tenant, 'ses-1');
    const late = Promise.withResolvers<void>();
    const asked = sessions.hold(tenant, 'other');
    reading = late.promise;
    await sessions.leave();
    late.resolve();
    expect(session.left).toBe(true);
    const down = { code: 'shutting_down' };
    await expect(asked).rejects.toMatchObject(down);
    await expect(sessions.hold(tenant, 'ses-2')).rejects.toMatchObject(down);
    expect(() => sessions.add(store({ sessionId: 'ses-3' }), false)).toThrow(AppError);
    expect(made).toEqual([session]);
    expect(await sessions.viewing(tenant, 'ses-2', ({ name }) => name)).toBe('other');
  });
});
