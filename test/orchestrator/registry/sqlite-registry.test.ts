import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { describeSessionRegistry } from '../../contracts/describe-session-registry.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

describeSessionRegistry('SQLite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cellar-registry-'));
  const clock = new FakeClock();
  return {
    open: () => SqliteRegistry.open({ directory, clock }),
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true }),
  };
});
