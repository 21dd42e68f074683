// However many sessions are stored: no question about them reads them all, and none sorts whole rows.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SessionFilter } from '../../../src/orchestrator/registry/session-registry.ts';
import { Database } from '../../../src/orchestrator/registry/sqlite/database.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

let directory: string;
let registry: SqliteRegistry;
let asked: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cellar-plans-'));
  registry = await SqliteRegistry.open({ directory, clock: new FakeClock() });
  asked = [];
  const all = Database.prototype.all;
  vi.spyOn(Database.prototype, 'all').mockImplementation(function (this: Database, query) {
    asked.push(query.compile().sql);
    return all.call(this, query);
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await registry.close();
  await rm(directory, { recursive: true });
});

/** How SQLite answers what was asked, a line for each step. */
function plans(): string[] {
  using connection = new DatabaseSync(join(directory, 'registry.db'), { readOnly: true });
  return asked.flatMap((sql) =>
    connection
      .prepare(`explain query plan ${sql}`)
      .all()
      .map(({ detail }) => String(detail)),
  );
}

it.each<[string, SessionFilter]>([
  ['all', {}],
  ['one state that is dormant', { state: 'hibernated' }],
  ['one state that failed', { state: 'failed' }],
  ['one state that is not', { state: 'idle' }],
  ['a name', { name: 'demo' }],
  ['a pattern of names', { name: 'demo*' }],
  ['a language', { language: 'anarchy' }],
  ['labels', { labels: { team: 'red', stage: 'p*' } }],
])('sessions are listed and counted by an index: %s', async (_, filter) => {
  await registry.listSessions('default', filter, { limit: 50, offset: 100 });
  expect(asked).toHaveLength(2);
  for (const step of plans())
    expect(step).toMatch(/^(SEARCH (session|label) USING |LIST SUBQUERY|CREATE BLOOM FILTER)/);
});

it('the start asks for few sessions, by indexes that hold no others', async () => {
  await registry.sessionsToRecover();
  await registry.sandboxes();
  expect(plans()).toEqual([
    'SCAN session USING INDEX sessionWithSandbox',
    'SCAN session USING INDEX sessionToRecover',
    'SCAN session USING INDEX sessionIncomplete',
    'SCAN session USING INDEX sessionWithSandbox',
  ]);
  asked = [];
  await registry.countSessions();
  expect(plans()).toEqual(['SCAN session USING COVERING INDEX sessionByAge']);
});

it('counting all, or those of a language or name, reads no rows', async () => {
  for (const filter of [{}, { language: 'x' }, { name: 'x*' }, { state: 'hibernated' }] as const)
    await registry.listSessions('default', filter, { limit: 1, offset: 0 });
  asked = asked.filter((sql) => sql.includes('count('));
  expect(asked).toHaveLength(4);
  for (const step of plans()) expect(step).toContain('COVERING INDEX');
});

it('questions for what was used read what they tell, and nothing beside it', async () => {
  const { usage } = registry;
  const owner = { tenant: 'default', sessionId: 'ses-1' };
  const span = { from: 0, to: 1 };
  await usage.tenants('', 10);
  await usage.sessions('default', '', 10);
  await usage.hours(owner, span);
  await usage.total(owner);
  await usage.storage(owner, span);
  await usage.sessionNames(['ses-1', 'ses-2']);
  expect(asked.length).toBeGreaterThan(8);
  for (const step of plans()) expect(step).toMatch(/^SEARCH \w+ USING /);
});
