// When space of removed snapshots is looked for: not at the start, then again and again until the service stops.
import { expect, it } from 'vitest';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { SnapshotCleaner } from '../../../src/orchestrator/sessions/snapshot-cleaner.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

it('cleans once every interval, whatever became of the time before, and not after its end', async () => {
  const clock = new FakeClock();
  let rounds = 0;
  let sweeps = 0;
  const retention = {
    sweep: async () => {
      sweeps++;
      if (sweeps === 1) throw new Error('the registry is away');
      return 0;
    },
  };
  const store = {
    collect: async () => {
      rounds++;
      if (rounds === 1) throw new Error('the disk is away');
      return { filesRemoved: 0, bytesFreed: 0, damaged: [] };
    },
  };
  const options = {
    retention,
    store,
    clock,
    log: createLog('silent'),
    intervalMs: 1000,
    graceMs: 0,
  };
  const cleaner = new SnapshotCleaner(options);
  cleaner.start();
  clock.advance(999);
  expect(rounds).toBe(0);
  clock.advance(1);
  await expect.poll(() => rounds).toBe(1);
  await expect.poll(() => clock.pending).toBe(1);
  clock.advance(1000);
  await expect.poll(() => rounds).toBe(2);
  expect(sweeps).toBe(2);
  await expect.poll(() => clock.pending).toBe(1);
  await cleaner[Symbol.asyncDispose]();
  clock.advance(10_000);
  expect(rounds).toBe(2);
});
