// What is killed and cut off in the chaos test. Each fault is over when the service serves again and has its engine.
import { setTimeout as delay } from 'node:timers/promises';
import type { Cast } from './cast.ts';
import type { FailingService } from './failing-service.ts';
import type { Random } from './random.ts';

export type Stage = {
  readonly service: FailingService;
  readonly cast: Cast;
  readonly random: Random;
};

export type Fault = {
  readonly name: string;
  readonly weight: number;
  strike(stage: Stage): Promise<void>;
};

/** A start of the service is cut off this long after its begin, at most. */
const startMsMax = 1000;
/** How long the engine is away, at most. */
const cutMsMax = 1000;
/** A container is killed this long after the service has come back, at most: while it recovers. */
const recoveryMsMax = 300;

async function killContainers({ service, cast, random }: Stage, count: number): Promise<void> {
  const first = random.below(cast.sessions.length);
  const victims = Array.from(
    { length: Math.min(count, cast.sessions.length) },
    (_, index) => cast.sessions[(first + index) % cast.sessions.length]!,
  );
  await Promise.all(
    victims.map((victim) =>
      service.killContainer(victim.id, () => {
        victim.note('its container is killed');
        victim.model.containerKilled();
      }),
    ),
  );
}

const killService: Fault = {
  name: 'the service is killed',
  weight: 3,
  strike: ({ service }) => service.restart(),
};

const killStarts: Fault = {
  name: 'the service is killed, and again while it starts',
  weight: 3,
  strike: ({ service, random }) => {
    const cutOffMs = Array.from({ length: 2 + random.below(3) }, () => random.below(startMsMax));
    return service.restart(cutOffMs);
  },
};

const killContainer: Fault = {
  name: 'containers are killed',
  weight: 3,
  strike: (stage) => killContainers(stage, 1 + stage.random.below(3)),
};

const killBoth: Fault = {
  name: 'containers and the service are killed at the same time',
  weight: 2,
  async strike(stage) {
    await Promise.all([killContainers(stage, 2), stage.service.restart()]);
  },
};

const killWhileDown: Fault = {
  name: 'containers are killed while the service is down',
  weight: 2,
  strike: (stage) => stage.service.restart([], () => killContainers(stage, 3)),
};

const killWhileRecovering: Fault = {
  name: 'the service is killed, and containers when it has just come back',
  weight: 2,
  async strike(stage) {
    await stage.service.restart();
    await delay(stage.random.below(recoveryMsMax));
    await killContainers(stage, 2);
  },
};

const cutEngine: Fault = {
  name: 'a container is killed while the engine is away',
  weight: 1,
  async strike(stage) {
    stage.cast.engineCut();
    await stage.service.cutEngine();
    await killContainers(stage, 1);
    await delay(stage.random.below(cutMsMax));
    await stage.service.connectEngine();
  },
};

const killWhileCut: Fault = {
  name: 'the service is killed while the engine is away',
  weight: 1,
  async strike(stage) {
    stage.cast.engineCut();
    await stage.service.cutEngine();
    await stage.service.restart();
    await delay(stage.random.below(cutMsMax));
    await stage.service.connectEngine();
  },
};

export const faults: readonly Fault[] = [
  killService,
  killStarts,
  killContainer,
  killBoth,
  killWhileDown,
  killWhileRecovering,
  cutEngine,
  killWhileCut,
];
