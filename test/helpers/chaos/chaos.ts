// Sessions at work while the service, containers and the engine fail at random moments. In each round there are several faults; after it
// every session shows that what it acknowledged is there. The seed says who does what and what fails when; the machine's own timing
// says what exactly is hit, so a failure may take a few runs of its seed to come back.

import { setTimeout as delay } from 'node:timers/promises';
import { expectNothingLeft, expectOwnUids } from './belongings.ts';
import { Cast, policies } from './cast.ts';
import type { ChaosSession } from './chaos-session.ts';
import { FailingService } from './failing-service.ts';
import { faults } from './faults.ts';
import { operations } from './operations.ts';
import { Random } from './random.ts';
import { BrokenPromise } from './session-model.ts';

export type ChaosOptions = {
  readonly seed: number;
  /** SIGKILLs, of the service and of containers, before it ends. */
  readonly kills: number;
  /** Told of each round. */
  readonly progress: (text: string) => void;
  /** Ends it, after what is under way; what it has started goes. */
  readonly signal: AbortSignal;
};

const killsPerRound = 12;
/** Between two faults, at most: some come close together, others leave time for what takes longer. */
const momentsMsMax = [50, 300, 1000];
/** Of each session in a round, at least. */
const operationsMin = 2;
const answersRepeated = 6;

export type ChaosReport = {
  readonly kills: number;
  readonly operations: ReadonlyMap<string, number>;
};

/** Throws an error that names seed, round, faults and the promise that was broken. */
export async function chaos({ seed, kills, progress, signal }: ChaosOptions): Promise<ChaosReport> {
  await using service = await FailingService.start();
  const random = new Random(seed);
  const cast = new Cast(service);
  const played = new Map<string, number>();
  const struck: string[] = [];
  let round = 0;
  try {
    for (const policy of policies) await cast.add(policy);
    while (service.kills < kills) {
      round++;
      struck.length = 0;
      await playRound({ service, cast, random, struck, played, signal });
      progress(`seed ${seed}, round ${round}: ${service.kills} kills; ${struck.join('; ')}`);
    }
    for (const session of [...cast.sessions]) await told(session, () => cast.remove(session));
    await expectNothingLeft(service.service);
    return { kills: service.kills, operations: played };
  } catch (error) {
    const where = `seed ${seed}, round ${round}, after: ${struck.join('; ') || 'no fault'}`;
    throw new Error(`${where}\n${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

type Round = {
  readonly service: FailingService;
  readonly cast: Cast;
  readonly random: Random;
  /** Faults of this round. */
  readonly struck: string[];
  readonly played: Map<string, number>;
  readonly signal: AbortSignal;
};

async function playRound({ service, cast, random, struck, played, signal }: Round): Promise<void> {
  const phase = { struck: false, broken: false };
  const act = async (session: ChaosSession, own: Random) => {
    const scene = { cast, session, random: own };
    for (let count = 0; count < operationsMin || !phase.struck; count++) {
      if (phase.broken || signal.aborted) return;
      const operation = own.weighted(operations);
      scene.session.note(operation.name);
      await told(scene.session, () => operation.play(scene));
      played.set(operation.name, (played.get(operation.name) ?? 0) + 1);
    }
  };
  const strikes = async () => {
    const killsMin = service.kills + killsPerRound;
    while (service.kills < killsMin && !phase.broken && !signal.aborted) {
      const fault = random.weighted(faults);
      await delay(random.below(random.pick(momentsMsMax)));
      struck.push(fault.name);
      await fault.strike({ service, cast, random: random.branch() });
    }
    phase.struck = true;
  };
  // A broken promise ends the round, but not in the middle of a fault.
  await allOf([strikes(), ...cast.sessions.map((session) => act(session, random.branch()))], () => {
    phase.broken = true;
  });
  signal.throwIfAborted();
  cast.engineBack();
  await allOf(
    cast.sessions.map((session) => {
      const own = random.branch();
      return told(session, () => expectPromisesKept(session, own));
    }),
  );
  await expectOwnUids(service.service);
}

/** Waits for all of them, even when one fails; then throws what failed first. */
async function allOf(works: readonly Promise<void>[], failed = () => {}): Promise<void> {
  const errors: unknown[] = [];
  await Promise.all(
    works.map((work) =>
      work.catch((error: unknown) => {
        failed();
        errors.push(error);
      }),
    ),
  );
  if (errors.length > 0) throw errors[0];
}

async function expectPromisesKept(session: ChaosSession, random: Random): Promise<void> {
  await session.follow();
  await session.read('after the faults');
  session.model.settled();
  await session.expectVersionsKept();
  await session.expectAnswersKept(answersRepeated, random);
}

/** What goes wrong is told with the session's name and what was asked of it before. */
async function told(session: ChaosSession, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const journal = session.journal.map((line) => `\n    ${line}`).join('');
    throw new BrokenPromise(`session ${session.name}: ${text}\n  what it did before:${journal}`, {
      cause,
    });
  }
}
