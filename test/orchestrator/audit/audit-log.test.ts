// What the audit log writes, and what it does when it cannot.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followChain } from '../../../src/orchestrator/audit/audit-chain.ts';
import { AuditLog } from '../../../src/orchestrator/audit/audit-log.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import type { ServiceEvent } from '../../../src/orchestrator/foundation/observe.ts';
import type { AuditRegistry } from '../../../src/orchestrator/registry/audit-registry.ts';
import { readAudit } from '../../../src/orchestrator/registry/sqlite/read-audit.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { auditEvent } from '../../helpers/records.ts';

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;

const patience = { timeout: 20_000 };

let directory: string;
let clock: FakeClock;
let registry: SqliteRegistry;
let audit: AuditLog;
let events: ServiceEvent[];
beforeEach(async () => {
  events = [];
  directory = await mkdtemp(join(tmpdir(), 'cellar-audit-'));
  clock = new FakeClock();
  registry = await SqliteRegistry.open({ directory, clock });
  audit = await open();
});
afterEach(async () => {
  await audit[Symbol.asyncDispose]();
  await registry.close();
  await rm(directory, { recursive: true });
});

async function open(port: AuditRegistry = registry.audit, recordsMax = 1e6): Promise<AuditLog> {
  const log = new AuditLog({
    registry: port,
    observe: (event) => void events.push(event),
    clock,
    log: createLog('silent'),
    keepMs: 30 * dayMs,
    recordsMax,
  });
  await log.open();
  return log;
}

const stored = () => [...readAudit(directory)];
const targets = () => stored().map(({ target }) => target);
const known = (target: string) => auditEvent({ target });
const stranger = (target: string) => auditEvent({ target, tenant: null, keyId: null, role: null });

describe('the audit log', () => {
  it('looks each hour whether its newest records are those that it wrote', async () => {
    const looks = () =>
      events.flatMap((event) => (event.type === 'auditChecked' ? [event.whole] : []));
    const look = async () => {
      const before = looks().length;
      await expect
        .poll(() => {
          clock.advance(hourMs);
          return looks().length;
        }, patience)
        .toBeGreaterThan(before);
      return looks().at(-1);
    };
    for (const target of ['/a', '/b', '/c']) audit.note(known(target));
    await expect.poll(targets, patience).toHaveLength(3);
    expect(events).toContainEqual({ type: 'auditWritten', count: 3 });
    expect(await look()).toBe(true);
    const database = new DatabaseSync(join(directory, 'registry.db'));
    database.exec('DROP TRIGGER auditUnchanged; DROP TRIGGER auditWhole');
    database.exec("UPDATE audit SET target = '/other' WHERE seq = 2");
    expect(await look()).toBe(false);
    database.exec("UPDATE audit SET target = '/b' WHERE seq = 2");
    expect(await look()).toBe(true);
    // A chain that is whole, and is not the one that was written.
    database.exec('DELETE FROM audit WHERE seq = 3');
    database.close();
    expect(await look()).toBe(false);
  });

  it('is one chain over all that is noted, also by the next process', async () => {
    audit.note(known('/a'));
    audit.note(known('/b'));
    await expect.poll(targets, patience).toEqual(['/a', '/b']);
    await audit[Symbol.asyncDispose]();
    audit = await open();
    audit.note(known('/c'));
    await expect.poll(targets, patience).toEqual(['/a', '/b', '/c']);
    expect(followChain(stored())).toMatchObject({ count: 3, end: { seq: 3 } });
  });

  it('writes what waits when the service stops', async () => {
    audit.note(known('/last'));
    await audit[Symbol.asyncDispose]();
    expect(targets()).toEqual(['/last']);
  });

  it('writes later what the registry does not take now, in its order', async () => {
    const works = await openFailing();
    audit.note(known('/a'));
    await new Promise(setImmediate);
    audit.note(known('/b'));
    await new Promise(setImmediate);
    expect(targets()).toEqual([]);
    works();
    await expect
      .poll(() => {
        clock.advance(1_000);
        return targets();
      }, patience)
      .toEqual(['/a', '/b']);
    expect(followChain(stored())).toMatchObject({ count: 2 });
  });

  it('says how much is missing when it could not be written for long', async () => {
    const works = await openFailing();
    for (let i = 0; i < 10_005; i++) audit.note(known(`/${i}`));
    await new Promise(setImmediate);
    works();
    await expect
      .poll(() => {
        clock.advance(1_000);
        return stored().at(-1);
      }, patience)
      .toMatchObject({ action: 'audit.dropped', target: '5 events' });
    expect(followChain(stored())).toMatchObject({ count: 10_001 });
  });

  it('is not filled by those who have no key: they are counted', async () => {
    for (let i = 0; i < 500; i++) audit.note(stranger(`/${i}`));
    audit.note(known('/known'));
    await expect.poll(() => targets().at(-1), patience).toBe('/known');
    expect(targets()).toHaveLength(121);
    clock.advance(60_000);
    audit.note(stranger('/later'));
    await expect
      .poll(() => targets().slice(-2), patience)
      .toEqual(['380 requests without a key', '/later']);
  });

  it('lets go of what is older than it keeps, from the beginning on', async () => {
    for (let i = 0; i < 700; i++) audit.note(known(`/${i}`));
    await expect.poll(() => targets().length, patience).toBe(700);
    clock.advance(20 * dayMs);
    audit.note(known('/young'));
    await expect.poll(() => targets().length, patience).toBe(701);
    await expect
      .poll(() => {
        clock.advance(dayMs);
        return targets();
      }, patience)
      .toEqual(['/young']);
    expect(followChain(stored())).toMatchObject({ count: 1, end: { seq: 701 } });
    // The newest one stays, whatever its age: the chain goes on from it.
    for (let day = 0; day < 60; day++) {
      clock.advance(dayMs);
      await new Promise(setImmediate);
    }
    expect(targets()).toEqual(['/young']);
  });

  it('has what is noted while something is written, and right after it', async () => {
    const written = Promise.withResolvers<void>();
    const comesLater: Record<string, string> = { '/a': '/b', '/b': '/c' };
    audit = await open({
      ...bound(registry.audit),
      append: async (records) => {
        const next = comesLater[records.at(-1)!.target];
        if (next === '/b') audit.note(known(next));
        await written.promise;
        await registry.audit.append(records);
        // Before whoever has written goes on.
        if (next === '/c') queueMicrotask(() => audit.note(known(next)));
      },
    });
    audit.note(known('/a'));
    await new Promise(setImmediate);
    written.resolve();
    await expect.poll(targets, patience).toEqual(['/a', '/b', '/c']);
  });

  it('keeps no more records than it may, the newest ones', async () => {
    audit = await open(registry.audit, 100);
    for (let i = 0; i < 10_000; i++) audit.note(known(`/${i}`));
    await expect
      .poll(() => {
        clock.advance(1);
        return targets().length;
      }, patience)
      .toBe(100);
    expect(targets().at(-1)).toBe('/9999');
    expect(followChain(stored())).toMatchObject({ count: 100, end: { seq: 10_000 } });
  });

  it('cannot be changed by a slip of whoever works on the file', async () => {
    for (const target of ['/a', '/b', '/c']) audit.note(known(target));
    await expect.poll(targets, patience).toEqual(['/a', '/b', '/c']);
    using database = new DatabaseSync(join(directory, 'registry.db'));
    expect(() => database.exec("update audit set target = '/x' where seq = 2")).toThrow(
      'does not change',
    );
    expect(() => database.exec('delete from audit where seq = 2')).toThrow('from its beginning');
  });
});

/** Nothing can be written until the result is called. */
async function openFailing(): Promise<() => void> {
  let isFailing = true;
  audit = await open({
    ...bound(registry.audit),
    append: async (records) => {
      if (isFailing) throw new AppError('registry_unavailable');
      await registry.audit.append(records);
    },
  });
  return () => {
    isFailing = false;
  };
}

function bound(port: AuditRegistry): AuditRegistry {
  return {
    last: () => port.last(),
    newest: (limit) => port.newest(limit),
    append: (records) => port.append(records),
    list: (filter, before, limit) => port.list(filter, before, limit),
    removeBefore: (bound, limit) => port.removeBefore(bound, limit),
  };
}
