// Rounds of kills until each operation has died at each of its steps. One kill hits many sessions, each stopped at a step of its own: what
// is done for one session does not depend on the others, and starting the service is what costs time.
import { expect } from 'vitest';
import type { Reply } from '../start-service.ts';
import { expectNothingStray } from './aftermath.ts';
import type { CutOffStarts } from './cut-off-starts.ts';
import type { FaultyService } from './faulty-service.ts';
import type { Attempt, Operation } from './operation.ts';
import { holdsStore, placesToDie, withoutRepeated } from './places.ts';
import type { Subject } from './subject.ts';

const attemptsMax = 4;
const patience = { timeout: 90_000, interval: 100 };
/** When none takes a step for so long, those that are left wait for a lock that a stopped one holds: they are tried again in another round. */
const blockedMsMax = 5_000;
/** More of them say no more. */
const brokenMax = 10;
/** Operations that are watched at the same time. */
const watchedAtOnce = 3;

type Target = { readonly operation: Operation; readonly step: string; attempts: number };
type Aimed = Target & { readonly attempt: Attempt };
type Outcome = { readonly reached: boolean; readonly reply: Reply | null };

export class KillRounds {
  readonly #service: FaultyService;
  readonly #subjects: readonly Subject[];
  readonly #starts: CutOffStarts;
  /** Promises that were not kept: where, and how. */
  readonly #broken: string[] = [];
  /** Steps at which no operation could be stopped. */
  readonly #missed: string[] = [];
  #serial = 0;

  /** The service runs; each subject is hit once a round. */
  constructor(service: FaultyService, subjects: readonly Subject[], starts: CutOffStarts) {
    this.#service = service;
    this.#subjects = subjects;
    this.#starts = starts;
  }

  async run(
    operations: readonly Operation[],
  ): Promise<{ broken: readonly string[]; missed: readonly string[] }> {
    const places = withoutRepeated(await this.#discover(operations));
    const targets = [...places].map(([operation, steps]) =>
      steps.map((step): Target => ({ operation, step, attempts: 0 })),
    );
    const queue = interleaved(targets);
    while (queue.length > 0 && this.#broken.length < brokenMax) {
      const round = await this.#aimed(this.#next(queue));
      const outcomes = await this.#strike(round);
      await this.#starts.start();
      await Promise.all(round.map((target, index) => this.#judge(target, outcomes[index]!, queue)));
      await expectNothingStray(this.#service).catch((error: Error) =>
        this.#broken.push(
          `${round.map(({ operation, step }) => `${operation.name} ${step}`)}: ${error}`,
        ),
      );
    }
    return { broken: this.#broken, missed: this.#missed };
  }

  /** Runs every operation once, undisturbed; gives the places at which each can be killed. */
  async #discover(operations: readonly Operation[]): Promise<Map<Operation, string[]>> {
    const found = new Map<Operation, string[]>();
    const left = [...operations];
    const worker = async (subject: Subject) => {
      for (let operation = left.shift(); operation; operation = left.shift()) {
        const attempt = await this.#prepared(operation, subject);
        const label = labelOf({ operation, attempt });
        await this.#service.watch(label, null);
        const reply = await operation.run(attempt);
        expect(reply.status, operation.name).toBeLessThan(300);
        await operation.ends?.(attempt);
        const steps = placesToDie(await this.#service.settledTrace(label));
        expect(steps.length, operation.name).toBeGreaterThanOrEqual(operation.stepsMin);
        found.set(operation, steps);
        await operation.check(attempt, reply);
      }
    };
    await Promise.all(this.#subjects.slice(0, watchedAtOnce).map(worker));
    return found;
  }

  #newAttempt(operation: Operation, subject: Subject): Attempt {
    const serial = ++this.#serial;
    const name = `${operation.name.replaceAll(/\W+/g, '-')}-${serial}`;
    const label = operation.label === 'made' ? name : subject.name;
    return { service: this.#service, subject, name, key: `${label}.${serial}` };
  }

  /** Nothing is done for the session any more when it resolves, so that the next step is the operation's own. */
  async #prepared(operation: Operation, subject: Subject): Promise<Attempt> {
    const attempt = this.#newAttempt(operation, subject);
    try {
      await this.#service.watch(subject.name, null);
      await subject.prepare();
      await operation.prepare?.(attempt);
      await this.#service.settledTrace(subject.name);
    } catch (cause) {
      throw new Error(`${attempt.name} on ${subject.name} could not be prepared`, { cause });
    }
    return attempt;
  }

  /** Takes as many as there are subjects from the queue, but one that holds the store at most. */
  #next(queue: Target[]): Target[] {
    const round: Target[] = [];
    for (const target of [...queue]) {
      if (round.length === this.#subjects.length) break;
      if (holdsStore(target.step) && round.some(({ step }) => holdsStore(step))) continue;
      round.push(target);
      queue.splice(queue.indexOf(target), 1);
    }
    return round;
  }

  /** Each target meets a subject that waits for it. Only when all are ready may one of them come to its end: others wait behind it. */
  async #aimed(targets: readonly Target[]): Promise<Aimed[]> {
    const all = await Promise.all(
      targets.map(async (target, index) =>
        Object.assign(target, {
          attempt: await this.#prepared(target.operation, this.#subjects[index]!),
        }),
      ),
    );
    await Promise.all(all.map((target) => this.#service.watch(labelOf(target), target.step)));
    return all;
  }

  /** Brings each operation to its step, kills the service, and says which steps were reached. */
  async #strike(targets: readonly Aimed[]): Promise<Outcome[]> {
    const service = this.#service;
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
    let taken = 0;
    await expect
      .poll(async () => {
        if (runs.every(({ label }) => service.hasReached(label))) return true;
        const now = await service.stepsTaken(runs.map(({ label }) => label));
        if (now > taken) waitingSince = performance.now();
        taken = now;
        return performance.now() - waitingSince > blockedMsMax;
      }, patience)
      .toBe(true);
    const outcomes = runs.map(({ label, reply }) => ({
      reached: service.hasReached(label),
      reply,
    }));
    await service.kill('SIGKILL');
    await Promise.all(targets.map(({ operation, attempt }) => operation.alsoDies?.(attempt)));
    return outcomes;
  }

  async #judge(target: Aimed, { reached, reply }: Outcome, queue: Target[]): Promise<void> {
    const { operation, step, attempt } = target;
    const { subject } = attempt;
    if (!reached && ++target.attempts < attemptsMax) queue.push(target);
    else if (!reached) this.#missed.push(`${operation.name} ${step}`);
    try {
      await subject.settles();
      await operation.check(attempt, reply);
      await subject.setMark(`${attempt.name}-after`);
    } catch (error) {
      this.#broken.push(`${operation.name}, killed at ${step}: ${(error as Error).stack}`);
      await subject.request('DELETE', '?force=true');
    }
  }
}

function labelOf({ operation, attempt }: { operation: Operation; attempt: Attempt }): string {
  return operation.label === 'made' ? attempt.name : attempt.subject.name;
}

/** One of each list in turn, so that a round has operations of all kinds. */
function interleaved<Item>(lists: readonly Item[][]): Item[] {
  const all: Item[] = [];
  for (let index = 0; lists.some((list) => index < list.length); index++)
    for (const list of lists) all.push(...list.slice(index, index + 1));
  return all;
}
