// The service is killed at every step that it takes: before and after each call to registry, engine, agent and snapshot store, and
// each step of the files. The steps are found by watching every operation once. After each kill the sessions are whole, nothing
// that was acknowledged is gone, what was not has wholly happened or not at all, and nothing is left behind.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNothingStray, expectStoreSound } from '../helpers/faults/aftermath.ts';
import { CutOffStarts } from '../helpers/faults/cut-off-starts.ts';
import { FaultyService } from '../helpers/faults/faulty-service.ts';
import { type Attempt, type Operation, operations } from '../helpers/faults/operations.ts';
import { holdsStore, placesToDie, withoutRepeated } from '../helpers/faults/places.ts';
import { Subject } from '../helpers/faults/subject.ts';
import type { Reply } from '../helpers/start-service.ts';

/** Sessions that are worked on at the same time: one kill hits each at a step of its own. */
const subjectCount = 10;
const attemptsMax = 4;
/** Names of operations, for working on some of them; all are killed when it is not set. */
const chosen = process.env.KILL_POINTS?.split(',');
const patience = { timeout: 60_000, interval: 50 };
/** An operation that waits for a lock that a stopped one holds is tried again in another round. */
const blockedMsMax = 4_000;
/** More of them say no more. */
const brokenMax = 10;

type Target = { readonly operation: Operation; readonly step: string; attempts: number };
type Aimed = Target & { readonly attempt: Attempt };

let service: FaultyService;
let subjects: Subject[];
let serial = 0;

beforeAll(async () => {
  service = await FaultyService.make({
    // Waiting sandboxes belong to no operation; chaos.test.ts has some.
    CELLAR_POOL_MIN: '0',
    CELLAR_RECONCILE_INTERVAL_MS: '1000',
    CELLAR_ORPHAN_GRACE_MS: '3000',
    CELLAR_SNAPSHOT_CLEANING_MS: '1000',
  });
  subjects = Array.from({ length: subjectCount }, (_, index) => new Subject(service, `s${index}`));
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

const labelOf = ({ operation, attempt }: { operation: Operation; attempt: Attempt }) =>
  operation.label === 'made' ? attempt.name : attempt.subject.name;

function newAttempt(operation: Operation, subject: Subject): Attempt {
  const name = `${operation.name.replaceAll(' ', '-')}-${++serial}`;
  const label = operation.label === 'made' ? name : subject.name;
  return { service, subject, name, key: `${label}.${serial}` };
}

/** Nothing is done for the session any more when it resolves, so that the next step is the operation's own. */
async function prepared(operation: Operation, subject: Subject): Promise<Attempt> {
  const attempt = newAttempt(operation, subject);
  try {
    await service.watch(subject.name, null);
    await subject.prepare();
    await operation.prepare?.(attempt);
    await service.settledTrace(subject.name);
  } catch (cause) {
    throw new Error(`${attempt.name} on ${subject.name} could not be prepared`, { cause });
  }
  return attempt;
}

/** Runs every operation once, undisturbed; gives the places at which each can be killed. */
async function discover(): Promise<Map<Operation, string[]>> {
  const found = new Map<Operation, string[]>();
  const left = operations.filter(({ name }) => chosen?.includes(name) ?? true);
  const worker = async (subject: Subject) => {
    for (let operation = left.shift(); operation; operation = left.shift()) {
      const attempt = await prepared(operation, subject);
      const label = labelOf({ operation, attempt });
      await service.watch(label, null);
      const reply = await operation.run(attempt);
      expect(reply.status, operation.name).toBeLessThan(300);
      const steps = placesToDie(await service.settledTrace(label));
      expect(steps.length, operation.name).toBeGreaterThanOrEqual(operation.stepsMin);
      found.set(operation, steps);
      await operation.check(attempt, reply);
    }
  };
  await Promise.all(subjects.slice(0, 3).map(worker));
  return found;
}

/** Takes as many as there are subjects from the queue, but one that holds the store at most. */
function nextRound(queue: Target[]): Target[] {
  const round: Target[] = [];
  for (const target of [...queue]) {
    if (round.length === subjectCount) break;
    if (holdsStore(target.step) && round.some(({ step }) => holdsStore(step))) continue;
    round.push(target);
    queue.splice(queue.indexOf(target), 1);
  }
  return round;
}

/** Each target meets a subject that waits for it. Only when all are ready may one of them come to its end: others wait behind it. */
async function aimed(targets: readonly Target[]): Promise<Aimed[]> {
  const all = await Promise.all(
    targets.map(async (target, index) =>
      Object.assign(target, { attempt: await prepared(target.operation, subjects[index]!) }),
    ),
  );
  await Promise.all(all.map((target) => service.watch(labelOf(target), target.step)));
  return all;
}

async function expectPromisesKept({ operation, attempt }: Aimed, reply: Reply | null) {
  await attempt.subject.settles();
  await operation.check(attempt, reply);
  await attempt.subject.setMark(`${attempt.name}-after`);
}

/** Brings each operation to its step, kills the service, and says which steps were reached. */
async function strike(targets: readonly Aimed[]) {
  const runs = targets.map(({ operation, attempt }) => {
    const run = { label: labelOf({ operation, attempt }), reply: null as Reply | null };
    void operation.run(attempt).then(
      (reply) => {
        run.reply = reply;
      },
      () => {},
    );
    return run;
  });
  let waitingSince = performance.now();
  let reached = 0;
  await expect
    .poll(async () => {
      const now = runs.filter(({ label }) => service.hasReached(label)).length;
      if (now > reached) waitingSince = performance.now();
      reached = now;
      return now === runs.length || performance.now() - waitingSince > blockedMsMax;
    }, patience)
    .toBe(true);
  const outcomes = runs.map(({ label, reply }) => ({ reached: service.hasReached(label), reply }));
  await service.kill('SIGKILL');
  return outcomes;
}

describe('a service that is killed', () => {
  it('at any step of any operation keeps what it acknowledged, and halves nothing', async () => {
    await service.start();
    const places = withoutRepeated(await discover());
    const queue = interleaved(
      [...places].map(([operation, steps]) =>
        steps.map((step): Target => ({ operation, step, attempts: 0 })),
      ),
    );
    const starts = new CutOffStarts(service);
    const missed: string[] = [];
    const broken: string[] = [];
    while (queue.length > 0 && broken.length < brokenMax) {
      const round = await aimed(nextRound(queue));
      const outcomes = await strike(round);
      await starts.start();
      await Promise.all(
        round.map(async (target, index) => {
          const { reached, reply } = outcomes[index]!;
          const { operation, step } = target;
          if (!reached && ++target.attempts < attemptsMax) queue.push(target);
          else if (!reached) missed.push(`${operation.name} ${step}`);
          await expectPromisesKept(target, reply).catch(async (error: Error) => {
            broken.push(`${operation.name}, killed at ${step}: ${error.stack}`);
            await target.attempt.subject.request('DELETE', '?force=true');
          });
        }),
      );
      await expectNothingStray(service).catch((error: Error) =>
        broken.push(`${round.map(({ operation, step }) => `${operation.name} ${step}`)}: ${error}`),
      );
    }
    expect(broken).toEqual([]);
    expect(missed).toEqual([]);
    if (!chosen) expect(starts.callsCutOff.size).toBeGreaterThanOrEqual(2);
    await Promise.all(subjects.map((subject) => subject.prepare()));
    await Promise.all(subjects.map((subject) => subject.expectUsable()));
    await service.kill('SIGTERM');
    await expectStoreSound(service);
    expect(service.log).not.toMatch(/a bug|UnhandledPromise|MaxListeners/);
  }, 600_000);
});

/** One of each list in turn, so that a round has operations of all kinds. */
function interleaved<Item>(lists: readonly Item[][]): Item[] {
  const all: Item[] = [];
  for (let index = 0; lists.some((list) => index < list.length); index++)
    for (const list of lists) all.push(...list.slice(index, index + 1));
  return all;
}
