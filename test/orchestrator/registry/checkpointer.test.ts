import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Checkpointer } from '../../../src/orchestrator/registry/sqlite/checkpointer.ts';
import {
  type OpenedDatabase,
  openDatabase,
} from '../../../src/orchestrator/registry/sqlite/open-database.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

describe('the checkpointer', () => {
  let directory: string;
  let opened: OpenedDatabase;
  let clock: FakeClock;
  let checkpointer: Checkpointer;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cellar-registry-'));
    opened = await openDatabase(directory);
    clock = new FakeClock();
    checkpointer = new Checkpointer({
      ...opened,
      clock,
      bounds: { commitsMax: 20, waitMsMax: 1000, framesMax: 200 },
    });
  });
  afterEach(async () => {
    await checkpointer.close();
    await opened.durability.close();
    opened.database.close();
    opened.lock[Symbol.dispose]();
    await rm(directory, { recursive: true });
  });

  function commit(name: string, value = 'x'.repeat(3000)): void {
    opened.database.transaction(() => opened.database.insert('fact', { name, value }));
    checkpointer.committed();
  }

  const fileBytes = async () => (await stat(opened.path)).size;
  /** How often the log was begun: a field of its header, https://sqlite.org/fileformat2.html#walformat. */
  function logNumber(): number {
    return readFileSync(`${opened.path}-wal`).readUInt32BE(12);
  }

  const eventually = { timeout: 20_000 };

  it('copies the log after so many commits', async () => {
    const before = await fileBytes();
    for (let i = 0; i < 19; i++) commit(`${i}`);
    expect(await fileBytes()).toBe(before);
    commit('last');
    await vi.waitFor(
      async () => expect(await fileBytes()).toBeGreaterThan(before + 19 * 3000),
      eventually,
    );
  });

  it('copies the log when a commit has waited long enough', async () => {
    const before = await fileBytes();
    for (let i = 0; i < 5; i++) commit(`${i}`);
    clock.advance(1000);
    await vi.waitFor(async () => expect(await fileBytes()).toBeGreaterThan(before), eventually);
    expect(clock.pending).toBe(0);
  });

  it('starts the log anew while somebody writes without a pause', async () => {
    const first = logNumber();
    for (let commits = 0; commits % 100 > 0 || logNumber() < first + 2; commits++) {
      expect(commits).toBeLessThan(5_000);
      commit(`${commits}`);
      await nextTurn();
    }
  });
});
