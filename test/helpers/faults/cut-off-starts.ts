// Starts of the service after a kill, each killed in its turn at one of the steps of recovery, and then started once more.
import type { FaultyService } from './faulty-service.ts';
import { placesToDie } from './places.ts';

/** Neighbouring starts die far apart. */
const stride = 7;

export class CutOffStarts {
  readonly #service: FaultyService;
  /** Of the first start, which is only watched. */
  #steps: readonly string[] = [];
  #next = 0;
  /** Calls at which a start was cut off. */
  readonly callsCutOff = new Set<string>();

  constructor(service: FaultyService) {
    this.#service = service;
  }

  async start(): Promise<void> {
    if (this.#steps.length === 0) {
      await this.#service.start({ CELLAR_TEST_TARGET: '' });
      this.#steps = spread(placesToDie(await this.#service.settledTrace()));
      return;
    }
    const step = this.#steps[this.#next++ % this.#steps.length]!;
    // Another start has other things to do, and may get past it.
    if (!(await this.#service.startUntil(step))) return;
    this.callsCutOff.add(callOf(step));
    await this.#service.start();
  }
}

/** The first step of each kind of call, and then all others, those of the beginning not before those of the end. */
function spread(steps: readonly string[]): string[] {
  const firsts = steps.filter(
    (step, index) => steps.findIndex((other) => callOf(other) === callOf(step)) === index,
  );
  const rest = steps.filter((step) => !firsts.includes(step));
  const mixed = Array.from({ length: stride }, (_, from) =>
    rest.filter((_step, index) => index % stride === from),
  );
  return [...firsts, ...mixed.flat()];
}

function callOf(step: string): string {
  return step.split('/')[0]!;
}
