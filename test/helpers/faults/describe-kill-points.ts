// The tests of a list of operations: the service is killed at every step that each takes. The steps are found by watching every
// operation once. After each kill the sessions are whole, nothing that was acknowledged is gone, what was not has wholly happened or not at
// all, and nothing is left behind.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectStoreSound } from './aftermath.ts';
import { CutOffStarts } from './cut-off-starts.ts';
import { FaultyService } from './faulty-service.ts';
import { KillRounds } from './kill-rounds.ts';
import type { Operation } from './operation.ts';
import { Subject } from './subject.ts';

/** Sessions that are worked on at the same time: one kill hits each at a step of its own. */
const subjectCount = 10;
/** Names of operations, for working on some of them; all are killed when it is not set. */
const chosen = process.env.KILL_POINTS?.split(',');

export function describeKillPoints(title: string, operations: readonly Operation[]): void {
  let service: FaultyService;

  beforeAll(async () => {
    service = await FaultyService.make({
      // Waiting sandboxes belong to no operation; chaos.test.ts has some.
      CELLAR_POOL_MIN: '0',
      CELLAR_RECONCILE_INTERVAL_MS: '1000',
      CELLAR_ORPHAN_GRACE_MS: '3000',
      CELLAR_SNAPSHOT_CLEANING_MS: '1000',
      // Many sessions recover at once here, and what a busy service refuses is another test's matter.
      CELLAR_LOOP_DELAY_MS_MAX: '60000',
      // One that is stopped while it tries an archive out, or starts a container, is not to hold others up.
      CELLAR_IMPORT_TRIALS_MAX: String(subjectCount),
      CELLAR_STARTS_AT_ONCE_MAX: String(2 * subjectCount),
    });
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
  });

  describe(title, () => {
    it('keeps what it acknowledged, and halves nothing', async () => {
      await service.start();
      const names = Array.from({ length: subjectCount }, (_, index) => `s${index}`);
      const subjects = names.map((name) => new Subject(service, name));
      const starts = new CutOffStarts(service);
      const some = operations.filter(({ name }) => chosen?.includes(name) ?? true);
      const rounds = new KillRounds(service, subjects, starts);
      const { broken, missed } = await rounds.run(some);
      expect(broken).toEqual([]);
      expect(missed).toEqual([]);
      if (!chosen) expect(starts.callsCutOff.size).toBeGreaterThanOrEqual(2);
      await Promise.all(subjects.map((subject) => subject.prepare()));
      await Promise.all(subjects.map((subject) => subject.expectUsable()));
      await service.kill('SIGTERM');
      await expectStoreSound(service);
      expect(service.log).not.toMatch(/a bug|UnhandledPromise|MaxListeners/);
    }, 900_000);
  });
}
