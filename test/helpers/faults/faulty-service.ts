// The service that dies where it is told to: its process, and the conversation with it about the steps it takes.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service } from '../start-service.ts';
import { serviceLabel, type Trace } from './fault-points.ts';
import type { FromChild, ToChild } from './faulty-main.ts';

const answerMsMax = 10_000;
const settleMsMax = 30_000;
const pollMs = 50;

export class FaultyService extends Service {
  readonly #reached = new Set<string>();
  #listeners = new Set<(message: FromChild) => void>();

  static async make(environment: Readonly<Record<string, string>>): Promise<FaultyService> {
    return new FaultyService(
      await mkdtemp(join(tmpdir(), 'cellar-')),
      environment,
      'test/helpers/faults/faulty-main.ts',
    );
  }

  override async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#reached.clear();
    const started = super.start(environment);
    this.process.on('message', (message: FromChild) => {
      if (message.type === 'reached') this.#reached.add(message.label);
      for (const listener of this.#listeners) listener(message);
    });
    await started;
  }

  /** Starts it to be killed at this step of its start; false when it got past it, and then it runs. */
  async startUntil(target: string): Promise<boolean> {
    try {
      await this.start({ CELLAR_TEST_TARGET: target });
      return false;
    } catch (error) {
      if (this.process.signalCode !== 'SIGKILL') throw error;
      return true;
    }
  }

  /** From now on, what is done for this session is noted, and nothing more is done for it from `target` on. */
  async watch(label: string, target: string | null): Promise<void> {
    this.#reached.delete(label);
    await this.#ask({ type: 'watch', label, target }, 'watching');
  }

  hasReached(label: string): boolean {
    return this.#reached.has(label);
  }

  /** The steps that were taken, once all of the calls have returned and no more come. */
  async settledTrace(label: string = serviceLabel): Promise<readonly string[]> {
    const deadline = performance.now() + settleMsMax;
    for (let before = -1; ; ) {
      const { steps, underWay } = await this.#trace(label);
      if (performance.now() > deadline)
        throw new Error(`${underWay} calls of ${label} do not end, after ${steps.slice(-5)}`);
      if (underWay === 0 && steps.length === before) return steps;
      before = steps.length;
      await new Promise((resume) => setTimeout(resume, pollMs * 3));
    }
  }

  /** How many these have taken together. */
  async stepsTaken(labels: readonly string[]): Promise<number> {
    const traces = await Promise.all(labels.map((label) => this.#trace(label)));
    return traces.reduce((sum, { steps }) => sum + steps.length, 0);
  }

  async #trace(label: string): Promise<Trace> {
    const answer = await this.#ask({ type: 'trace', label }, 'trace');
    return answer as Extract<FromChild, { type: 'trace' }>;
  }

  #ask(question: ToChild, answer: FromChild['type']): Promise<FromChild> {
    const { promise, resolve, reject } = Promise.withResolvers<FromChild>();
    const listener = (message: FromChild) => {
      if (message.type === answer && message.label === question.label) resolve(message);
    };
    this.#listeners.add(listener);
    const timer = setTimeout(() => reject(new Error('the process does not answer')), answerMsMax);
    this.process.send(question);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(listener);
    });
  }
}
